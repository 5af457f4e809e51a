//! Writes changes to the output folder.
//!
//! Every new file is written beside its target first, and all of them are renamed when all are written, so a full disk
//! leaves the folder as it was. The lock comes last: what it records is there.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::compare::{Change, Changes};
use super::{LOCK, Trouble};

impl Changes {
    /// Makes the changes. The caller has looked at [`Changes::refusals`].
    pub fn write(&self) -> Result<(), Trouble> {
        let mut made = Vec::new();
        let staged = self.stage(&mut made).inspect_err(|_| {
            // The temporary files are gone already; folders that were made for them are empty.
            for folder in made.iter().rev() {
                _ = fs::remove_dir(folder);
            }
        })?;
        let (lock, others): (Vec<_>, Vec<_>) = staged.into_iter().partition(|(change, _)| change.path == LOCK);
        self.rename(others)?;
        for change in self.files.iter().filter(|change| change.after.is_none()) {
            self.remove(change)?;
        }
        self.rename(lock)
    }

    /// Writes every new text to a temporary file beside its target.
    fn stage(&self, made: &mut Vec<PathBuf>) -> Result<Vec<(&Change, TempPath)>, Trouble> {
        let mut staged = Vec::new();
        for change in &self.files {
            let Some(text) = &change.after else { continue };
            let target = self.place.file(&change.path);
            let temporary = target
                .parent()
                .ok_or_else(|| io::ErrorKind::InvalidInput.into())
                .and_then(|folder| make_folder(folder, made).and_then(|()| write_temporary(folder, text)))
                .map_err(|error| self.failed("write", &change.path, error))?;
            staged.push((change, temporary));
        }
        // Flux reads a folder through its `kustomization.yaml`, which names the other files: it comes after them.
        staged.sort_by_key(|(change, _)| change.path.ends_with("kustomization.yaml"));
        Ok(staged)
    }

    fn rename(&self, staged: Vec<(&Change, TempPath)>) -> Result<(), Trouble> {
        for (change, temporary) in staged {
            let target = self.place.file(&change.path);
            temporary.persist(target).map_err(|error| self.failed("write", &change.path, error.error))?;
        }
        Ok(())
    }

    /// Removes a file, and the folders above it that it leaves empty, up to the output folder.
    fn remove(&self, change: &Change) -> Result<(), Trouble> {
        let file = self.place.file(&change.path);
        fs::remove_file(&file).map_err(|error| self.failed("remove", &change.path, error))?;
        let top = self.place.on_disk();
        for folder in file.ancestors().skip(1).take_while(|folder| *folder != top) {
            // Fails when it is not empty, which is what ends it.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn failed(&self, action: &'static str, path: &str, error: io::Error) -> Trouble {
        Trouble::Io { action, path: self.place.show(path), error }
    }
}

/// Makes `folder` and those above it, and adds the new ones to `made`.
fn make_folder(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder)?;
        made.push(folder.to_path_buf());
    }
    Ok(())
}

/// A new file in `folder` with `text`, which a drop removes again. Hidden, so that no controller reads it.
fn write_temporary(folder: &Path, text: &str) -> io::Result<TempPath> {
    let mut builder = Builder::new();
    builder.prefix(".fleetc-").suffix(".tmp");
    // As if it were made by hand: temporary files are readable by their owner alone unless told otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    Ok(file.into_temp_path())
}
