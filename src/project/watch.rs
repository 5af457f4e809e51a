//! What was asked of the files of a project, and what they answered: whether a compilation would be told the same again.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::paths::normalise;
use super::{Entry, Files, MemoryFiles, Project, Repository};

/// Something that the compiler may ask of [`Files`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Question {
    Read(String),
    ReadAtMost(String, u64),
    List(String),
    Repository,
    PathFrom(String),
}

/// Questions, each with a hash of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers(Vec<(Question, String)>);

impl Answers {
    /// Whether `files` answers all of them the same.
    pub fn are_those_of(&self, files: &dyn Files) -> bool {
        self.0.iter().all(|(question, answer)| *answer == question.ask(files))
    }

    /// What `files` answers now that the folder `made` may have been made; none where anything else is answered otherwise.
    ///
    /// Whoever lists a folder looks for names in it, or goes on into what it finds there. So a folder more that nobody went
    /// into is nothing to them.
    pub fn beside(self, made: &str, files: &dyn Files) -> Option<Self> {
        let made = normalise(made)?;
        let answers = self.0.into_iter().map(|(question, before)| {
            let now = question.ask(files);
            let same = now == before || question.without(&made, files).is_some_and(|rest| rest == before);
            same.then_some((question, now))
        });
        answers.collect::<Option<_>>().map(Self)
    }
}

impl Question {
    /// The hash of what `files` answers.
    fn ask(&self, files: &dyn Files) -> String {
        match self {
            Self::Read(path) => of_bytes(&files.read(path)),
            Self::ReadAtMost(path, most) => of_bytes(&files.read_at_most(path, *most)),
            Self::List(path) => of(&files.list(path)),
            Self::Repository => of(&files.repository()),
            Self::PathFrom(ancestor) => of(&files.path_from(ancestor)),
        }
    }

    /// The hash of what a folder above `made` holds beside what leads there.
    fn without(&self, made: &str, files: &dyn Files) -> Option<String> {
        let Self::List(folder) = self else { return None };
        let folder = normalise(folder)?;
        let rest = if folder == "." { made } else { made.strip_prefix(&folder)?.strip_prefix('/')? };
        let name = rest.split('/').next()?;
        let entries = files.list(&folder)?;
        Some(of(&Some(entries.into_iter().filter(|entry| entry.name != name).collect::<Vec<_>>())))
    }
}

/// The hash of bytes, or of why there are none.
fn of_bytes(answer: &io::Result<Vec<u8>>) -> String {
    match answer {
        Ok(bytes) => format!("{:x}", Sha256::digest(bytes)),
        Err(error) => format!("{:?} {error}", error.kind()),
    }
}

/// The hash of any other answer.
fn of(answer: &impl std::fmt::Debug) -> String {
    format!("{:x}", Sha256::digest(format!("{answer:?}")))
}

/// Takes down what is asked of the files of a project from when it was made.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Mutex<BTreeMap<Question, String>>>);

impl Watch {
    /// Watches the files of `project`.
    pub fn over(project: &mut Project) -> Self {
        let watch = Self::default();
        let files = mem::replace(&mut project.files, Box::new(MemoryFiles::new()));
        project.files = Box::new(Watched { files, watch: watch.clone() });
        watch
    }

    /// What was answered so far.
    pub fn answers(&self) -> Answers {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Answers(answers.iter().map(|(question, answer)| (question.clone(), answer.clone())).collect())
    }

    fn note(&self, question: Question, answer: impl FnOnce() -> String) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.entry(question).or_insert_with(answer);
    }
}

/// Files that are watched.
struct Watched {
    files: Box<dyn Files + Send + Sync>,
    watch: Watch,
}

impl Files for Watched {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let answer = self.files.read(path);
        self.watch.note(Question::Read(path.to_string()), || of_bytes(&answer));
        answer
    }

    fn read_at_most(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let answer = self.files.read_at_most(path, most);
        self.watch.note(Question::ReadAtMost(path.to_string(), most), || of_bytes(&answer));
        answer
    }

    fn list(&self, path: &str) -> Option<Vec<Entry>> {
        let answer = self.files.list(path);
        self.watch.note(Question::List(path.to_string()), || of(&answer));
        answer
    }

    fn repository(&self) -> Option<Repository> {
        let answer = self.files.repository();
        self.watch.note(Question::Repository, || of(&answer));
        answer
    }

    fn path_from(&self, ancestor: &str) -> Option<String> {
        let answer = self.files.path_from(ancestor);
        self.watch.note(Question::PathFrom(ancestor.to_string()), || of(&answer));
        answer
    }
}
