//! Files that no tool would write: nothing of them brings fleetc down, and each is answered at its place.

use fleetc::analysis::compile;
use fleetc::data::Format;
use fleetc::diag::Severity;
use fleetc::project::MemoryFiles;
use fleetc::source::{Origin, SourceFile, Sources};

use super::HEAD;

/// The codes of what is wrong with a data file, each with the path, line and column of its place.
fn found(path: &str, bytes: impl Into<Vec<u8>>) -> Vec<String> {
    let main = format!("{HEAD}inventory \"{path}\"\n");
    let files = MemoryFiles::new().file("main.fleet", main).file(path, bytes);
    let compilation = compile(&files.into_project(), &[]);
    let place = |found: &fleetc::diag::Diagnostic| {
        let file = compilation.sources.file(found.primary.span.source);
        let at = file.position(found.primary.span.start);
        format!("{} {}:{}:{}", found.code.id, file.path, at.line, at.column)
    };
    let errors = compilation.diagnostics.iter().filter(|found| found.severity == fleetc::diag::Severity::Error);
    errors.filter(|found| found.severity == Severity::Error).map(place).collect()
}

#[test]
fn deep_nesting_is_refused_at_the_first_bracket_too_many() {
    for path in ["a.json", "a.yaml"] {
        assert_eq!(found(path, "[".repeat(1_000_000)), [format!("F0102 {path}:1:65")], "{path}");
        let maps = "{\"a\":".repeat(100_000);
        assert_eq!(found(path, maps), [format!("F0102 {path}:1:{}", 64 * 5 + 1)], "{path}");
    }
    let steps: String = (0..500).map(|step| format!("{}a:\n", " ".repeat(step))).collect();
    assert_eq!(found("a.yaml", steps), ["F0102 a.yaml:65:65"]);
    let dashes = "- ".repeat(100_000);
    assert_eq!(found("a.yaml", dashes), ["F0102 a.yaml:1:129"]);
}

#[test]
fn what_is_no_text_is_refused() {
    assert_eq!(found("a.json", b"[{ \"name\": \"caf\xE9\" }]".to_vec()), ["F0002 a.json:1:16"]);
    assert_eq!(found("a.yaml", b"- name: \xFF\n".to_vec()), ["F0002 a.yaml:1:9"]);
    assert_eq!(found("a.csv", b"\xFF\xFEn\0a\0".to_vec()), ["F0002 a.csv:1:1"]);
    assert_eq!(found("a.json", "[{ \"name\": \"a\0b\" }]"), ["F0010 a.json:1:14"]);
    assert_eq!(found("a.csv", "name,env\na\0b,dev\n"), ["F0307 a.csv:2:1"]);
    assert_eq!(found("a.csv", "name,env,domain\na,dev,\u{202e}x\n"), ["F0003 a.csv:2:7"]);
    let yaml = found("a.yaml", "- name: a\0b\n");
    assert!(yaml.len() == 1 && yaml[0].ends_with("a.yaml:1:10"), "{yaml:?}");
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read_and_places_stay() {
    assert!(found("a.json", "\u{feff}[{ \"name\": \"a\",\r\n\"env\": \"dev\" }]\r\n").is_empty());
    assert!(found("a.yaml", "\u{feff}- name: a\r\n  env: dev\r\n").is_empty());
    assert!(found("a.csv", "\u{feff}name,env\r\na,dev\r\n").is_empty());
    assert_eq!(found("a.yaml", "\u{feff}- name: größe\r\n  env: dve\r\n"), ["F0307 a.yaml:1:10", "F0302 a.yaml:2:8"]);
    assert_eq!(found("a.json", "\u{feff}[{ \"name\": \"größe\", \"env\": \"dve\" }]")[1], "F0302 a.json:1:29");
}

#[test]
fn blanks_and_nothing_are_empty() {
    for (path, text) in [("a.json", ""), ("a.json", " \r\n\t"), ("a.yaml", "\u{feff}\n"), ("a.csv", "\n\n")] {
        assert_eq!(found(path, text), ["F0012 main.fleet:18:11"], "{path} {text:?}");
    }
    for (path, text) in [("a.yaml", "---\n---\n"), ("a.yaml", "# nothing\n"), ("a.csv", "name,env\n"), ("a.json", "{}")]
    {
        assert_eq!(found(path, text), ["F0012 main.fleet:18:11"], "{path} {text:?}");
    }
}

#[test]
fn scalars_are_no_shape() {
    for text in ["1", "true", "null", "\"a\"", "1.5e999"] {
        assert_eq!(found("a.json", text), ["F0012 main.fleet:18:11"], "{text}");
        assert_eq!(found("a.yaml", text), ["F0012 main.fleet:18:11"], "{text}");
    }
}

#[test]
fn a_thousand_different_mistakes_are_shown_in_part() {
    let rows: String = (0..1_000).map(|row| format!("c-{row},wrong-{row}\n")).collect();
    let found = found("a.csv", format!("name,env\n{rows}"));
    assert_eq!(found.len(), 20);
    assert_eq!(found[0], "F0302 a.csv:2:5");
}

#[test]
fn a_file_larger_than_the_limit_is_not_read() {
    assert_eq!(found("a.json", vec![b' '; 64 * 1024 * 1024 + 1]), ["F0001 main.fleet:18:11"]);
}

#[test]
fn more_values_than_the_limit_are_not_kept() {
    let many = format!("[{}0]", "0,".repeat(4_000_000));
    assert_eq!(found("a.json", many), ["F0001 a.json:1:8000002"]);
}

pub fn read(path: &str, text: &str) {
    let source = Sources::default().add(SourceFile::new(path, Origin::Data, text));
    let _ = fleetc::data::read(source, text, Format::of(path).unwrap());
}

/// No prefix of a file, and no byte that is changed in it, brings the readers down.
#[test]
fn no_cut_and_no_changed_byte_brings_it_down() {
    let cases = [
        ("a.json", r#"[{"name":"a","env":"dev","nodes":-1.5e3,"x":[null,true,"\u00e9\n"]}]"#),
        ("a.yaml", "- name: \"a\"\n  env: 'dev'\n  x: [1, {b: c}]\n  y: |\n    text\n"),
        ("a.csv", "name,env\n\"a\"\"b\",dev\r\nc,\"d\"\n"),
    ];
    for (path, text) in cases {
        for end in 0..text.len() {
            read(path, &text[..end]);
        }
        for at in 0..text.len() {
            for byte in [b'"', b'[', b'}', b':', b'\n', b'\\', b'&', b'*', b'!', b',', 0, 0xC3] {
                let mut changed = text.to_owned();
                changed.replace_range(at..=at, &char::from(byte).to_string());
                read(path, &changed);
            }
        }
    }
}
