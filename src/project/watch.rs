//! What was asked of the files of a project, and what they answered: whether a compilation would be told the same again.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Entry, Files, MemoryFiles, Project, Repository};

/// Something that the compiler may ask of [`Files`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Question {
    Read(String),
    ReadAtMost(String, u64),
    List(String),
    Find(String, String),
    HasFolder(String),
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
}

impl Question {
    /// The hash of what `files` answers.
    fn ask(&self, files: &dyn Files) -> String {
        match self {
            Self::Read(path) => of_bytes(&files.read(path)),
            Self::ReadAtMost(path, most) => of_bytes(&files.read_at_most(path, *most)),
            Self::List(path) => of(&files.list(path)),
            Self::Find(folder, name) => of(&files.find(folder, name)),
            Self::HasFolder(path) => of(&files.has_folder(path)),
            Self::Repository => of(&files.repository()),
            Self::PathFrom(ancestor) => of(&files.path_from(ancestor)),
        }
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
        let answers = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers().contains_key(&question);
        if !known {
            // Others ask meanwhile: the hash of a large file takes its time.
            let answer = answer();
            answers().insert(question, answer);
        }
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

    fn find(&self, folder: &str, name: &str) -> Option<Entry> {
        let answer = self.files.find(folder, name);
        self.watch.note(Question::Find(folder.to_string(), name.to_string()), || of(&answer));
        answer
    }

    fn has_folder(&self, path: &str) -> bool {
        let answer = self.files.has_folder(path);
        self.watch.note(Question::HasFolder(path.to_string()), || of(&answer));
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
