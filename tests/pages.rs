//! Pages whose examples are built: below each fleet stand files that it reads and files that it becomes.
//!
//! A block `fleet` that begins with `fleet` is a project. A block `yaml` behind it begins with a comment: the path of a
//! file that the project has, or the path of one that a build writes, with the part of it that is shown:
//! `# gitops/argocd/projects/shop.yaml: spec.roles`. `FLEETC_BLESS=1` writes what was built.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleetc::target::yaml::HEADER;

/// A page in pieces: text that stays, and the text of blocks that are shown.
enum Piece<'p> {
    Text(&'p str),
    Fleet(&'p str),
    Yaml(&'p str),
}

fn pieces(page: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("```") {
        let line = start + rest[start..].find('\n').unwrap() + 1;
        let end = line + rest[line..].find("```").unwrap();
        let body = &rest[line..end];
        let shown = match rest[start + 3..line].trim() {
            "fleet" if body.starts_with("fleet ") => Some(Piece::Fleet(body)),
            "yaml" if body.starts_with("# ") => Some(Piece::Yaml(body)),
            _ => None,
        };
        pieces.push(Piece::Text(&rest[..if shown.is_some() { start } else { end + 3 }]));
        pieces.extend(shown);
        rest = &rest[end + 3..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The lines of `text` at the keys of `path`, with the keys above them.
fn excerpt(text: &str, path: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut shown: Vec<&str> = Vec::new();
    for (depth, key) in path.split('.').enumerate() {
        let indent = "  ".repeat(depth);
        let start = lines.iter().position(|line| line.starts_with(&format!("{indent}{key}:"))).expect(path);
        let deeper = |line: &&&str| line.starts_with(&format!("{indent} "));
        let end = start + 1 + lines[start + 1..].iter().take_while(deeper).count();
        shown.push(lines[start]);
        lines = lines[start + 1..end].to_vec();
    }
    shown.extend(lines);
    shown.iter().map(|line| format!("{line}\n")).collect()
}

fn build(folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
    command.args(["build", "--no-cache", "-C"]).arg(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Everything that was built in `folder`, each file below its path.
fn everything(folder: &Path) -> String {
    let mut paths = vec![folder.join("gitops")];
    let mut all = String::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let mut inner: Vec<PathBuf> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
            inner.sort_by(|one, other| other.cmp(one));
            paths.extend(inner);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let place = path.strip_prefix(folder).unwrap().to_str().unwrap();
            all += &format!("---\n# {place}\n{}", text.strip_prefix(HEADER).unwrap());
        }
    }
    all
}

/// What is built of a page stands whole in `tests/build/pages`, where other tests look at all that is emitted.
fn check(name: &str) {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let pieces = pieces(&page);
    let mut expected = String::new();
    let mut built = HEADER.to_owned();
    let mut folder = PathBuf::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => expected += text,
            Piece::Fleet(body) => {
                folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{index}", name.replace('/', "-")));
                let _ = fs::remove_dir_all(&folder);
                write(&folder, "fleet.fleet", body);
                let of_this = pieces[index + 1..].iter().take_while(|piece| !matches!(piece, Piece::Fleet(_)));
                for piece in of_this {
                    if let Piece::Yaml(body) = piece {
                        let path = body[2..].lines().next().unwrap();
                        if !path.starts_with("gitops/") {
                            write(&folder, path, body.split_once('\n').unwrap().1);
                        }
                    }
                }
                build(&folder);
                built += &everything(&folder);
                expected += &format!("```fleet\n{body}```");
            }
            Piece::Yaml(body) => {
                let title = body.lines().next().unwrap();
                let (path, part) =
                    title[2..].split_once(": ").map_or((&title[2..], None), |(path, part)| (path, Some(part)));
                if !path.starts_with("gitops/") {
                    expected += &format!("```yaml\n{body}```");
                    continue;
                }
                let text = fs::read_to_string(folder.join(path)).unwrap_or_else(|_| panic!("{path} is not built"));
                let text = text.strip_prefix(HEADER).unwrap_or(&text);
                let text = part.map_or_else(|| text.to_owned(), |part| excerpt(text, part));
                expected += &format!("```yaml\n{title}\n{text}```");
            }
        }
    }
    support::golden(name, &expected);
    let file = Path::new(name).file_stem().unwrap().to_str().unwrap();
    support::golden(&format!("tests/build/pages/{file}.yaml"), &built);
}

#[test]
fn the_page_of_values_shows_what_is_built() {
    check("docs/values.md");
}

#[test]
fn the_page_of_projects_shows_what_is_built() {
    check("docs/projects.md");
}

#[test]
fn the_page_of_shards_shows_what_is_built() {
    check("docs/sharding.md");
}
