//! Writes a source back, whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::reason;

/// Writes `text` to the file `path` below `root`, which must still hold `before`. A symbolic link stays one, and the
/// file keeps its permissions.
///
/// # Errors
/// Says in words what is in the way.
pub fn save(root: &Path, path: &str, before: &str, text: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot write `{path}`: {}", reason(&error));
    let target = fs::canonicalize(root.join(path)).map_err(failed)?;
    if fs::read(&target).map_err(failed)? != before.as_bytes() {
        return Err(format!("cannot write `{path}`: it is no longer what was checked"));
    }
    let folder = target.parent().unwrap_or(root);
    let mut temporary = NamedTempFile::new_in(folder).map_err(failed)?;
    temporary.write_all(text.as_bytes()).map_err(failed)?;
    let permissions = fs::metadata(&target).map_err(failed)?.permissions();
    temporary.as_file().set_permissions(permissions).map_err(failed)?;
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
