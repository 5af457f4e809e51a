//! One cause, one error: fleets that are right, spoiled in one place, have one error there; in k places, k.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/pages.rs"]
mod pages;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::Severity;
use fleetc::project::MemoryFiles;
use fleetc::source::{SourceId, Span};
use fleetc::syntax::ast::{DeclarationKind, Entry, Expr, ExprKind};
use fleetc::syntax::{self, ast};

type Files = BTreeMap<String, String>;

/// A change of one text.
#[derive(Clone, Debug)]
struct Mutation {
    kind: &'static str,
    file: String,
    /// The bytes that are replaced.
    start: usize,
    end: usize,
    text: String,
    /// Where the error may begin: in bytes of the text as it was, both ends included.
    place: (usize, usize),
}

impl Mutation {
    fn apply(&self, files: &Files) -> Files {
        let mut files = files.clone();
        files.get_mut(&self.file).unwrap().replace_range(self.start..self.end, &self.text);
        files
    }
}

/// Every file below `folder`, the output left out.
fn read(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type().unwrap().is_dir() {
            true if name == "gitops" => {}
            true => read(&entry.path(), &format!("{name}/"), files),
            false => _ = files.insert(name, fs::read_to_string(entry.path()).unwrap()),
        }
    }
}

/// The examples, and the right example of every page.
fn fixtures() -> Vec<(String, Files)> {
    let mut all = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for example in ["my-org", "hub-and-spoke", "three-tier"] {
        let mut files = Files::new();
        read(&root.join(example), "", &mut files);
        all.push((example.to_owned(), files));
    }
    // The pages are alike in much: every fifth is enough.
    for (code, files) in pages::right_examples().into_iter().step_by(5) {
        all.push((format!("the right example of {}", code.id), files.into_iter().collect()));
    }
    all
}

fn compiled(files: &Files) -> Compilation {
    let memory = files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    compile(&memory.into_project(), &[])
}

/// What a fixture's mutations are gathered in.
struct Gather<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<Mutation>,
}

impl Gather<'_> {
    fn push(&mut self, kind: &'static str, span: Span, text: String, place: Span) {
        let (start, end) = (span.start as usize, span.end as usize);
        let place = (place.start as usize, place.end as usize);
        self.found.push(Mutation { kind, file: self.file.to_owned(), start, end, text, place });
    }

    /// The word at `span`, misspelt; quotes stay outside.
    fn misspell(&mut self, kind: &'static str, span: Span) {
        let text = &self.text[span.start as usize..span.end as usize];
        let word = text.trim_matches('"');
        if word.contains("${") || word.is_empty() {
            return;
        }
        self.push(kind, span, text.replacen(word, &format!("{word}qx"), 1), span);
    }

    fn declaration(&mut self, declaration: &ast::Declaration) {
        let body = match &declaration.kind {
            DeclarationKind::Fleet(named)
            | DeclarationKind::Source(named)
            | DeclarationKind::Project(named)
            | DeclarationKind::Rollout(named)
            | DeclarationKind::Inventory(named)
            | DeclarationKind::Template(named) => &named.body,
            DeclarationKind::Component(component) => {
                component.on.iter().for_each(|on| self.predicate(on));
                component.from.iter().for_each(|path| self.misspell("a template's name", path.span));
                &component.body
            }
            DeclarationKind::Cluster(cluster) => &cluster.body,
            DeclarationKind::Engine(engine) => &engine.body,
            _ => return,
        };
        self.misspell("a keyword", declaration.keyword);
        for entry in &body.entries {
            match entry {
                // The fields of an object are free.
                Entry::Attribute(_) if is_object(declaration) => {}
                Entry::Attribute(attribute) => self.attribute(declaration, attribute),
                Entry::Block(block) => block.on.iter().for_each(|on| self.predicate(on)),
                _ => {}
            }
        }
        if body.span.end > body.span.start + 1 {
            let close = Span { start: body.span.end - 1, ..body.span };
            self.push("a brace that is missing", close, String::new(), declaration.span);
        }
    }

    fn attribute(&mut self, declaration: &ast::Declaration, attribute: &ast::Attribute) {
        let key = attribute.key.text.as_str();
        self.misspell("an attribute's key", attribute.key.span);
        let whole = Span { end: attribute.value.span.end, ..attribute.key.span };
        let text = self.text[whole.start as usize..whole.end as usize].to_owned();
        let place = Span { end: whole.end, ..whole };
        self.push("an entry written with a colon", whole, text.replacen('=', ":", 1), place);
        match (&declaration.kind, &attribute.value.kind) {
            (_, ExprKind::Path(_)) if matches!(key, "source" | "project" | "rollout" | "values-source") => {
                self.misspell("a reference", attribute.value.span);
            }
            (_, ExprKind::List(items)) if key == "after" => {
                items.iter().for_each(|item| self.misspell("a component's name", item.span));
            }
            (_, _) if key == "protected" => self.predicate(&attribute.value),
            (DeclarationKind::Cluster(_), ExprKind::Path(_)) => self.misspell("a label's value", attribute.value.span),
            _ => {}
        }
    }

    fn predicate(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Compare { left, right, .. } => {
                self.misspell("a label's name", left.span);
                if matches!(right.kind, ExprKind::Path(_)) {
                    self.misspell("a compared value", right.span);
                }
            }
            ExprKind::Path(path) if !matches!(path.text().as_str(), "rest") => self.misspell("a selector", path.span),
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|part| self.predicate(part)),
            ExprKind::Not(inner) => self.predicate(inner),
            _ => {}
        }
    }
}

fn mutations(files: &Files) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (file, text) in files.iter().filter(|(file, _)| file.ends_with(".fleet")) {
        let parse = syntax::parse(SourceId::default(), text);
        let mut gather = Gather { file, text, found: Vec::new() };
        for declaration in &parse.file.declarations {
            gather.declaration(declaration);
            let named = declaration.kind.name_span().is_some();
            let text = text[declaration.span.start as usize..declaration.span.end as usize].to_owned();
            if named && !matches!(declaration.kind, DeclarationKind::Fleet(_) | DeclarationKind::Engine(_)) {
                let end = declaration.span.after();
                gather.push("a declaration that is there twice", end, format!("\n{text}\n"), declaration.span);
            }
        }
        all.extend(gather.found);
    }
    all
}

/// The errors of `files`: code, file, offset, message.
fn errors(files: &Files) -> Vec<(String, String, usize, String)> {
    let compilation = compiled(files);
    let errors = compilation.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors
        .map(|found| {
            let span = found.primary.span;
            let file = compilation.sources.file(span.source).path.clone();
            (found.code.id.to_owned(), file, span.start as usize, found.message.clone())
        })
        .collect()
}

#[test]
fn one_mutation_gives_one_error_at_its_place() {
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, files) in fixtures() {
        assert_eq!(errors(&files), [], "{name}");
        for mutation in mutations(&files) {
            *counts.entry(mutation.kind).or_default() += 1;
            let errors = errors(&mutation.apply(&files));
            let grown = mutation.text.len().saturating_sub(mutation.end - mutation.start);
            let inside = |file: &String, at: usize| {
                *file == mutation.file && (mutation.place.0..=mutation.place.1 + grown).contains(&at)
            };
            if !matches!(errors.as_slice(), [(_, file, at, _)] if inside(file, *at)) {
                let old = &files[&mutation.file][mutation.start..mutation.end];
                wrong.push(format!(
                    "{name}: {} in {}: `{old}` -> `{}`: {errors:#?}",
                    mutation.kind, mutation.file, mutation.text
                ));
            }
        }
    }
    println!("{counts:#?}");
    assert!(counts.values().all(|count| *count >= 3), "{counts:#?}");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        counts.values().sum::<usize>(),
        wrong[..wrong.len().min(2500)].join("\n")
    );
}

/// Mutations in k declarations, which have nothing to do with each other, give k errors, one for each.
#[test]
fn k_mutations_give_k_errors() {
    let independent = ["an attribute's key", "an entry written with a colon", "a label's value", "a compared value"];
    let mut wrong = Vec::new();
    for (name, files) in fixtures().into_iter().take(3) {
        let all = mutations(&files);
        for k in 1..=10 {
            for round in 0..3 {
                let chosen = choose(&files, &all, &independent, k, round);
                if chosen.len() < k {
                    continue;
                }
                let mut spoiled = files.clone();
                // From behind, so that the places before stay where they are.
                for mutation in chosen.iter().rev() {
                    spoiled = mutation.apply(&spoiled);
                }
                let errors = errors(&spoiled);
                if errors.len() != k {
                    let what: Vec<&str> = chosen.iter().map(|one| one.text.as_str()).collect();
                    wrong.push(format!("{name}, {k} mutations {what:?}: {} errors {errors:#?}", errors.len()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `k` of the mutations `all`, each in a declaration of its own, sorted by place; another choice in each round.
fn choose(files: &Files, all: &[Mutation], kinds: &[&str], k: usize, round: usize) -> Vec<Mutation> {
    let mut by_declaration: BTreeMap<(String, usize), Vec<&Mutation>> = BTreeMap::new();
    for mutation in all.iter().filter(|mutation| kinds.contains(&mutation.kind)) {
        let parse = syntax::parse(SourceId::default(), &files[&mutation.file]);
        let around = parse.file.declarations.iter().position(|one| mutation.start < one.span.end as usize).unwrap();
        by_declaration.entry((mutation.file.clone(), around)).or_default().push(mutation);
    }
    let mut chosen: Vec<Mutation> = Vec::new();
    let step = (by_declaration.len() / k).max(1);
    for (index, (_, mutations)) in by_declaration.iter().enumerate() {
        if index % step == round % step && chosen.len() < k {
            chosen.push(mutations[(index * 7 + round * 5 + k) % mutations.len()].clone());
        }
    }
    chosen.sort_by(|a, b| (&a.file, a.start).cmp(&(&b.file, b.start)));
    chosen
}

fn is_object(declaration: &ast::Declaration) -> bool {
    matches!(&declaration.kind, DeclarationKind::Component(component) if matches!(component.form, ast::Form::Object(_)))
}
