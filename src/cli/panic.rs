//! What is said when fleetc itself is at fault: F0901, and the exit code 101.

use std::fmt::Display;
use std::io::Write as _;

use super::terminal::harmless;
use crate::diag::codes;

/// Makes a panic say that it is a bug, and where. The process then ends with 101, as Rust programs do.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let place = info.location().map(|at| at as &dyn Display).unwrap_or(&"an unknown place");
        // Not `eprintln!`: a panic while one panics would abort.
        _ = std::io::stderr().lock().write_all(harmless(&report(text, place), false).as_bytes());
    }));
}

fn report(text: &str, place: &dyn Display) -> String {
    let code = codes::INTERNAL_ERROR;
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error[{}]: {}: {text}\n  --> {place} of fleetc {version}\n\
         note: no `.fleet` file, however wrong, should make this happen\n\
         help: please report it, with the smallest fleet that shows it\n",
        code.id, code.title
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_names_itself_and_its_place() {
        let report = report("index out of bounds", &"src/model.rs:1:2");
        assert!(
            report.starts_with("error[F0901]: a bug in fleetc: index out of bounds\n  --> src/model.rs:1:2 of fleetc ")
        );
    }
}
