//! What a program takes: time, processor time, memory, instructions.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// Where builds are kept.
pub const CACHES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/caches");

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub wall: Duration,
    /// In user and in system mode, of all threads.
    pub cpu: Duration,
    /// The most memory, in bytes; none where it was not asked for.
    pub peak: u64,
}

/// Runs `program` with `words` in `folder`, its output written to the file `output`, and fails unless it ends with `code`.
///
/// A program that is started counts as having had the memory of the one that starts it. So another process of this one, which
/// holds nothing, does it and tells the cost.
pub fn run((program, words): (&str, &[&str]), folder: &Path, code: i32, output: &Path) -> Cost {
    let mut starter = this_program();
    told(starter.arg("start").arg(code.to_string()).arg(output).arg(program).args(words).current_dir(folder))
}

/// What that process does.
pub fn start(code: &str, output: &str, program: &str, words: &[&str]) {
    let file = File::create(output).expect("a file can be made");
    let mut command = Command::new(program);
    command.env("XDG_CACHE_HOME", CACHES).args(words).stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
    let begin = Instant::now();
    let used = command.spawn().and_then(|child| child.wait4()).expect("the program runs");
    let wall = begin.elapsed();
    assert!(
        used.status.code().is_some_and(|found| found.to_string() == code),
        "{command:?} ended with {}",
        used.status
    );
    let cpu = used.rusage.utime + used.rusage.stime;
    println!("{} {} {}", wall.as_nanos(), cpu.as_nanos(), used.rusage.maxrss);
}

/// Runs `command` and reads the cost from the one line that it prints: nanoseconds, nanoseconds of the processor and, where it
/// is known, bytes of memory.
pub fn told(command: &mut Command) -> Cost {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("a line of numbers");
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [wall, cpu, rest @ ..] = numbers.as_slice() else { panic!("two numbers at least") };
    let peak = rest.first().copied().unwrap_or_default();
    Cost { wall: Duration::from_nanos(*wall), cpu: Duration::from_nanos(*cpu), peak }
}

/// This program, to be started anew.
pub fn this_program() -> Command {
    Command::new(std::env::current_exe().expect("this program has a path"))
}

/// How long this thread was on a processor so far.
pub fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// Whether instructions can be counted here.
pub fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// How many instructions `program` takes with `args` in `folder`. The same on every machine with this binary, but for what
/// the C library chooses by the processor.
pub fn instructions(program: &str, args: &[&str], folder: &Path) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", program])
        .args(args)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", CACHES)
        // How often a thread looks for work depends on the machine.
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {text}");
    let line = text.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind says what it collected");
    line.1.trim().parse().expect("a number of instructions")
}

/// The one in the middle.
pub fn median(costs: &[Cost]) -> Cost {
    let middle = |of: fn(&Cost) -> Duration| {
        let mut all: Vec<Duration> = costs.iter().map(of).collect();
        all.sort();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    let peak = costs.iter().map(|cost| cost.peak).max().unwrap_or(0);
    Cost { wall: middle(|cost| cost.wall), cpu: middle(|cost| cost.cpu), peak }
}
