//! Where things are, and how to tell whether they changed.

use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::output::{Failure, Result};

/// A checkout of Edgeward.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout this command was compiled in.
    pub(crate) fn here() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::at(manifest.parent().unwrap_or(manifest))
    }

    /// The checkout at `root`.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// A path in it, given with forward slashes.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        relative.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Where cargo puts what it compiles.
    pub(crate) fn cargo_target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(directory) => self.root.join(directory),
            None => self.root.join("target"),
        }
    }

    /// A command that runs at the root.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs this command.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Whether the step called `name` was last finished with these inputs.
    pub(crate) fn is_stamped(&self, name: &str, inputs: u64) -> bool {
        fs::read_to_string(self.stamp(name)).is_ok_and(|stamp| stamp == format!("{inputs:016x}"))
    }

    /// Forgets that the step called `name` was ever finished, before it is begun.
    pub(crate) fn clear_stamp(&self, name: &str) -> Result<()> {
        write(&self.stamp(name), "")
    }

    /// Remembers that the step called `name` was finished with these inputs.
    pub(crate) fn set_stamp(&self, name: &str, inputs: u64) -> Result<()> {
        write(&self.stamp(name), format!("{inputs:016x}"))
    }

    fn stamp(&self, name: &str) -> PathBuf {
        self.path("target/xtask").join(format!("{name}.stamp"))
    }
}

/// A hash over files and other inputs of a step. It only has to notice a change on this machine.
pub(crate) struct Inputs(DefaultHasher);

impl Inputs {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self(DefaultHasher::new())
    }

    /// Adds a text: a version, a set of flags, the source of the step itself.
    pub(crate) fn text(mut self, text: impl AsRef<str>) -> Self {
        text.as_ref().hash(&mut self.0);
        self
    }

    /// Adds a file, or every file under a directory; what is absent counts as such.
    pub(crate) fn files(mut self, path: &Path) -> Result<Self> {
        if path.is_dir() {
            for file in files_under(path)? {
                self.file(&file)?;
            }
        } else {
            self.file(path)?;
        }
        Ok(self)
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        path.hash(&mut self.0);
        if path.is_file() { Some(read(path)?) } else { None }.hash(&mut self.0);
        Ok(())
    }

    /// The hash of all that was added.
    pub(crate) fn finish(self) -> u64 {
        self.0.finish()
    }
}

/// Every file under `directory`, in a stable order.
pub(crate) fn files_under(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        let entries = fs::read_dir(&next).map_err(Failure::because(format!("Cannot list {}", next.display())))?;
        for entry in entries {
            let path = entry.map_err(Failure::because(format!("Cannot list {}", next.display())))?.path();
            if path.is_dir() {
                pending.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Failure::because(format!("Cannot read {}", path.display())))
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Failure::because(format!("Cannot read {}", path.display())))
}

/// Writes a file, and the directories above it.
pub(crate) fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        make_dir(parent)?;
    }
    fs::write(path, contents).map_err(Failure::because(format!("Cannot write {}", path.display())))
}

/// Copies a file, and makes the directories above its copy.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, read(from)?)
}

/// Makes a directory and those above it.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Failure::because(format!("Cannot make {}", path.display())))
}

/// Makes `path` an empty directory.
pub(crate) fn empty_dir(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(Failure::because(format!("Cannot remove {}", path.display())))?;
    }
    make_dir(path)
}

#[cfg(test)]
mod tests {
    use super::{Inputs, Workspace, empty_dir, files_under, write};

    #[test]
    fn a_changed_an_added_and_a_moved_file_each_change_the_hash() {
        let directory = std::env::temp_dir().join(format!("xtask-inputs-{}", std::process::id()));
        empty_dir(&directory).expect("a scratch directory");
        let hash = || Inputs::new().files(&directory).expect("the files can be read").finish();
        let mut seen = vec![hash()];
        for (name, text) in [("a/one", "1"), ("a/one", "2"), ("two", ""), ("b/one", "2")] {
            write(&directory.join(name), text).expect("a scratch file");
            seen.push(hash());
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
        assert_eq!(files_under(&directory).expect("a listing").len(), 3);

        let workspace = Workspace::at(&directory);
        assert!(!workspace.is_stamped("step", 7));
        workspace.set_stamp("step", 7).expect("a stamp");
        assert!(workspace.is_stamped("step", 7));
        assert!(!workspace.is_stamped("step", 8));
        workspace.clear_stamp("step").expect("a cleared stamp");
        assert!(!workspace.is_stamped("step", 7));
        std::fs::remove_dir_all(&directory).expect("the scratch directory goes");
    }
}
