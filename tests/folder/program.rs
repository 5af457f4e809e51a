//! Runs the program in a folder, and says what it is to do there.

#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::folder::Folder;

/// One run of `fleetc`, before it is made.
pub struct Program {
    command: Command,
    shown: String,
}

impl Folder {
    /// `fleetc` with these arguments, started in this folder.
    pub fn fleetc(&self, arguments: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        // Nothing of the machine that runs the tests may matter.
        command.env_clear();
        Program { command, shown: format!("fleetc {}", arguments.join(" ")) }
    }
}

impl Program {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn started_in(mut self, folder: PathBuf) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// With a text on stdin.
    pub fn reads(mut self, text: &str) -> Self {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        self.command.stdin(file);
        self
    }

    /// With something else than a pipe as stdout.
    pub fn stdout_to(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    /// Runs it, whatever its exit code.
    pub fn output(mut self) -> Ran {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { shown: self.shown, code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Runs it and checks the exit code.
    pub fn exits_with(mut self, code: i32) -> Ran {
        let child = self.command.stderr(Stdio::piped());
        let Output { status, stdout, stderr } = child.spawn().unwrap().wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { shown: self.shown, code: status.code(), stdout: text(stdout), stderr: text(stderr) };
        assert_eq!(ran.code, Some(code), "{}", ran.all());
        ran
    }

    /// The same with a pipe as stdout.
    pub fn ends_with(mut self, code: i32) -> Ran {
        self.command.stdout(Stdio::piped());
        self.exits_with(code)
    }
}

/// What a run printed.
pub struct Ran {
    shown: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn all(&self) -> String {
        format!("{}\n--- stdout\n{}--- stderr\n{}", self.shown, self.stdout, self.stderr)
    }

    pub fn stdout(self, expected: &str) -> Self {
        assert_eq!(self.stdout, expected, "{}", self.all());
        self
    }

    pub fn stderr(self, expected: &str) -> Self {
        assert_eq!(self.stderr, expected, "{}", self.all());
        self
    }

    pub fn stdout_has(self, expected: &str) -> Self {
        assert!(self.stdout.contains(expected), "no {expected:?} in {}", self.all());
        self
    }

    pub fn stderr_has(self, expected: &str) -> Self {
        assert!(self.stderr.contains(expected), "no {expected:?} in {}", self.all());
        self
    }

    pub fn stdout_ends_with(self, expected: &str) -> Self {
        assert!(self.stdout.ends_with(expected), "no {expected:?} at the end of {}", self.all());
        self
    }
}
