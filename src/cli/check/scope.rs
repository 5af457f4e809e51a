//! Which project is checked, and which of its files are shown.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Check;
use crate::cli::terminal::Terminal;
use crate::cli::{Failure, load};
use crate::diag::Diagnostic;
use crate::project::{Index, Overlay, Project, reason};
use crate::source::Sources;

/// The name of a text on stdin that stands for no file.
const NAMELESS: &str = "stdin.fleet";

/// A project and what of it is shown.
pub struct Scope {
    /// The project.
    pub project: Project,
    /// Files and folders below its root; all without them. The root itself is the empty path.
    shown: Option<Vec<PathBuf>>,
    /// The file that stdin stands for, below the root.
    stdin: Option<PathBuf>,
    /// The index that the project is read from: its files are there as long as this.
    _index: Option<Index>,
}

impl Scope {
    /// What `check` asks for, started in the folder `start`.
    pub fn find(check: &Check, start: &Path, terminal: &Terminal) -> Result<Self, Failure> {
        match check.paths.as_slice() {
            [] if check.index => {
                let (index, project) = load::index(start, terminal)?;
                Ok(Self { project, shown: None, stdin: None, _index: Some(index) })
            }
            [] if check.stdin_filename.is_none() => {
                Ok(Self { project: load::project(start, None, terminal)?, shown: None, stdin: None, _index: None })
            }
            [only] if only.as_os_str() == "-" => Self::of_stdin(check, start, terminal),
            _ if check.stdin_filename.is_some() => {
                Err(Failure::new("`--stdin-filename` names the text on stdin").help("write `-` in place of the paths"))
            }
            paths if paths.iter().any(|path| path.as_os_str() == "-") => {
                Err(Failure::new("`-` stands alone: the text on stdin is one file"))
            }
            paths => Self::of_paths(paths, start, terminal),
        }
    }

    fn of_stdin(check: &Check, start: &Path, terminal: &Terminal) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(load::MOST_OF_STDIN)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(format!("cannot read stdin: {}", reason(&error))))?;
        let Some(name) = &check.stdin_filename else {
            let project = Project::alone(start, NAMELESS, bytes).map_err(|error| Failure::new(error.to_string()))?;
            return Ok(Self { project, shown: None, stdin: Some(PathBuf::from(NAMELESS)), _index: None });
        };
        let overlay = Overlay { path: resolve_new(start, name)?, bytes };
        let folder = existing(overlay.path.parent().unwrap_or(start));
        let project = load::project(folder, Some(&overlay), terminal)?;
        let Ok(below) = overlay.path.strip_prefix(&project.root).map(Path::to_path_buf) else {
            let message = format!("`{}` is not below the fleet's folder `{}`", name.display(), project.root.display());
            return Err(Failure::new(message));
        };
        let shown = (!check.all_files).then(|| vec![below.clone()]);
        Ok(Self { project, shown, stdin: Some(below), _index: None })
    }

    /// The one project of the paths.
    fn of_paths(paths: &[PathBuf], start: &Path, terminal: &Terminal) -> Result<Self, Failure> {
        let mut resolved = Vec::new();
        for path in paths {
            resolved.push(resolve(start, path)?);
        }
        let first = resolved.first().map_or(start, PathBuf::as_path);
        let project = load::project(folder_of(first), None, terminal)?;
        let mut shown = Vec::new();
        for path in &resolved {
            let root = Project::discover(folder_of(path)).ok().map(|other| other.root);
            match path.strip_prefix(&project.root) {
                Ok(below) if root.as_ref() == Some(&project.root) => shown.push(below.to_path_buf()),
                _ => {
                    let root = project.root.display();
                    let message = format!("`{}` is not part of the fleet in `{root}`", path.display());
                    return Err(Failure::new(message).help("check one fleet at a time"));
                }
            }
        }
        Ok(Self { project, shown: Some(shown), stdin: None, _index: None })
    }

    /// Whether a text on stdin is checked.
    pub fn is_stdin(&self) -> bool {
        self.stdin.is_some()
    }

    /// Whether `path`, below the root, is the file that stdin stands for.
    pub fn is_from_stdin(&self, path: &str) -> bool {
        self.stdin.as_deref() == Some(Path::new(path))
    }

    /// Whether `diagnostic` is in a file that is shown. `sources` have paths below the root.
    pub fn shows(&self, sources: &Sources, diagnostic: &Diagnostic) -> bool {
        self.shows_file(&sources.file(diagnostic.primary.span.source).path)
    }

    /// Whether the file `path`, below the root, is shown, and may be changed by a fix.
    pub fn shows_file(&self, path: &str) -> bool {
        self.shown.as_ref().is_none_or(|shown| shown.iter().any(|shown| Path::new(path).starts_with(shown)))
    }
}

fn resolve(start: &Path, path: &Path) -> Result<PathBuf, Failure> {
    let path = start.join(path);
    path.canonicalize().map_err(|error| Failure::new(format!("cannot read `{}`: {}", path.display(), reason(&error))))
}

/// The same for a file that need not exist, nor the folders it is in.
fn resolve_new(start: &Path, path: &Path) -> Result<PathBuf, Failure> {
    if path.extension().is_none_or(|extension| extension != "fleet") {
        let message = format!("`{}` is no `.fleet` file", path.display());
        return Err(Failure::new(message).help("name the file as it would be saved"));
    }
    let path = start.join(path);
    if let Ok(resolved) = path.canonicalize() {
        return Ok(resolved);
    }
    let folder = existing(path.parent().unwrap_or(start));
    let rest = path.strip_prefix(folder).unwrap_or(&path);
    Ok(resolve(start, folder)?.join(rest))
}

/// The nearest folder above that exists, or `folder` itself.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder)
}

fn folder_of(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}
