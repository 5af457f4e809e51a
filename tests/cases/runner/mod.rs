//! Reads the pages of cases and holds the compiler to them.

pub mod expect;
pub mod facts;
pub mod order;
pub mod page;

use fleetc::analysis::{Compilation, test};
use fleetc::project::MemoryFiles;

/// Paths and texts of a project.
pub type Files = Vec<(String, String)>;

/// Compiles a project in memory.
pub fn compiled(files: &Files) -> Compilation {
    let memory = files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    let (mut compilation, tested) = test(&memory.into_project(), |_| true);
    compilation.diagnostics.extend(tested.map(|tested| tested.diagnostics).unwrap_or_default());
    compilation
}

/// The plan as JSON; null without one.
pub fn plan_of(compilation: &Compilation) -> serde_json::Value {
    compilation.plan.as_ref().map_or(serde_json::Value::Null, fleetc::plan::json::json)
}
