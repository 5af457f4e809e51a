//! The wrong examples of the codes' pages as projects.
#![allow(dead_code, reason = "each test binary uses its part")]

use fleetc::analysis::{Compilation, test};
use fleetc::diag::Code;
use fleetc::diag::codes::ALL;
use fleetc::project::MemoryFiles;

/// Paths and texts.
pub type Files = Vec<(String, String)>;

/// The file that an example is, unless it says `#! file:`.
pub const MAIN: &str = "demo.fleet";

/// The parts of a text that `#! file: PATH` lines divide.
pub fn files(text: &str) -> Files {
    let mut files = vec![(MAIN.to_owned(), String::new())];
    for line in text.lines() {
        match line.trim_start().strip_prefix("#! file: ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => {
                let (_, text) = files.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    files.retain(|(_, text)| !text.is_empty());
    files
}

/// Every code whose page has a wrong example, with its files.
pub fn wrong_examples() -> Vec<(&'static Code, Files)> {
    examples("Wrong")
}

/// Every code whose page has an example that is right, with its files.
pub fn right_examples() -> Vec<(&'static Code, Files)> {
    examples("Right")
}

fn examples(heading: &str) -> Vec<(&'static Code, Files)> {
    let example = |code: &'static Code| {
        let (_, rest) = code.page.split_once(&format!("\n## {heading}\n"))?;
        let rest = rest.split("\n## ").next()?;
        let (_, rest) = rest.split_once("```fleet\n")?;
        let (text, rest) = rest.split_once("```").unwrap_or_else(|| panic!("{}: a block is not closed", code.id));
        assert!(!rest.contains("```"), "{}: one example below `{heading}` is enough", code.id);
        Some((code, files(text)))
    };
    ALL.iter().copied().filter_map(example).collect()
}

/// The project of these files, compiled, with what its tests find.
pub fn compiled(files: &[(String, String)]) -> Compilation {
    let memory = files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    let (mut compilation, tested) = test(&memory.into_project(), |_| true);
    compilation.diagnostics.extend(tested.map(|tested| tested.diagnostics).unwrap_or_default());
    compilation
}
