//! A page: prose and cases.

use super::{Files, compiled, expect, facts, order, plan_of};

/// A part of a page, in order.
pub enum Part {
    /// Prose, headings, shared blocks.
    Text(String),
    /// A case, by its place.
    Case(usize),
}

/// A page of cases.
pub struct Page {
    pub parts: Vec<Part>,
    pub cases: Vec<Case>,
}

/// One case.
pub struct Case {
    /// The heading above it.
    pub title: String,
    /// Where it begins on the page.
    pub line: usize,
    /// What every case of the page has.
    shared: Files,
    /// The block as it is written.
    own: String,
    /// The facts as they are written, when there are any.
    facts: Option<String>,
}

/// The file that a block is, unless it says `#! file:`.
const MAIN: &str = "main.fleet";

fn split(text: &str, main: &str) -> Files {
    let mut files = vec![(main.to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("#! file: ") {
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

impl Page {
    pub fn read(text: &str) -> Self {
        let mut page = Self { parts: Vec::new(), cases: Vec::new() };
        let mut shared = Files::new();
        let mut title = String::new();
        let mut prose = String::new();
        let mut lines = text.lines().enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            if let Some(heading) = line.strip_prefix('#') {
                title = heading.trim_start_matches('#').trim().to_owned();
            }
            prose.push_str(line);
            prose.push('\n');
            let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) else { continue };
            let mut body = String::new();
            for (_, line) in lines.by_ref() {
                if line == "```" {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            match language {
                "fleet" => {
                    page.parts.push(Part::Text(std::mem::take(&mut prose)));
                    page.parts.push(Part::Case(page.cases.len()));
                    page.cases.push(Case {
                        title: title.clone(),
                        line: number + 1,
                        shared: shared.clone(),
                        own: body,
                        facts: None,
                    });
                    prose = "```\n".to_owned();
                }
                "plan" => {
                    let case = page.cases.last_mut().expect("facts stand behind a case");
                    assert!(case.facts.is_none(), "line {number}: a case has one block of facts");
                    case.facts = Some(body);
                    assert_eq!(prose, "```\n\n```plan\n", "line {number}: facts stand right behind their case");
                    // The case writes what is before itself.
                    prose = "```\n".to_owned();
                }
                "fleet shared" => {
                    shared = split(&body, "shared.fleet");
                    prose.push_str(&body);
                    prose.push_str("```\n");
                }
                other => panic!("line {number}: a block of `{other}`"),
            }
        }
        page.parts.push(Part::Text(prose));
        page
    }
}

impl Case {
    fn files(&self) -> Files {
        let own = split(&self.own, MAIN);
        let declares = own.iter().any(|(_, text)| text.lines().any(|line| line.starts_with("fleet ")));
        if declares { own } else { self.shared.iter().cloned().chain(own).collect() }
    }

    /// What does not hold.
    pub fn failures(&self) -> Vec<String> {
        let expected = self.files();
        let files: Files = expected.iter().map(|(path, text)| (path.clone(), expect::without(text))).collect();
        let compilation = compiled(&files);
        let mut failures = expect::failures(&expected, &compilation);
        if let Some(facts) = &self.facts {
            failures.extend(facts::failures(facts, &plan_of(&compilation)));
        }
        failures.extend(order::failures(&files, &compilation));
        failures.extend(expect::fixes(&files, &compilation));
        failures
    }

    /// The case as it is: what was found in place of what was expected. Ends before the closing fence.
    pub fn blessed(&self) -> String {
        let files: Files = self.files().iter().map(|(path, text)| (path.clone(), expect::without(text))).collect();
        let compilation = compiled(&files);
        let mut path = MAIN.to_owned();
        let mut number = 0;
        let mut text = String::new();
        for line in self.own.lines() {
            if let Some(next) = line.strip_prefix("#! file: ") {
                next.trim().clone_into(&mut path);
                number = 0;
                text.push_str(&format!("{line}\n"));
            } else if !expect::is_alone(line) {
                number += 1;
                text.push_str(&expect::blessed(&path, number, line, &compilation));
            }
        }
        if let Some(facts) = &self.facts {
            text.push_str(&format!("```\n\n```plan\n{}", facts::blessed(facts, &plan_of(&compilation))));
        }
        text
    }
}
