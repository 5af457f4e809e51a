//! What nothing can be faster than: programs that only write, or only read, the files of a build.
//!
//! Each is a process of its own, as fleetc is. It prints what it took itself, so that what it needs to begin (the bytes that
//! it is to write) does not count.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::measure::on_processor;

/// Writes the files below `from` to `to`, which is not there yet.
pub fn write(from: &Path, to: &Path) {
    let files: Vec<(PathBuf, Vec<u8>)> = files(from)
        .into_iter()
        .map(|path| (to.join(path.strip_prefix(from).expect("below it")), fs::read(&path).expect("a file")))
        .collect();
    timed(|| {
        let mut made = PathBuf::new();
        for (path, bytes) in &files {
            let folder = path.parent().expect("a folder");
            if made != folder {
                fs::create_dir_all(folder).expect("a folder can be made");
                made = folder.to_path_buf();
            }
            fs::write(path, bytes).expect("a file can be written");
        }
    });
}

/// Reads the files below `from`.
pub fn read(from: &Path) {
    let files = files(from);
    timed(|| {
        for path in &files {
            std::hint::black_box(fs::read(path).expect("a file"));
        }
    });
}

/// Writes what is in the file `from` to the file `to`, as a program does whose output goes to a file.
pub fn stream(from: &Path, to: &Path) {
    let bytes = fs::read(from).expect("a file");
    timed(|| fs::write(to, &bytes).expect("a file can be written"));
}

fn timed(work: impl FnOnce()) {
    let (start, processor) = (Instant::now(), on_processor());
    work();
    let (wall, cpu) = (start.elapsed(), on_processor() - processor);
    let number = |time: Duration| time.as_nanos();
    writeln!(io::stdout(), "{} {}", number(wall), number(cpu)).expect("somebody reads it");
}

/// All files below `folder`, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let is_folder = entry.file_type().expect("a type").is_dir();
            if is_folder { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}
