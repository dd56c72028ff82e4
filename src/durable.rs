//! Files that survive a crash: replace as a whole, create once, lock. Nothing here knows what the files mean.
//!
//! A file is replaced by writing a new one beside it, syncing it, renaming it over the old one and syncing the folder:
//! at every instant the old or the new content is there, whole. Data is private by default (mode 0600).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Result, shown_path};

/// Whether others on the machine may read a new file. A replaced file keeps the permissions it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// 0600: addresses, keys, ledgers.
    Private,
    /// 0644: articles, previews without addresses, templates.
    Shared,
}

/// A new content for a file on its way: written piece by piece beside it, and in its place only once committed. One that
/// is dropped leaves nothing behind.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    target: PathBuf,
    folder: PathBuf,
    privacy: Privacy,
    file: io::BufWriter<tempfile::NamedTempFile>,
    is_synced: bool,
}

impl Replacement {
    /// Begins with nothing. `path` may be a link: what it points to is replaced, not the link.
    pub fn begin(path: &Path, privacy: Privacy) -> Result<Replacement> {
        Self::create(path, privacy).map_err(|error| Diagnostic::io("write", path, &error))
    }

    fn create(path: &Path, privacy: Privacy) -> io::Result<Replacement> {
        // A list may be a link into a synced folder.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = folder_of(&target);
        let file = tempfile::Builder::new().prefix(STAGED).tempfile_in(&folder)?;
        let file = io::BufWriter::with_capacity(1 << 16, file);
        Ok(Replacement { path: path.to_path_buf(), target, folder, privacy, file, is_synced: false })
    }

    /// Brings all that was written to the disk, which [`Replacement::commit`] would have to wait for.
    pub fn sync(&mut self) -> Result<()> {
        self.settle().map_err(|error| Diagnostic::io("write", &self.path, &error))
    }

    fn settle(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_ref().as_file();
        match fs::metadata(&self.target) {
            Ok(old) => file.set_permissions(old.permissions())?,
            Err(_) => set_mode(file, self.privacy)?,
        }
        file.sync_all()?;
        self.is_synced = true;
        Ok(())
    }

    /// Puts it in place, atomically and durably.
    pub fn commit(self) -> Result<()> {
        let path = self.path.clone();
        self.persist().map_err(|error| Diagnostic::io("write", &path, &error))
    }

    fn persist(mut self) -> io::Result<()> {
        if !self.is_synced {
            self.settle()?;
        }
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.persist(&self.target).map_err(|error| error.error)?;
        sync_folder(&self.folder)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.is_synced = false;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// How the names of files that are not yet in place begin.
const STAGED: &str = ".letterpress-";

/// Removes what killed processes have left half-written in `folder`. Only for who holds the lock under which all that is
/// written there.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGED) {
            // What can't be removed does no harm but take room.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Replaces `path` (following a link to its target) by what `write` produces, atomically and durably.
pub fn replace_with(path: &Path, privacy: Privacy, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let attempt = || -> io::Result<()> {
        let mut replacement = Replacement::create(path, privacy)?;
        write(&mut replacement)?;
        replacement.persist()
    };
    attempt().map_err(|error| Diagnostic::io("write", path, &error))
}

/// [`replace_with`] for content that is already in memory.
pub fn replace(path: &Path, privacy: Privacy, content: &[u8]) -> Result<()> {
    replace_with(path, privacy, |out| out.write_all(content))
}

/// Creates `path` with `content` and refuses to touch a file that exists.
///
/// # Errors
/// Says that the file exists, or what else kept it from being written; then no part of it is left.
pub fn create_new(path: &Path, privacy: Privacy, content: &[u8]) -> Result<()> {
    let folder = folder_of(path);
    let attempt = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".letterpress-").tempfile_in(&folder)?;
        file.write_all(content)?;
        set_mode(file.as_file(), privacy)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        sync_folder(&folder)
    };
    attempt().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Diagnostic::error(format!("{} exists already", shown_path(path))),
        _ => Diagnostic::io("create", path, &error),
    })
}

/// Creates a folder and its parents; new ones are private (0700) when asked.
pub fn create_folder(path: &Path, privacy: Privacy) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if privacy == Privacy::Private {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|error| Diagnostic::io("create the folder", path, &error))
}

/// Appends one line to a log file, creating it, and syncs it before returning.
pub fn append_line(path: &Path, privacy: Privacy, line: &str) -> Result<()> {
    append_lines(path, privacy, std::slice::from_ref(&line))
}

/// Appends lines to a log file, creating it, and syncs them together before returning. A last line that a crash left
/// without its end is ended first, so that it spoils no other.
pub fn append_lines(path: &Path, privacy: Privacy, lines: &[impl AsRef<str>]) -> Result<()> {
    let mut text = String::new();
    for line in lines {
        debug_assert!(!line.as_ref().contains('\n'), "one line is one record");
        text.push_str(line.as_ref());
        text.push('\n');
    }
    append_with(path, privacy, |out| out.write_all(text.as_bytes()))
}

/// [`append_lines`] for lines that are written one after the other, however many there are.
pub fn append_with(path: &Path, privacy: Privacy, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let attempt = || -> io::Result<()> {
        let new = !path.exists();
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        if new {
            set_mode(&file, privacy)?;
        }
        let mut torn = false;
        if file.metadata()?.len() > 0 {
            let mut last = [0];
            file.seek(io::SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            torn = last != *b"\n";
        }
        let mut out = io::BufWriter::with_capacity(1 << 16, &file);
        if torn {
            out.write_all(b"\n")?;
        }
        write(&mut out)?;
        out.flush()?;
        drop(out);
        file.sync_data()?;
        if new { sync_folder(&folder_of(path)) } else { Ok(()) }
    };
    attempt().map_err(|error| Diagnostic::io("write to", path, &error))
}

/// Makes a rename or a new name in `folder` durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn set_mode(file: &File, privacy: Privacy) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match privacy {
        Privacy::Private => 0o600,
        Privacy::Shared => 0o644,
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: Privacy) -> io::Result<()> {
    Ok(())
}

/// An exclusive lock between processes, held while this value lives and let go by the system when the process ends,
/// however it ends. The lock file itself stays and means nothing.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock if nobody has it. `Ok(None)`: another process holds it.
    ///
    /// Whoever only looks ([`Lock::is_held`]) shares the lock for an instant, and is waited for: that is no holder.
    pub fn try_acquire(path: &Path) -> Result<Option<Lock>> {
        let file = open_lock(path)?;
        let failed = |error: &io::Error| Diagnostic::io("lock", path, error);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lock { file })),
                Err(fs::TryLockError::WouldBlock) => {}
                Err(fs::TryLockError::Error(error)) => return Err(failed(&error)),
            }
            if is_taken(&file).map_err(|error| failed(&error))? {
                return Ok(None);
            }
            std::thread::yield_now();
        }
    }

    /// Whether somebody holds the lock, without taking it or making its file.
    pub fn is_held(path: &Path) -> Result<bool> {
        match File::open(path) {
            Ok(file) => is_taken(&file).map_err(|error| Diagnostic::io("look at the lock file", path, &error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Diagnostic::io("open the lock file", path, &error)),
        }
    }

    /// Writes into the lock file who holds it, for whoever finds it held; without it the lock is as good.
    pub fn note(&mut self, holder: &str) {
        let _ = self.file.set_len(0).and_then(|()| self.file.write_all(holder.as_bytes()));
    }

    /// Waits for the lock: for changes that take moments, such as to a list file.
    pub fn acquire(path: &Path) -> Result<Lock> {
        let file = open_lock(path)?;
        file.lock().map_err(|error| Diagnostic::io("lock", path, &error))?;
        Ok(Lock { file })
    }
}

/// Whether somebody holds it for themselves; who only shares it doesn't count.
fn is_taken(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => file.unlock().map(|()| false),
        Err(fs::TryLockError::WouldBlock) => Ok(true),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

fn open_lock(path: &Path) -> Result<File> {
    let attempt = || -> io::Result<File> {
        let new = !path.exists();
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        if new {
            set_mode(&file, Privacy::Private)?;
        }
        Ok(file)
    };
    attempt().map_err(|error| Diagnostic::io("open the lock file", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_replacement_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, "old").unwrap();
        let result = replace_with(&path, Privacy::Private, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk on fire"))
        });
        assert!(result.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left behind");
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        create_new(&path, Privacy::Shared, b"one").unwrap();
        assert!(create_new(&path, Privacy::Shared, b"two").unwrap_err().message().contains("exists already"));
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_torn_last_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append_line(&path, Privacy::Private, "one").unwrap();
        append_lines(&path, Privacy::Private, &["two", "three"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
        fs::write(&path, "one\ntw").unwrap();
        append_line(&path, Privacy::Private, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntw\nthree\n");
    }

    #[test]
    fn only_one_holder_of_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let first = Lock::try_acquire(&path).unwrap();
        assert!(first.is_some());
        assert!(Lock::try_acquire(&path).unwrap().is_none());
        assert!(Lock::is_held(&path).unwrap());
        drop(first);
        assert!(!Lock::is_held(&path).unwrap());
        assert!(Lock::try_acquire(&path).unwrap().is_some());
        assert!(!Lock::is_held(&folder.path().join("none")).unwrap() && !folder.path().join("none").exists());
    }

    #[test]
    fn who_only_looks_keeps_nobody_from_the_lock() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        drop(Lock::try_acquire(&path).unwrap());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        Lock::is_held(&path).unwrap();
                    }
                });
            }
            let taken = (0..2000).all(|_| Lock::try_acquire(&path).unwrap().is_some());
            done.store(true, Ordering::Relaxed);
            assert!(taken);
        });
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_private_and_replaced_ones_keep_their_mode() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        replace(&path, Privacy::Private, b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, Privacy::Private, b"y").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
