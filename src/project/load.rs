//! From the bytes of a `.fleet` file to a source, or a diagnostic about it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::reason;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{Origin, SourceFile, Sources, Span};

/// The largest file, in bytes: a limit of the language, the same on every machine.
pub(super) const LARGEST: u64 = 4 * 1024 * 1024;

/// Why there is no text.
#[derive(Debug)]
pub enum Unread {
    /// More than [`LARGEST`].
    TooLarge {
        /// How many bytes it has.
        size: u64,
    },
    /// The disk says no.
    Io(io::Error),
    /// A reason in words, after "`path` ".
    Because(&'static str),
}

/// The bytes of the file at `path`, unless it is too large for a `.fleet` file.
pub fn read(path: &Path) -> Result<Vec<u8>, Unread> {
    read_at_most(path, LARGEST)
}

/// The bytes of the file at `path`, unless it has more than `most`, which is known without reading it.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    // Before it is opened, which for a pipe would last until somebody writes to it.
    if !std::fs::metadata(path).map_err(Unread::Io)?.is_file() {
        return Err(Unread::Because("is not a regular file"));
    }
    let file = File::open(path).map_err(Unread::Io)?;
    let metadata = file.metadata().map_err(Unread::Io)?;
    if metadata.len() > most {
        return Err(Unread::TooLarge { size: metadata.len() });
    }
    let mut bytes = Vec::new();
    // One byte more than is allowed: a file may grow while it is read.
    file.take(most + 1).read_to_end(&mut bytes).map_err(Unread::Io)?;
    match bytes.len() as u64 {
        size if size > most => Err(Unread::TooLarge { size }),
        _ => Ok(bytes),
    }
}

/// Adds the file `path` to `sources`, and to `diagnostics` what is wrong with it.
pub fn add(sources: &mut Sources, diagnostics: &mut Diagnostics, path: &str, bytes: Result<Vec<u8>, Unread>) {
    let bytes = bytes.and_then(|bytes| match bytes.len() as u64 {
        size if size > LARGEST => Err(Unread::TooLarge { size }),
        _ => Ok(bytes),
    });
    let mut add = |text: String| sources.add(SourceFile::new(path, Origin::Project, text));
    match bytes.map(String::from_utf8) {
        Ok(Ok(text)) => _ = add(text),
        Ok(Err(error)) => {
            let (bytes, valid) = (error.as_bytes(), error.utf8_error().valid_up_to());
            let (text, start, end) = repaired(bytes, valid);
            let span = Span::new(add(text), start, end);
            diagnostics.push(not_utf8(span, path, bytes, valid));
        }
        Err(unread) => {
            let span = Span::new(add(String::new()), 0, 0);
            diagnostics.push(not_read(span, path, &unread));
        }
    }
}

/// What can be shown and parsed of `bytes`, which are UTF-8 up to `valid`, and the place of the first wrong one in it.
///
/// The bytes before that place keep theirs, and its replacement has three bytes. The rest is kept too, so that one old
/// umlaut in a comment hides nothing that is declared. But bytes with a NUL are UTF-16 or no text: nothing of them is.
fn repaired(bytes: &[u8], valid: usize) -> (String, u32, u32) {
    if bytes.contains(&0) {
        return (String::new(), 0, 0);
    }
    let start = u32::try_from(valid).unwrap_or(u32::MAX);
    (String::from_utf8_lossy(bytes).into_owned(), start, start.saturating_add(3))
}

fn not_utf8(span: Span, path: &str, bytes: &[u8], valid: usize) -> Diagnostic {
    let byte = bytes.get(valid).copied().unwrap_or_default();
    let help = match (bytes.contains(&0), bytes) {
        (true, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) => "it is UTF-16: save it as UTF-8",
        (true, _) => "it seems to be no text at all",
        (false, _) => "save it as UTF-8; the usual other encodings are Windows-1252 and Latin-1",
    };
    Diagnostic::new(codes::NOT_UTF8, span, format!("`{path}` is not UTF-8 text"))
        .label(format!("the byte 0x{byte:02X} is not part of a character"))
        .help(help)
}

fn not_read(span: Span, path: &str, unread: &Unread) -> Diagnostic {
    match unread {
        Unread::TooLarge { size } => {
            let message = format!("`{path}` has {size} bytes, more than the {LARGEST} (4 MiB) that a file may have");
            Diagnostic::new(codes::FILE_TOO_LARGE, span, message)
                .help("split it: all `.fleet` files of a project are one program")
        }
        Unread::Io(error) => {
            Diagnostic::new(codes::UNREADABLE_FILE, span, format!("`{path}` cannot be read: {}", reason(error)))
        }
        Unread::Because(reason) => Diagnostic::new(codes::UNREADABLE_FILE, span, format!("`{path}` {reason}")),
    }
}
