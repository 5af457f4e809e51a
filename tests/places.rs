//! Where every code marks its page's wrong example: the line and the underlined text, one row a diagnostic.
//!
//! `tests/places/places.txt` is the table; it is to be read: a row marks a key, a name or a value, never a block.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/pages.rs"]
mod pages;

use fleetc::diag::codes::{NEEDS_RELATED, Severity};
use fleetc::diag::render::{Look, full};
use fleetc::source::{Sources, Span};

/// `demo.fleet:5 "stagign"`.
fn place(span: Span, sources: &Sources) -> String {
    let file = sources.file(span.source);
    let at = file.position(span.start);
    let marked = sources.text(span);
    format!("{}:{}:{} {:?}", file.path, at.line, at.column, marked)
}

#[test]
fn every_code_marks_the_smallest_wrong_text() {
    let mut table = String::new();
    for (code, files) in pages::wrong_examples() {
        let compilation = pages::compiled(&files);
        for diagnostic in compilation.diagnostics.iter().filter(|found| found.code == code) {
            table += &format!("{} {}\n", code.id, place(diagnostic.primary.span, &compilation.sources));
            for label in &diagnostic.related {
                table += &format!("      and {}: {}\n", place(label.span, &compilation.sources), label.text);
            }
        }
    }
    golden::golden("tests/places/places.txt", &table);
}

#[test]
fn a_code_with_another_end_says_where_it_is() {
    for (code, files) in pages::wrong_examples() {
        let compilation = pages::compiled(&files);
        for found in compilation.diagnostics.iter().filter(|found| found.code == code) {
            assert!(!NEEDS_RELATED.contains(&code.id) || !found.related.is_empty(), "{}: no related place", code.id);
        }
    }
}

#[test]
fn the_other_end_may_stand_in_another_file() {
    let head = "fleet demo { source = config }\nargocd { version = \"3.5\" }\n\
                source config { git = \"https://github.com/acme/config\" }\nlabel env: dev | prod\n\
                cluster one { env = dev }\ngroup early = env == dev\n\
                component dns on all { path = \"dns\", namespace = dns }\n";
    let cases = [
        ("F0202", "group late = earlyy\n"),
        ("F0203", "group late = evn == dev\n"),
        ("F0205", "component web on all { source = confg, path = \"web\", namespace = web }\n"),
        ("F0207", "component web on all { path = \"web\", namespace = web, after = [dsn] }\n"),
        ("F0212", "cluster one { env = prod }\n"),
        ("F0302", "cluster two { env = pord }\n"),
        ("F0303", "cluster two { }\n"),
    ];
    for (id, other) in cases {
        let files = [("a.fleet".to_owned(), head.to_owned()), ("b.fleet".to_owned(), other.to_owned())];
        let compilation = pages::compiled(&files);
        let found = compilation.diagnostics.iter().find(|found| found.code.id == id).expect(id);
        let away = |span: Span| span.source != found.primary.span.source;
        assert!(found.related.iter().any(|label| away(label.span)), "{id}: {found:?}");
    }
}

#[test]
fn every_diagnostic_says_what_to_do() {
    for (code, files) in pages::wrong_examples() {
        for found in pages::compiled(&files).diagnostics.iter().filter(|found| found.code == code) {
            // A note tells what happens by itself: there may be nothing to do.
            let said = code.severity == Severity::Note || !found.helps.is_empty() || !found.fixes.is_empty();
            assert!(said, "{}: neither help nor fix", code.id);
            assert!(!found.message.contains("invalid"), "{}: says invalid, not what is valid", code.id);
        }
    }
}

#[test]
fn a_circle_is_drawn_with_the_place_of_every_step() {
    let files = [
        (
            "a.fleet".to_owned(),
            "fleet demo { source = config }\nargocd { version = \"3.5\", progressive-syncs = true }\n\
             source config { git = \"https://github.com/acme/config\" }\ncluster one { }\n\
             group careful = guarded\n\
             component dns on all { path = \"dns\", namespace = dns, after = [web] }\n"
                .to_owned(),
        ),
        (
            "b.fleet".to_owned(),
            "group guarded = careful\ncomponent web on all { path = \"web\", namespace = web, after = [gate] }\n\
             component gate on all { path = \"gate\", namespace = gate, after = [dns] }\n"
                .to_owned(),
        ),
    ];
    let look = Look { colour: false, width: 100, unicode: true, links: false };
    let compilation = pages::compiled(&files);
    golden::golden("tests/places/circles.txt", &full(&compilation.diagnostics, &compilation.sources, &look));
}

/// Clusters that come near, with the part that fails on each; and all that sets what two blocks say differently.
#[test]
fn candidates_and_chains_are_listed() {
    let text = "fleet demo { source = home }\nargocd { progressive-syncs = true }\n\
        source home { git = \"https://github.com/acme/home\", branch = \"main\" }\n\
        label env: dev | staging | prod\nlabel region: eu | us | ap\nlabel gpu: bool?\n\
        cluster \"${env}-${region}\" for env in [dev, staging, prod], region in [eu, us] { }\n\
        cluster spare-1 { env = dev, region = us, gpu = true }\ncluster spare-2 { env = dev, region = us }\n\
        cluster spare-3 { env = dev, region = us }\n\
        group live = env == prod and region != ap\ndefaults component { interval = 20m }\n\
        component far on env == prod and region == ap { path = \"a\", namespace = a }\n\
        component gpus on live and not (region == us or region == eu) { path = \"a\", namespace = a }\n\
        component named on name like \"test-*\" { path = \"a\", namespace = a }\n\
        component torn on all {\n  path = \"a\", namespace = a, interval = 10m\n  \
        on env == prod { interval = 5m }\n  on region == eu { interval = 7m }\n}\n\
        rollout slow {\n  stage never on env == prod and env == dev\n  stage rest on rest\n}\n";
    let look = Look { colour: false, width: 100, unicode: true, links: false };
    let compilation = pages::compiled(&[("demo.fleet".to_owned(), text.to_owned())]);
    golden::golden("tests/places/candidates.txt", &full(&compilation.diagnostics, &compilation.sources, &look));
}
