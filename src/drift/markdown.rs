//! Drift as Markdown that fits into a comment: the consequence, then a table for each stage.
//!
//! What engines report is text of others, so it stands in code or is escaped: it makes no table, no link and mentions nobody.

use super::words::{group, object, position, sentence, summary};
use super::{Drift, Finding};
use crate::plan::markdown::{LONGEST, escaped};
use crate::plan::text::counted;

/// What is kept for the line that says what was left out.
const REST: usize = 200;

/// All of it, or as much as fits and how much was left out.
pub fn markdown(drift: &Drift) -> String {
    let mut page = Page { text: format!("**{}**: {}\n", escaped(&drift.fleet), escaped(&summary(drift))), dropped: 0 };
    for instance in &drift.instances {
        let mut heading = String::new();
        if drift.instances.len() > 1 {
            heading = format!("\n## {}\n", escaped(&instance.words()));
        }
        for findings in instance.findings.chunk_by(|one, other| group(one) == group(other)) {
            let title = findings.first().map(group).unwrap_or_default();
            let table = "| cluster | what | state | why | what to do |\n| --- | --- | --- | --- | --- |\n";
            heading += &format!("\n### {}\n\n{table}", escaped(&title));
            for finding in findings {
                page.row(&mut heading, &row(finding));
            }
        }
        let mut list = "\n".to_owned();
        for words in instance.rollouts.iter().filter_map(position) {
            page.line(&mut list, &format!("- {}\n", escaped(&words)));
        }
        for words in &instance.not_compared {
            page.line(&mut list, &format!("- not compared: {}\n", escaped(words)));
        }
    }
    let mut list = "\n".to_owned();
    for words in &drift.not_compared {
        page.line(&mut list, &format!("- not compared: {}\n", escaped(words)));
    }
    page.end()
}

struct Page {
    text: String,
    /// The findings that did not fit.
    dropped: usize,
}

impl Page {
    fn fits(&self, text: &str) -> bool {
        self.dropped == 0 && self.text.chars().count() + text.chars().count() + REST <= LONGEST
    }

    /// Adds a finding, and before it the heading where that is not there yet.
    fn row(&mut self, heading: &mut String, row: &str) {
        let text = format!("{heading}{row}");
        if self.fits(&text) {
            self.text += &text;
            heading.clear();
        } else {
            self.dropped += 1;
        }
    }

    /// Adds a line that is no finding, where there is room.
    fn line(&mut self, heading: &mut String, line: &str) {
        let text = format!("{heading}{line}");
        if self.fits(&text) {
            self.text += &text;
            heading.clear();
        }
    }

    fn end(mut self) -> String {
        if self.dropped > 0 {
            let count = counted(self.dropped, "finding");
            self.text += &format!("\n{count} more did not fit here: `fleetc drift` prints all.\n");
        }
        self.text
    }
}

fn row(finding: &Finding) -> String {
    let cluster = finding.cluster.as_deref().map(super::words::name).unwrap_or_default();
    let protected = if finding.protected { " (protected)" } else { "" };
    let hint = finding.hint.as_deref().map(|hint| format!("`{hint}`")).unwrap_or_default();
    format!(
        "| {}{protected} | {} | {} | {} | {hint} |\n",
        escaped(&cluster),
        escaped(&object(finding)),
        finding.wrong.words(),
        escaped(&sentence(finding)),
    )
}
