//! The one place where the tests of the pages call the compiler.

use fleetc::analysis::compile;
use fleetc::project::MemoryFiles;

/// The ids of the codes that fleetc reports for a project of these files, in the order of the report; a code that is
/// reported twice is there twice.
pub fn codes_of(files: &[(String, String)]) -> Vec<String> {
    let memory = files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    let compilation = compile(&memory.into_project(), &[]);
    compilation.diagnostics.iter().map(|diagnostic| diagnostic.code.id.to_owned()).collect()
}
