//! Pages in one file: no script, style, font or picture comes from elsewhere, and nothing can be sent anywhere.
//!
//! The policy of a page allows the one script in it by its hash, so text that got into a page could not run even if it were
//! not escaped. All text that somebody wrote goes through `svg::xml`.

mod details;
mod report;
mod table;

use sha2::{Digest as _, Sha256};

pub use report::report;
pub(crate) use table::MOST_ROWS;

use super::svg;
pub(crate) use super::svg::xml;
use super::{Graph, Matrix};
use crate::plan::base64;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page with the rollouts.
pub fn graph(graph: &Graph) -> String {
    let picture = format!("<main class=\"wide\">\n{}</main>\n", svg::graph(graph));
    page(&format!("Rollouts of {}", graph.fleet), "", &picture)
}

/// A page with the versions.
pub fn matrix(matrix: &Matrix) -> String {
    let body = format!("<main>\n{}</main>\n", table::matrix(matrix, false));
    page(&format!("Versions in {}", matrix.fleet), FILTER, &body)
}

/// What narrows a page down.
pub(crate) const FILTER: &str = "<p class=\"filter\"><label for=\"filter\">Filter</label> <input id=\"filter\" type=\"search\" \
                      placeholder=\"press / to filter\" autocomplete=\"off\" spellcheck=\"false\"> \
                      <output id=\"found\" for=\"filter\"></output></p>\n";

/// A whole page: its title, what stands beside it, and what is below, both as HTML.
pub(crate) fn page(title: &str, beside: &str, body: &str) -> String {
    let hash = base64::encode(&Sha256::digest(SCRIPT.as_bytes()));
    let title = xml(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" \
         content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>{title}</h1>\n{beside}</header>\n{body}<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}
