//! What must hold for any input: a function a fuzz target, which panics where it does not.
//!
//! `fuzz_targets/` gives them what libFuzzer makes up, `tests/fuzz.rs` the saved corpus. They use the public doors of the
//! crate alone, and touch no disk.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fleetc::analysis::{Compilation, compile};
use fleetc::data::{self, Format, Kind, Node};
use fleetc::diag::render::{self, Look};
use fleetc::diag::{Diagnostics, Severity, report::Report};
use fleetc::format::{Formatted, format};
use fleetc::output::{self, Disk, Folder, Found, Hash, Hold, Lock, Permit, Place, Record, Trouble, Wanted, compare};
use fleetc::project::MemoryFiles;
use fleetc::source::{Origin, SourceFile, SourceId, Sources, Span};
use fleetc::syntax::{Parse, kind::SyntaxKind, limits, parse};
use fleetc::target::{self, Engines, yaml};
use serde_json::{Value, json};

/// What must hold for any input.
type Law = fn(&[u8]);

/// The targets, each with its law.
pub const LAWS: [(&str, Law); 7] = [
    ("parse", reading),
    ("format", formatting),
    ("check", checking),
    ("manifests", building),
    ("lock", locking),
    ("inventory", counting),
    ("yaml", writing),
];

/// Gives `bytes` to the target of this name.
pub fn obey(target: &str, bytes: &[u8]) {
    let (_, law) = LAWS.iter().find(|(name, _)| *name == target).unwrap();
    law(bytes);
}

/// A text is read without a panic into a tree that holds every byte of it, with every place between two characters.
fn reading(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("main.fleet", Origin::Project, text.as_ref()));
    let parsed = parse(id, &text);
    tree_is_whole(&text, &parsed);
    places_are_sound(&parsed.diagnostics, &sources);
    let again = parse(id, &text);
    assert!(parsed.cst == again.cst, "the same text gives the same tree");
    let errors = parsed.cst.nodes().iter().any(|node| node.kind.is_error());
    assert!(!errors || !parsed.diagnostics.is_empty(), "an error in the tree is said");
    let hidden = text.chars().skip(1).any(limits::is_invisible);
    assert!(!hidden || parsed.diagnostics.has_errors(), "what cannot be seen is refused");
}

/// A text is laid out once and for all, and says what it said.
fn formatting(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let id = SourceId::default();
    let (laid_out, broken) = match format(id, text) {
        Formatted::Text { text, broken } => (text, broken),
        Formatted::Unread(diagnostics) => {
            assert!(diagnostics.has_errors(), "what is not read has a reason");
            return;
        }
        Formatted::Bug(bug) => panic!("{}", bug.message),
    };
    let (before, after) = (parse(id, text), parse(id, &laid_out));
    assert_eq!(said(text, &before), said(&laid_out, &after), "the tokens and comments are the same");
    let codes_of = [codes(&before.diagnostics), codes(&after.diagnostics)];
    // On a line with a character that cannot be seen or a string that is never closed, nothing else is said; and what stands on
    // a line is what laying out changes.
    if !codes_of[0].iter().any(|code| matches!(*code, "F0003" | "F0104")) {
        assert_eq!(codes_of[0], codes_of[1], "the same is wrong with it");
    }
    assert_eq!(broken, before.diagnostics.has_errors());
    match format(id, &laid_out) {
        Formatted::Text { text, .. } => assert_eq!(text, laid_out, "what was laid out stays as it is"),
        other => panic!("what was laid out is no longer read: {other:?}"),
    }
}

/// A fleet is judged without a panic, twice the same, and what is said can be shown in every form.
fn checking(bytes: &[u8]) {
    judged_alike(|| compile(&files("main.fleet", bytes, MemoryFiles::new()).into_project(), &[]));
}

/// What a fleet becomes, or what declarations make of one that is sound without them: files that are YAML, with safe
/// names, the same whenever they are built.
fn building(bytes: &[u8]) {
    let declares = |word: &str| {
        let line = format!("\n{word}");
        bytes.starts_with(word.as_bytes()) || bytes.windows(line.len()).any(|part| part == line.as_bytes())
    };
    let engines = if declares("argocd ") || declares("flux ") { "" } else { ENGINES };
    let around = || match declares("fleet ") {
        true => MemoryFiles::new(),
        false => frame().file("main.fleet", FRAME).file("engines.fleet", engines),
    };
    let project = || files("more.fleet", bytes, around()).into_project();
    let compilation = judged_alike(|| compile(&project(), &[]));
    let Some(plan) = &compilation.plan else { return };
    let engines = Engines { argocd: true, flux: true };
    let tree = target::build(plan, &engines);
    // The output room says no to a path outside of the folder, to two that are one on other machines, and so on: then
    // nothing is written. It may not come to that.
    let place = Place::on(Arc::new(Memory::default()), Path::new("/"), "gitops").unwrap();
    let wanted = Wanted { tree, record: Record::of(plan, &engines).into(), ..Wanted::default() };
    if let Err(trouble) = compare(&place, &wanted, &mut Sources::default()) {
        panic!("what was accepted cannot be written: {trouble}");
    }
    for (path, text) in &wanted.tree {
        is_inside(path);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "a control character in {path}:\n{text}");
        if path.ends_with(".yaml") {
            for document in documents(text).unwrap_or_else(|error| panic!("{path} is no YAML: {error}\n{text}")) {
                is_data(&document, path);
            }
        }
    }
    let again = compile(&project(), &[]).plan.unwrap();
    assert!(target::build(&again, &engines) == wanted.tree, "the same sources give the same bytes");
}

/// A `fleet.lock` that anybody may have written is a lock or an error, and nothing goes that a build has not written.
fn locking(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = Lock::parse(&text);
    if let Ok(lock) = &read {
        for path in lock.files.keys() {
            is_inside(path);
        }
        let written = lock.text();
        let back = Lock::parse(&written).expect("what a build writes is read");
        assert_eq!(back.text(), written, "a lock says what it said");
        let digest = |text: &str| serde_json::from_str::<Value>(text).unwrap()["digest"].clone();
        let (meant, old) = (digest(&text), text.contains("fleetc.lock/2"));
        assert!(meant.is_null() || old || meant == digest(&written), "a lock that was edited is refused");
    }
    // A folder with what a build wrote, and a file of somebody else at each path that the lock names.
    let disk = Arc::new(Memory::default());
    let built = built();
    for (path, text) in &built.tree {
        disk.put(&format!("gitops/{path}"), text.as_bytes());
    }
    disk.put("gitops/fleet.lock", bytes);
    let theirs = b"# nobody but its owner may remove this\n";
    for path in read.iter().flat_map(|lock| lock.files.keys()).filter(|path| !built.tree.contains_key(*path)) {
        disk.put(&format!("gitops/{path}"), theirs);
    }
    let place = Place::on(disk, Path::new("/"), "gitops").unwrap();
    let record = Record { fleet: built.record.fleet.clone(), ..Record::default() };
    let nothing = Wanted { record: record.into(), ..Wanted::default() };
    let permit = Permit { edits: true, ..Permit::default() };
    let mut sources = Sources::default();
    match compare(&place, &nothing, &mut sources) {
        Ok(changes) => {
            let lock = read.expect("a lock that cannot be read is never taken for none");
            for change in changes.files.iter().filter(|change| matches!(change.kind, output::Kind::Remove)) {
                let before = change.before.as_deref().unwrap();
                assert_ne!(before, theirs, "{} is not the build's", change.path);
                assert!(lock.files.contains_key(&*change.path), "{} is in the lock", change.path);
            }
            _ = shown(&changes.refusals(&permit, &mut sources), &sources);
        }
        Err(Trouble::Refused(diagnostics)) => {
            assert!(read.is_err(), "a lock that can be read is no reason to refuse");
            places_are_sound(&diagnostics, &sources);
            _ = shown(&diagnostics, &sources);
        }
        // A path of the lock in the way of another one.
        Err(trouble) => _ = trouble.to_string(),
    }
}

/// A data file that anybody may have written: the first byte says how it is written.
fn counting(bytes: &[u8]) {
    let Some((first, data)) = bytes.split_first() else { return };
    let path = ["data.json", "data.yaml", "data.csv"][usize::from(*first) % 3];
    if let Ok(text) = std::str::from_utf8(data) {
        let source = Sources::default().add(SourceFile::new(path, Origin::Data, text));
        match data::read(source, text, Format::of(path).unwrap()) {
            Ok(nodes) => nodes.iter().for_each(|node| lies_inside(node, text)),
            Err(refused) => lies_in(refused.primary.span, text),
        }
    }
    let main = format!("{FRAME}{ENGINES}inventory \"{path}\" {{ protected = env == prod }}\n");
    let project = || frame().file("main.fleet", main.as_str()).file(path, data).into_project();
    let compilation = judged_alike(|| compile(&project(), &[]));
    if let Some(plan) = &compilation.plan {
        for cluster in &plan.clusters {
            is_inside(&cluster.name);
        }
    }
}

/// A value that our writer writes is read back as it was: the value of a JSON text, else the text as a value.
fn writing(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let given = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_ref()));
    if !can_be_kept(&given) {
        return;
    }
    let mut meant = vec![given.clone(), json!([[given]]), json!({ "a": [{ "b": given }, given], "c": { "d": given } })];
    if let Value::String(key) = &given {
        meant.push(json!({ key.as_str(): key, "z": { key.as_str(): [] } }));
    }
    for meant in &meant {
        let written = yaml::document(meant);
        for line in written.lines() {
            assert!(!line.ends_with(' ') && !line.chars().any(char::is_control), "{line:?} in\n{written}");
        }
        for written in [written.as_str(), yaml::trimmable(meant).trim()] {
            let read: Value = serde_saphyr::from_str_with_options(written, reader())
                .unwrap_or_else(|error| panic!("{error} for {meant} in\n{written}"));
            assert!(is_same(&read, meant), "{read} for {meant} in\n{written}");
        }
    }
    let stream = yaml::stream(&meant);
    let read = documents(&stream).unwrap();
    let expected: Vec<&Value> = meant.iter().filter(|value| !value.is_null()).collect();
    assert!(read.len() == expected.len() && read.iter().zip(expected).all(|(a, b)| is_same(a, b)), "{stream}");
}

/// The engines of the frame.
const ENGINES: &str = "argocd { progressive-syncs = true }\nflux { }\n";

/// A fleet that is sound: what stands around a fuzzed part of one.
const FRAME: &str = r#"fleet frame { source = config, migrating = true }
source config { git = "https://github.com/acme/config", branch = "main" }
source charts { helm = "https://charts.example.com" }
label env: dev | prod
label region: us | eu
label note: string = "none"
fact domain: string = "none"
fact sizes: list = []
cluster "${env}-us" for env in [dev, prod] { region = us }
cluster prod-eu { env = prod, region = eu }
rollout slow { stage dev on env == dev { }, stage prod on rest { } }
component web on all { path = "apps/web", namespace = web }
"#;

/// The files of an input: a line `#! file: PATH` begins another one.
fn files(first: &str, bytes: &[u8], mut files: MemoryFiles) -> MemoryFiles {
    let mark = b"\n#! file: ";
    let mut rest = bytes;
    let mut path = first.to_owned();
    loop {
        let end = rest.windows(mark.len()).position(|part| part == mark);
        files = files.file(&path, &rest[..end.unwrap_or(rest.len())]);
        let Some(end) = end else { return files };
        let behind = &rest[end + mark.len()..];
        let line = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
        path = String::from_utf8_lossy(&behind[..line]).trim().to_owned();
        rest = &behind[line..];
    }
}

/// The files that components of the frame may name.
fn frame() -> MemoryFiles {
    MemoryFiles::new()
        .repository(".", ["https://github.com/acme/config"])
        .file("apps/web/kustomization.yaml", "resources: []\n")
        .file("apps/api/dev/kustomization.yaml", "resources: []\n")
        .file("apps/api/prod/kustomization.yaml", "resources: []\n")
        .file("values.yaml", "replicas: 3\n")
}

/// What a build wrote, whatever the manifests look like today.
fn built() -> Wanted {
    let tree =
        ["argocd/root.yaml", "argocd/projects/team.yaml", "flux/hub/kustomization.yaml", "flux/clusters/a/web.yaml"];
    let tree = tree.map(|path| (path.to_owned(), format!("# of {path}\n"))).into();
    let web = ["argocd/component/web", "flux/component/web"].map(str::to_owned);
    let clusters = || ["dev-us", "prod-us"].map(Arc::from).into();
    let record = Record {
        fleet: "frame".to_owned(),
        identities: web.clone().map(|identity| (identity, clusters())).into(),
        protected: Some(["prod-us".into()].into()),
        cascade: web.clone().into_iter().take(1).map(|identity| (identity, clusters())).collect(),
        places: [(web[1].clone(), [("web".to_owned(), ["prod-us".into()].into())].into())].into(),
        contents: web.map(|identity| (identity, Hash::parse(&"0".repeat(64)).unwrap())).into(),
    };
    Wanted { tree, record: record.into(), ..Wanted::default() }
}

/// The lock of what [`built`] says, which the corpus of `lock` holds.
#[allow(dead_code, reason = "the fuzzers have it from the corpus")]
pub fn built_lock() -> String {
    let place = Place::on(Arc::new(Memory::default()), Path::new("/"), "gitops").unwrap();
    compare(&place, &built(), &mut Sources::default()).unwrap().new.text()
}

/// Compiles twice, and looks at what is said.
fn judged_alike(judge: impl Fn() -> Compilation) -> Compilation {
    let (one, other) = (judge(), judge());
    places_are_sound(&one.diagnostics, &one.sources);
    assert_eq!(one.plan.is_none(), one.diagnostics.has_errors(), "a plan, or an error");
    let said = shown(&one.diagnostics, &one.sources);
    let again = render::json(&Report::new(&other.diagnostics, &other.sources));
    assert!(said.contains(&again), "the same sources are judged alike: {again}");
    one
}

/// Shows what was found in every form. Nothing that a terminal would obey is in it.
fn shown(diagnostics: &Diagnostics, sources: &Sources) -> Vec<String> {
    let report = Report::new(diagnostics, sources);
    let full = [40, 120].map(|width| render::full(diagnostics, sources, &Look::plain(width)));
    let lines =
        [render::concise, render::plain, render::agent, render::github, render::summary].map(|form| form(&report));
    let data = [render::json, render::jsonl, render::sarif, render::gitlab, render::rdjson].map(|form| form(&report));
    for text in full.iter().chain(&lines).chain(&data) {
        let obeyed =
            |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if let Some(c) = text.chars().find(|c| obeyed(*c)) {
            assert!(data.contains(text) && !c.is_control(), "{c:?} in\n{text}");
        }
    }
    for text in data.iter().enumerate().filter(|(form, _)| *form != 1).map(|(_, text)| text) {
        serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    }
    let back: Report = serde_json::from_str(&data[0]).unwrap();
    assert!(back == report, "the JSON is all of it");
    let junit = render::junit(&report);
    assert!(!junit.chars().any(|c| c.is_control() && c != '\n'), "{junit:?}");
    full.into_iter().chain(lines).chain(data).chain([junit]).collect()
}

fn codes(diagnostics: &Diagnostics) -> Vec<&'static str> {
    let mut codes: Vec<_> = diagnostics.iter().map(|found| found.code.id).collect();
    codes.sort_unstable();
    codes
}

/// Every place of what was found lies in its text, and none of it is a bug of ours.
fn places_are_sound(diagnostics: &Diagnostics, sources: &Sources) {
    for found in diagnostics.iter() {
        assert!(found.code.id != "F0901", "{}", found.message);
        assert!(found.severity != Severity::Error || !found.message.is_empty());
        let labels = std::iter::once(&found.primary).chain(&found.related).map(|label| label.span);
        let edits = found.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in labels.chain(edits) {
            lies_in(span, &sources.file(span.source).text);
        }
    }
}

fn lies_in(span: Span, text: &str) {
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} is no place in {text:?}");
}

fn lies_inside(node: &Node, text: &str) {
    lies_in(node.span, text);
    lies_in(node.place(), text);
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| lies_inside(item, text)),
        Kind::Map(entries) => entries.iter().for_each(|entry| {
            lies_in(entry.at, text);
            lies_inside(&entry.value, text);
        }),
        _ => {}
    }
}

/// Holds of the tree: nodes nest, leaves follow each other, only blanks and what is reported lie between them.
fn tree_is_whole(text: &str, parsed: &Parse) {
    let nodes = parsed.cst.nodes();
    let root = nodes.first().expect("a root");
    assert_eq!((root.start as usize, root.end as usize, root.subtree as usize), (0, text.len(), nodes.len()));
    // The ends of the open nodes: in bytes, and in the list.
    let mut open: Vec<(u32, usize)> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        lies_in(Span::new(parsed.cst.source, node.start, node.end), text);
        while open.last().is_some_and(|(_, behind)| *behind <= index) {
            open.pop();
        }
        let behind = index + node.subtree as usize;
        assert!(
            open.last().is_none_or(|(end, last)| node.end <= *end && behind <= *last),
            "{node:?} lies in its parent"
        );
        open.push((node.end, behind));
    }
    if root.kind == SyntaxKind::Unparsed {
        return;
    }
    let mut end = 0;
    let leaves = parsed.cst.leaves().filter(|leaf| leaf.kind != SyntaxKind::File);
    for (start, next) in leaves.map(|leaf| (leaf.start, leaf.end)).chain([(root.end, root.end)]) {
        let gap =
            text.get(end as usize..start as usize).unwrap_or_else(|| panic!("leaves overlap at {end} and {start}"));
        // On a line with a character that cannot be seen or a string that is never closed, nothing else is said.
        let spoilt = || {
            let line = text[..end as usize].rfind('\n').map_or(0, |at| at + 1);
            let line = line..text[line..].find('\n').map_or(text.len(), |end| line + end);
            let mut found = parsed.diagnostics.iter().filter(|found| matches!(found.code.id, "F0003" | "F0104"));
            found.any(|found| line.contains(&(found.primary.span.start as usize)))
        };
        let reported = |at: usize| {
            let mut spans = parsed.diagnostics.iter().map(|found| found.primary.span);
            spans.any(|span| (span.start as usize..span.end as usize).contains(&(end as usize + at))) || spoilt()
        };
        let passed = gap.char_indices().all(|(at, c)| matches!(c, ' ' | '\t' | '\r') || reported(at));
        assert!(passed, "{gap:?} is no leaf and was not reported");
        end = next;
    }
}

/// The tokens of a text and its comments, in order. The commas that separate entries are the layout's.
fn said<'t>(text: &'t str, parsed: &Parse) -> [Vec<(SyntaxKind, &'t str)>; 2] {
    let told = |comments: bool| {
        let leaves = parsed.cst.leaves().filter(move |leaf| match leaf.kind {
            SyntaxKind::Comment => comments,
            // That of a text without a token is a leaf.
            SyntaxKind::Comma | SyntaxKind::File => false,
            kind => !comments && !kind.is_trivia(),
        });
        leaves.map(|leaf| (leaf.kind, text.get(leaf.start as usize..leaf.end as usize).unwrap())).collect()
    };
    [told(false), told(true)]
}

/// No path leads out of the output folder, or is something else on another machine.
fn is_inside(path: &str) {
    for part in path.split('/') {
        let safe = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        assert!(!part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && safe, "{path:?}");
    }
}

/// What an engine is given has the form of an object of Kubernetes, or of a list of patches.
fn is_data(document: &Value, path: &str) {
    let object = document.is_object() && document.get("kind").is_some_and(Value::is_string);
    assert!(object || document.is_array() || path.contains("values"), "{path}: {document}");
}

/// Reads as Kubernetes does.
fn reader() -> serde_saphyr::Options {
    serde_saphyr::options! { budget: None, legacy_octal_numbers: true, strict_booleans: false }
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    serde_saphyr::from_multiple_with_options(text, reader()).map_err(|error| error.to_string())
}

/// Whether the writer takes the value: the compiler refuses characters that no reader keeps.
fn can_be_kept(value: &Value) -> bool {
    match value {
        Value::String(text) => yaml::writable(text).is_ok(),
        Value::Array(items) => items.iter().all(can_be_kept),
        Value::Object(map) => map.iter().all(|(key, value)| yaml::writable(key).is_ok() && can_be_kept(value)),
        _ => true,
    }
}

/// Equality that also tells `-0.0` from `0.0` and `1.0` from `1`.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.to_string() == b.to_string(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A disk that is not there: files by their paths, and the folders that these lie in.
#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Memory {
    fn put(&self, path: &str, bytes: &[u8]) {
        self.0.lock().unwrap().insert(path.to_owned(), bytes.to_vec());
    }
}

impl Disk for Memory {
    fn look(&self, folder: &Folder, name: &str) -> io::Result<Found> {
        let files = self.0.lock().unwrap();
        let path = folder.join(name);
        let below = format!("{path}/");
        if files.contains_key(&path) {
            Ok(Found::File)
        } else if files.keys().any(|file| file.starts_with(&below)) {
            Ok(Found::Folder)
        } else {
            Ok(Found::Nothing)
        }
    }
    fn read(&self, folder: &Folder, name: &str, _: usize) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(&folder.join(name)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn entries(&self, _: &Folder) -> io::Result<Vec<(String, Found)>> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn create(&self, _: &Folder, _: &str, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn make_folder(&self, _: &Folder, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn may_change(&self, _: &Folder) -> io::Result<()> {
        Ok(())
    }
    fn rename(&self, _: (&Folder, &str), _: (&Folder, &str)) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn remove_file(&self, _: &Folder, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn remove_folder(&self, _: &Folder, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
    fn hold(&self, _: &Folder) -> io::Result<Option<Box<dyn Hold>>> {
        Ok(None)
    }
}
