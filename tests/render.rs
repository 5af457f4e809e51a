//! How diagnostics look, each case beside its expected text in `tests/render/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use fleetc::diag::render::{Look, concise, full, json, summary};
use fleetc::diag::{Applicability, Code, Diagnostic, Diagnostics, Edit, Fix, Label, Report, codes};
use fleetc::source::{Origin, SourceFile, SourceId, Sources, Span};

const UNICODE: Look = Look { colour: false, width: 80, unicode: true, links: false };

/// Files and what was found in them.
#[derive(Default)]
struct Case {
    sources: Sources,
    found: Diagnostics,
}

impl Case {
    fn file(&mut self, path: &str, text: &str) -> SourceId {
        self.sources.add(SourceFile::new(path, Origin::Project, text))
    }

    /// The first place in `file` where `text` stands.
    fn at(&self, file: SourceId, text: &str) -> Span {
        self.nth(file, text, 0)
    }

    fn nth(&self, file: SourceId, text: &str, nth: usize) -> Span {
        let (start, _) = self.sources.file(file).text.match_indices(text).nth(nth).expect(text);
        Span::new(file, start as u32, (start + text.len()) as u32)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    fn full(&self, look: Look) -> String {
        full(&self.found, &self.sources, &look)
    }
}

fn golden(name: &str, actual: &str) {
    support::golden(&format!("tests/render/{name}"), actual);
}

/// A fleet with one text, and a diagnostic of F0101 at the first `marked` in it.
fn one(text: &str, marked: &str, label: &str) -> Case {
    let mut case = Case::default();
    let file = case.file("a.fleet", text);
    case.push(Diagnostic::new(codes::UNEXPECTED_TEXT, case.at(file, marked), "unexpected text").label(label));
    case
}

/// Everything that a diagnostic can hold, over two files of the project and one of the standard library.
fn everything() -> Case {
    let mut case = Case::default();
    let payments = "# who pays\nrollout progressive {\n  stage canary on prd-eu\n  stage rest on rest\n}\n";
    let payments = case.file("fleets/payments.fleet", payments);
    let clusters = "label env: dev | prod\n\n\n\n\n\n\n\ncluster prod-eu { env = prod }\ncluster dev { env = dev }\n";
    let clusters = case.file("fleets/clusters.fleet", clusters);
    let library = SourceFile::new("std/eu.fleet", Origin::StandardLibrary, "template eu { path = \"eu\" }\n");
    let library = case.sources.add(library);
    let wrong = case.at(payments, "prd-eu");
    case.push(
        Diagnostic::new(codes::UNKNOWN_SELECTOR, wrong, "no group or cluster is named `prd-eu`")
            .label("not declared in this fleet")
            .related(case.at(clusters, "prod-eu"), "a cluster with a similar name is declared here")
            .related(case.at(library, "eu"), "a template of the standard library, which is no cluster")
            .help("use the declared name `prod-eu`")
            .help("or declare it: `cluster prd-eu { … }`")
            .fix("use the declared name `prod-eu`", Applicability::Unsafe, wrong, "prod-eu")
            .note("a stage names groups, clusters or bool labels"),
    );
    let unused = case.at(clusters, "dev { env");
    case.push(Diagnostic::new(codes::TWO_ENGINES, unused, "both engines deploy to `dev`"));
    case
}

#[test]
fn one_file() {
    let text = "fleet demo { }\n\ncluster one { env = stagign }\ncluster two { }\n";
    golden("one-file.txt", &one(text, "stagign", "not one of the values of `env`").full(UNICODE));
}

#[test]
fn two_files_a_fix_and_the_standard_library() {
    golden("everything.txt", &everything().full(UNICODE));
}

#[test]
fn drawn_with_ascii() {
    golden("everything-ascii.txt", &everything().full(Look::plain(80)));
}

#[test]
fn drawn_in_colour() {
    golden("everything-colour.txt", &everything().full(Look { colour: true, ..UNICODE }));
}

#[test]
fn drawn_in_forty_columns() {
    let narrow = everything().full(Look { width: 40, ..UNICODE });
    golden("everything-40.txt", &narrow);
    assert_eq!(narrow, everything().full(Look { width: 3, ..UNICODE }), "40 is the least");
    for line in narrow.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
}

#[test]
fn as_json() {
    let line = json(&Report::new(&everything().found, &everything().sources));
    assert_eq!(line.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    golden("everything.json", &format!("{value:#}\n").replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn as_lines() {
    golden("everything-concise.txt", &concise(&Report::new(&everything().found, &everything().sources)));
}

#[test]
fn the_summary_counts_the_projects_files() {
    let case = everything();
    assert_eq!(
        summary(&Report::new(&case.found, &case.sources)),
        "1 error, 1 warning in 2 files (1 fixable with --fix --unsafe)"
    );
    assert_eq!(summary(&Report::new(&Diagnostics::default(), &case.sources)), "no problems in 2 files");
    let case = one("x\n", "x", "");
    assert_eq!(summary(&Report::new(&case.found, &case.sources)), "1 error in 1 file");
}

#[test]
fn several_labels_in_one_file() {
    let mut case = Case::default();
    let text = "cluster a { env = dev }\ncluster b { env = dev, env = prod }\n\n# far\n# away\n\n\n\n\ncluster z { }\n";
    let file = case.file("a.fleet", text);
    case.push(
        Diagnostic::new(codes::DUPLICATE_ENTRY, case.nth(file, "env", 2), "`env` is set twice")
            .label("again here")
            .related(case.nth(file, "env", 1), "first set here")
            .related(case.at(file, "z"), "this cluster sets nothing")
            .related(case.nth(file, "env = prod", 0), "the whole entry"),
    );
    golden("several-labels.txt", &case.full(UNICODE));
}

/// With no more than two lines between two marks, what stands between them is shown.
#[test]
fn marks_that_are_near_share_a_snippet() {
    let mut case = Case::default();
    let file = case.file("a.fleet", "# one\n# 2\n# 3\n# four\n# 5\n# 6\n# 7\n# eight\n# 9\n");
    case.push(
        Diagnostic::new(codes::DUPLICATE_ENTRY, case.at(file, "four"), "thrice")
            .related(case.at(file, "one"), "first")
            .related(case.at(file, "eight"), "last"),
    );
    golden("near.txt", &case.full(UNICODE));
}

#[test]
fn marks_over_lines() {
    let mut case = Case::default();
    let file = case.file("a.fleet", "cluster a {\n  env = dev\n}\ncluster a {\n  env = prod\n}\n");
    let whole = case.at(file, "cluster a {\n  env = prod\n}\n");
    case.push(
        Diagnostic::new(codes::DUPLICATE_DECLARATION, whole, "the cluster `a` is declared twice")
            .label("declared again here")
            .related(case.at(file, "cluster a {\n  env = dev\n}"), "first declared here"),
    );
    let long = format!("cluster a {{\n{}", "  env = dev\n".repeat(100));
    let file = case.file("b.fleet", &long);
    let span = Span::new(file, 10, long.len() as u32);
    case.push(Diagnostic::new(codes::UNCLOSED_BLOCK, span, "the block is not closed").label("opened here"));
    golden("over-lines.txt", &case.full(UNICODE));
}

#[test]
fn tabs_wide_characters_and_emoji_are_aligned() {
    let mut case = Case::default();
    let text = "\tname\t= \"日本語\" wrong\r\n\tnext = \"👩\u{200d}🚀😀é\" bad\r\n";
    let file = case.file("größe.fleet", text);
    for marked in ["wrong", "bad", "日本語", "= "] {
        let span = case.at(file, marked);
        case.push(Diagnostic::new(codes::UNEXPECTED_TEXT, span, "unexpected text").label("here"));
    }
    golden("aligned.txt", &case.full(UNICODE));
    golden("aligned-concise.txt", &concise(&Report::new(&case.found, &case.sources)));
}

#[test]
fn places_without_width_are_shown() {
    let mut case = Case::default();
    let mut zero = |path: &str, text: &str, offset: u32, label: &str| {
        let file = case.file(path, text);
        let span = Span::new(file, offset, offset);
        case.push(Diagnostic::new(codes::MISSING_VALUE, span, "a value is missing").label(label));
    };
    zero("end-of-line.fleet", "path =\nnext = 1\n", 6, "a value should stand here");
    zero("end-of-line-crlf.fleet", "path =\r\nnext = 1\r\n", 6, "a value should stand here");
    zero("at-the-line-end-itself.fleet", "path =\r\nnext = 1\r\n", 7, "");
    zero("end-of-file.fleet", "path =", 6, "a value should stand here");
    zero("behind-the-last-line.fleet", "path =\n", 7, "a value should stand here");
    zero("behind-the-file.fleet", "path =\n", 4000, "a value should stand here");
    zero("empty.fleet", "", 0, "a value should stand here");
    golden("without-width.txt", &case.full(UNICODE));
}

#[test]
fn a_huge_line_is_cut() {
    let line = "x".repeat(5_000);
    let mut case = one(&format!("a = \"{line}\", wrong = \"{line}\"\n"), "wrong", "no attribute has this name");
    let span = case.nth(case.sources.iter().next().unwrap().0, "\"", 0);
    let whole = Span::new(span.source, span.start, span.start + 5_002);
    case.push(Diagnostic::new(codes::INVALID_VALUE, whole, "this is too long").label("5,000 characters"));
    let edit =
        Diagnostic::new(codes::UNKNOWN_ATTRIBUTE, span, "unknown").fix("drop it", Applicability::Safe, whole, "b");
    case.push(edit);
    let text = case.full(UNICODE);
    golden("huge-line.txt", &text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_label_at_the_right_edge_moves_the_line() {
    let text = format!("path = \"{}\" wrong\n", "very/".repeat(12));
    let label = "text that does not belong here, because the value ended at the quote";
    golden("right-edge.txt", &one(&text, "wrong", label).full(UNICODE));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut case = one("a = \"\u{1b}[31m\u{202e}\u{0}\" x\rb\n", "x", "hid\u{1b}den");
    let file = case.file("b\u{1b}[2J\n.fleet", "x\n");
    let span = case.at(file, "x");
    let evil = "evil\u{1b}]0;title\u{7}\nsecond line";
    let fix = |text: &str| Fix {
        title: evil.to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit { span, text: text.to_owned() }],
    };
    let mut diagnostic = Diagnostic::new(codes::UNKNOWN_CLUSTER, span, evil).label(evil).help(evil).note(evil);
    diagnostic.fixes.push(fix("\u{1b}[0m"));
    case.push(diagnostic);
    let text = case.full(UNICODE);
    golden("control-characters.txt", &text);
    for text in [text, concise(&Report::new(&case.found, &case.sources))] {
        assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text}");
    }
    assert_eq!(concise(&Report::new(&case.found, &case.sources)).lines().count(), 2);
}

#[test]
fn changes_of_several_lines_and_files() {
    let mut case = Case::default();
    let a = case.file("a.fleet", "component web on all {\n  path = \"web\"\n  chart = \"web\"\n}\n");
    let b = case.file("b.fleet", "cluster old { }\n");
    let drop = case.at(a, "  chart = \"web\"\n");
    let mut diagnostic = Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, case.at(a, "chart"), "`path` or `chart`");
    let behind = case.at(a, "\"web\"").after();
    let edits = vec![
        Edit { span: case.at(b, "old"), text: "new".to_owned() },
        Edit { span: case.at(a, "web"), text: "shop".to_owned() },
    ];
    let fix = Fix { title: "rename `web` and `old`".to_owned(), applicability: Applicability::Unsafe, edits };
    diagnostic = diagnostic
        .fix("drop `chart`", Applicability::Safe, drop, "")
        .fix("say where it goes", Applicability::Unsafe, behind, "\n  namespace = web")
        .fix("write twelve lines", Applicability::Unsafe, behind, "\n  x = 1".repeat(12));
    diagnostic.fixes.push(fix);
    case.push(diagnostic);
    golden("changes.txt", &case.full(UNICODE));
}

#[test]
fn wrapped_and_drawn_remarks() {
    let mut case = one("a b\n", "b", "here");
    let file = case.sources.iter().next().unwrap().0;
    let long = "each of `prod-us-east-1`, `prod-eu-west-1` and `prod-ap-southeast-1` is selected by both of the blocks, \
                and neither of them is a proper subset of the other";
    case.push(
        Diagnostic::new(codes::CONFLICTING_OVERRIDES, case.at(file, "a"), long)
            .label(long)
            .help(long)
            .note("they wait for each other:\n    a -> b\n    b -> a"),
    );
    golden("wrapped.txt", &case.full(UNICODE));
}

#[test]
fn many_places_are_counted() {
    let mut case = one("a\nb\n", "b", "");
    let file = case.sources.iter().next().unwrap().0;
    let mut diagnostic = Diagnostic::new(codes::DEPENDENCY_CYCLE, case.at(file, "a"), "a cycle of fifty");
    let place = Label { span: case.at(file, "b"), text: String::new() };
    diagnostic.related = vec![place; 50];
    case = Case { sources: case.sources, found: Diagnostics::default() };
    case.push(diagnostic);
    assert!(case.full(UNICODE).ends_with("  … and 27 other places\n"), "{}", case.full(UNICODE));
}

/// A quadratic renderer does not come to its end here.
#[test]
fn a_thousand_diagnostics_in_four_megabytes() {
    let line = "component web on all { path = \"web\", namespace = wrong }\n";
    let text = line.repeat(4 * 1024 * 1024 / line.len());
    let mut case = Case::default();
    let file = case.file("a.fleet", &text);
    let last = text.len() as u32 - 8;
    for number in 0..1000 {
        let span = Span::new(file, last - number, last - number + 5);
        let other = Span::new(file, number * 50, number * 50 + 3);
        case.push(Diagnostic::new(codes::WRONG_TYPE, span, "wrong").label("this").related(other, "that"));
    }
    assert_eq!(case.full(UNICODE).matches("error[F0301]: wrong").count(), 1000);
    assert!(case.full(UNICODE).len() < 1_000_000);
    assert_eq!(concise(&Report::new(&case.found, &case.sources)).lines().count(), 1000);
}

/// Whatever a span says, something is shown and nothing breaks.
#[test]
fn every_span_of_a_text_can_be_shown() {
    let text = "a\té\r\n\r\n😀\u{301}\rb\n\n";
    let looks = [UNICODE, Look::plain(40)];
    for start in 0..=text.len() as u32 + 1 {
        for end in 0..=text.len() as u32 + 1 {
            let mut case = Case::default();
            let file = case.file("a.fleet", text);
            let code: &'static Code = codes::WRONG_TYPE;
            let diagnostic = Diagnostic::new(code, Span::new(file, start, end), "wrong")
                .label("this")
                .related(Span::new(file, end, start), "that")
                .related(Span::new(file, 0, end), "those")
                .fix("it", Applicability::Safe, Span::new(file, start, end), "new\ntext");
            case.push(diagnostic);
            for look in looks {
                let text = case.full(look);
                assert!(text.contains("this") && text.contains("that") && text.contains("those"), "{text}");
                assert!(!text.contains("Failed"), "{text}");
            }
        }
    }
}
