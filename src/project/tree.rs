//! The files of one of Git's trees, read through one `git cat-file`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::load::{self, Unread};
use super::paths::{self, join, levels_up, normalise, split_last};
use super::snapshot::NoSnapshot;
use super::{Entry, Files, Repository, run_git};

/// How many symbolic links are followed to one file, as Linux does.
const MOST_LINKS: usize = 40;

/// What stands at a path; files and links with the name of the object that holds their bytes.
#[derive(Clone, Debug)]
enum Item {
    File(String),
    Link(String),
    /// A folder, or a submodule, whose files Git does not have here.
    Folder,
}

/// The files of a tree. Paths are relative to the root of the repository; `.` is the root.
pub(super) struct Tree {
    folders: HashMap<String, BTreeMap<String, Item>>,
    reader: Mutex<Reader>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").finish_non_exhaustive()
    }
}

impl Tree {
    /// The tree of a commit of the repository at `top`.
    pub fn of_commit(top: &Path, revision: &str) -> Result<Self, NoSnapshot> {
        let name = format!("{revision}^{{commit}}");
        let mut command = run_git::command(top);
        command.args(["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).stdin(Stdio::null());
        let found = command.output().map_err(|error| NoSnapshot::Git(run_git::not_run(&error)))?;
        if !found.status.success() {
            // For a name that it does not know it has no word.
            return Err(match found.stderr.is_empty() {
                true => NoSnapshot::Revision { revision: revision.to_string() },
                false => NoSnapshot::Git(run_git::answer(found).err().unwrap_or_default()),
            });
        }
        let commit = String::from_utf8_lossy(&found.stdout).trim().to_string();
        let listed = run_git::run(run_git::command(top).args(["ls-tree", "-r", "-z", "--full-tree", &commit]));
        Self::read_listing(top, &listed.map_err(NoSnapshot::Git)?)
    }

    /// Takes a listing apart, whose words are `<mode> <type> <object>`.
    fn read_listing(top: &Path, listed: &[u8]) -> Result<Self, NoSnapshot> {
        let mut folders: HashMap<String, BTreeMap<String, Item>> =
            HashMap::from_iter([(".".to_string(), BTreeMap::new())]);
        for (words, path) in lines(listed) {
            // A name that is no UTF-8 can be named by no fleet.
            let (Ok(path), Some(object)) = (std::str::from_utf8(path), words.get(2)) else { continue };
            let item = match words.first() {
                Some(&"120000") => Item::Link((*object).to_string()),
                Some(&"160000") => Item::Folder,
                _ => Item::File((*object).to_string()),
            };
            add(&mut folders, path, item);
        }
        let reader = Reader::start(run_git::command(top)).map_err(NoSnapshot::Git)?;
        Ok(Self { folders, reader: Mutex::new(reader) })
    }

    /// Where `path` leads when its links are followed, and whether that is a folder; none for nothing, and for what is
    /// outside of the repository.
    pub fn resolve(&self, path: &str) -> Option<(String, bool)> {
        self.follow(path, &mut { MOST_LINKS })
    }

    fn follow(&self, path: &str, links: &mut usize) -> Option<(String, bool)> {
        let path = normalise(path)?;
        if path == "." {
            return Some((path, true));
        }
        let (above, name) = split_last(&path)?;
        let (above, true) = self.follow(above, links)? else { return None };
        let here = join(&above, name);
        match self.folders.get(&above)?.get(name)? {
            Item::File(_) => Some((here, false)),
            Item::Folder => Some((here, true)),
            Item::Link(object) => {
                *links = links.checked_sub(1)?;
                let target = String::from_utf8(self.object(object, load::LARGEST).ok()?).ok()?;
                // Joined to a folder it would be taken for a relative one.
                if target.starts_with('/') { None } else { self.follow(&join(&above, &target), links) }
            }
        }
    }

    /// The bytes of the file at `path`, its links followed, unless there are more than `most`.
    pub fn read(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let (path, is_dir) = self.resolve(path).ok_or(io::ErrorKind::NotFound)?;
        if is_dir {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        match split_last(&path).and_then(|(folder, name)| self.folders.get(folder)?.get(name)) {
            Some(Item::File(object)) => self.object(object, most),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The same for a `.fleet` file.
    pub fn read_source(&self, path: &str) -> Result<Vec<u8>, Unread> {
        self.read(path, load::LARGEST).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Unread::TooLarge { size: load::LARGEST + 1 },
            _ => Unread::Io(error),
        })
    }

    fn object(&self, object: &str, most: u64) -> io::Result<Vec<u8>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(object, most)
    }

    /// The entries of a folder, its links followed.
    pub fn list(&self, path: &str) -> Option<Vec<Entry>> {
        let (folder, true) = self.resolve(path)? else { return None };
        let Some(items) = self.folders.get(&folder) else { return Some(Vec::new()) };
        let is_dir = |name: &str, item: &Item| match item {
            Item::File(_) => false,
            Item::Folder => true,
            Item::Link(_) => self.resolve(&join(&folder, name)).is_some_and(|(_, is_dir)| is_dir),
        };
        Some(items.iter().map(|(name, item)| Entry { name: name.clone(), is_dir: is_dir(name, item) }).collect())
    }

    /// What [`Files::find`] means there.
    fn find(&self, folder: &str, name: &str) -> Option<Entry> {
        let (folder, true) = self.resolve(folder)? else { return None };
        let items = self.folders.get(&folder)?;
        let like = || items.keys().find(|other| other.to_lowercase() == name.to_lowercase());
        let name = items.get_key_value(name).map(|(name, _)| name).or_else(like)?;
        let is_dir = self.resolve(&join(&folder, name)).is_some_and(|(_, is_dir)| is_dir);
        Some(Entry { name: name.clone(), is_dir })
    }

    /// The paths, relative to `folder`, of all files and links below it that lead through no name which `keep` refuses
    /// and none that `.gitignore` files ignore: those of the folder itself, and with `from_above` those above it.
    pub fn below(&self, folder: &str, from_above: bool, keep: &dyn Fn(&str, bool) -> bool) -> Vec<String> {
        let above = folder.match_indices('/').filter_map(|(at, _)| folder.get(..at));
        let above = Some(".").filter(|root| *root != folder).into_iter().chain(above);
        let mut rules = if from_above { above.filter_map(|above| self.rules(above)).collect() } else { Vec::new() };
        let mut found = Vec::new();
        self.walk(folder, "", &mut rules, keep, &mut found);
        found.sort();
        found
    }

    fn walk(
        &self,
        folder: &str,
        below: &str,
        rules: &mut Vec<Gitignore>,
        keep: &dyn Fn(&str, bool) -> bool,
        found: &mut Vec<String>,
    ) {
        let Some(items) = self.folders.get(folder) else { return };
        let before = rules.len();
        rules.extend(self.rules(folder));
        for (name, item) in items {
            let is_dir = matches!(item, Item::Folder);
            let path = join(folder, name);
            // The rules of the nearest folder that has one for this path count.
            let rule = rules.iter().rev().map(|rules| rules.matched(&path, is_dir)).find(|rule| !rule.is_none());
            if !keep(name, is_dir) || rule.is_some_and(|rule| rule.is_ignore()) {
                continue;
            }
            let below = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            if is_dir {
                self.walk(&path, &below, rules, keep, found);
            } else {
                found.push(below);
            }
        }
        rules.truncate(before);
    }

    /// The rules of the `.gitignore` in `folder`.
    fn rules(&self, folder: &str) -> Option<Gitignore> {
        let Item::File(object) = self.folders.get(folder)?.get(".gitignore")? else { return None };
        let text = self.object(object, load::LARGEST).ok()?;
        let mut builder = GitignoreBuilder::new(folder);
        for line in String::from_utf8_lossy(&text).lines() {
            // A line that Git does not understand ignores nothing.
            _ = builder.add_line(None, line);
        }
        builder.build().ok()
    }
}

/// Puts `item` at `path`, and the folders above it where they belong.
fn add(folders: &mut HashMap<String, BTreeMap<String, Item>>, path: &str, item: Item) {
    let mut item = item;
    let mut rest = path;
    while let Some((folder, name)) = split_last(rest) {
        let known = folders.contains_key(folder);
        folders.entry(folder.to_string()).or_default().insert(name.to_string(), item);
        if known {
            return;
        }
        item = Item::Folder;
        rest = folder;
    }
}

/// The words and the path of each line of a listing: `<words> TAB <path> NUL`.
fn lines(listed: &[u8]) -> impl Iterator<Item = (Vec<&str>, &[u8])> {
    listed.split(|byte| *byte == 0).filter_map(|line| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (words, path) = line.split_at_checked(tab)?;
        Some((std::str::from_utf8(words).ok()?.split(' ').collect(), path.get(1..)?))
    })
}

/// A `git cat-file --batch` that is asked for one object after another.
struct Reader {
    child: Child,
    /// None when it is to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Reader {
    fn start(mut command: Command) -> Result<Self, String> {
        command.args(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| run_git::not_run(&error))?;
        let output = child.stdout.take().ok_or("`git` has no output")?;
        Ok(Self { input: child.stdin.take(), output: BufReader::new(output), child })
    }

    fn read(&mut self, object: &str, most: u64) -> io::Result<Vec<u8>> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(format!("{object}\n").as_bytes())?;
        input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        // `<object> <type> <size>`, or `<object> missing`: a clone without all objects.
        let Some(size) = line.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok()) else {
            return Err(io::Error::other("Git knows the file and has lost its contents"));
        };
        if size > most {
            io::copy(&mut self.output.by_ref().take(size.saturating_add(1)), &mut io::sink())?;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = Vec::new();
        self.output.by_ref().take(size.saturating_add(1)).read_to_end(&mut bytes)?;
        // The line's end behind them is not theirs.
        if bytes.pop() != Some(b'\n') || bytes.len() as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.input = None;
        _ = self.child.wait();
    }
}

/// The files around a project's folder in a tree.
#[derive(Debug)]
pub(super) struct TreeFiles {
    tree: Tree,
    /// The project's folder, from the root of the repository.
    folder: String,
    /// The same on disk, absolute.
    root: PathBuf,
    repository: Repository,
}

impl TreeFiles {
    /// The files around `folder`, which on disk is `root`, in a repository with these remotes.
    pub fn new(tree: Tree, folder: String, root: PathBuf, remotes: Vec<String>) -> Self {
        let depth = folder.split('/').filter(|part| *part != ".").count();
        let top = if depth == 0 { ".".to_string() } else { vec![".."; depth].join("/") };
        Self { tree, folder, root, repository: Repository { root: top, remotes } }
    }

    /// The path from the root of the repository; none for one that leads out of it.
    fn locate(&self, path: &str) -> Option<String> {
        normalise(&join(&self.folder, &normalise(path)?)).filter(|path| levels_up(path) == 0)
    }
}

impl Files for TreeFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.read_at_most(path, u64::MAX)
    }

    fn read_at_most(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        self.tree.read(&self.locate(path).ok_or(io::ErrorKind::PermissionDenied)?, most)
    }

    fn list(&self, path: &str) -> Option<Vec<Entry>> {
        self.tree.list(&self.locate(path)?)
    }

    fn find(&self, folder: &str, name: &str) -> Option<Entry> {
        self.tree.find(&self.locate(folder)?, name)
    }

    fn repository(&self) -> Option<Repository> {
        Some(self.repository.clone())
    }

    fn path_from(&self, ancestor: &str) -> Option<String> {
        paths::from_ancestor(&self.root, ancestor)
    }
}
