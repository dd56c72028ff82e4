//! A publication in a temporary folder, and the real program run in it.
//!
//! ```text
//! let letter = Publication::new().article("spring", "Hello {{ subscriber.name }}").reader("ann@example.com", "Ann");
//! letter.run(["send", "--yes"]).success();
//! ```

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use toml::Value;

use crate::relay::{PATIENCE, Relay};

/// A publication: settings, articles and readers, as they are given. Without a relay until told.
pub(crate) struct Publication {
    folder: tempfile::TempDir,
    settings: toml::Table,
    /// The rows of `subscribers/readers.csv`, its header first.
    readers: Vec<Vec<String>>,
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_letterpress");

const SETTINGS: &str = "
[publication]
name = 'Far & Near'
from = 'Far & Near <letters@example.com>'
postal_address = '1 High Street, Anytown'

[unsubscribe]
url = 'https://example.com/unsubscribe/{token}'
mailto = 'unsubscribe@example.com'

# A test that is about trying again says so.
[send]
retry_for = '0'

[relay]
connections = 1
";

impl Publication {
    /// Settings that are complete but for a relay; no articles, no readers; the built-in theme.
    pub(crate) fn new() -> Publication {
        let folder = tempfile::tempdir().unwrap();
        for name in ["content", "subscribers"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let publication = Publication {
            folder,
            settings: SETTINGS.parse().unwrap(),
            readers: vec![vec!["email".to_owned(), "name".to_owned()]],
        };
        publication.write_settings();
        publication.write_readers();
        publication
    }

    /// A copy of the publication that this project is, as it stands in the repository.
    pub(crate) fn of_the_project() -> Publication {
        let publication = Publication::new();
        for name in ["content", "subscribers"] {
            std::fs::remove_dir_all(publication.path().join(name)).unwrap();
            copy_folder(&project().join(name), &publication.path().join(name));
        }
        std::fs::copy(project().join("letterpress.toml"), publication.path().join("letterpress.toml")).unwrap();
        publication
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// One setting, as in `.setting("relay.timeout", "1s")`.
    pub(crate) fn setting(mut self, key: &str, value: impl Into<Value>) -> Publication {
        let (section, key) = key.split_once('.').expect("section.key");
        let section = self.settings.entry(section).or_insert_with(|| Value::Table(toml::Table::new()));
        section.as_table_mut().unwrap().insert(key.to_owned(), value.into());
        self.write_settings();
        self
    }

    /// Hands to this relay.
    pub(crate) fn relay(self, relay: &Relay) -> Publication {
        self.setting("relay.url", relay.url())
    }

    /// An article in `content/SLUG.md`. Text without front matter gets the slug as its title.
    pub(crate) fn article(self, slug: &str, text: &str) -> Publication {
        let whole = if text.starts_with("+++") || text.starts_with("---") {
            text.to_owned()
        } else {
            format!("+++\ntitle = \"{slug}\"\n+++\n\n{text}\n")
        };
        self.file(&format!("content/{slug}.md"), &whole)
    }

    /// A file anywhere in the publication.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Publication {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Further columns of the list, besides `email` and `name`. Comes before the readers.
    pub(crate) fn columns(mut self, names: &[&str]) -> Publication {
        self.readers[0].extend(names.iter().map(|&name| name.to_owned()));
        self.write_readers();
        self
    }

    pub(crate) fn reader(self, email: &str, name: &str) -> Publication {
        self.row(&[email, name])
    }

    /// A reader with the values of all columns.
    pub(crate) fn row(mut self, values: &[&str]) -> Publication {
        self.readers.push(values.iter().map(|&value| value.to_owned()).collect());
        self.write_readers();
        self
    }

    /// `reader1@example.org`, `reader2@example.org` and so on.
    pub(crate) fn readers(mut self, count: usize) -> Publication {
        for n in 1..=count {
            self.readers.push(vec![reader(n), format!("Reader {n}")]);
        }
        self.write_readers();
        self
    }

    fn write_settings(&self) {
        std::fs::write(self.path().join("letterpress.toml"), self.settings.to_string()).unwrap();
    }

    fn write_readers(&self) {
        let mut out = csv::WriterBuilder::new().from_path(self.path().join("subscribers/readers.csv")).unwrap();
        for row in &self.readers {
            out.write_record(row).unwrap();
        }
        out.flush().unwrap();
    }

    /// The program, about to run in this folder: no terminal, nothing of our environment but what a process needs.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Invocation {
        self.prepared(Command::new(PROGRAM), arguments)
    }

    fn prepared<S: AsRef<OsStr>>(&self, mut command: Command, arguments: impl IntoIterator<Item = S>) -> Invocation {
        command.args(arguments).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in ["PATH", "SystemRoot", "TMPDIR", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Invocation(command)
    }

    /// Runs the program on a terminal, where somebody types `line`. What the terminal shows is the output.
    pub(crate) fn run_on_terminal<'a>(&self, line: &str, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let mut command = Command::new("python3");
        command.arg("-I").arg(project().join("tests/referee/on_terminal.py"));
        command.args([line, PROGRAM]);
        self.prepared(command, arguments).run()
    }

    /// Runs the program to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        self.command(arguments).run()
    }

    /// Starts the program.
    pub(crate) fn spawn<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Running {
        self.command(arguments).spawn()
    }

    /// The text of a file in the publication.
    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every file below `folder` of the publication, sorted; none when there is no such folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path().join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }
}

/// The address of the `n`th reader of [`Publication::readers`].
pub(crate) fn reader(n: usize) -> String {
    format!("reader{n}@example.org")
}

/// The project's folder.
fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The program with its arguments and environment, not yet started.
pub(crate) struct Invocation(Command);

impl Invocation {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Invocation {
        self.0.env(name, value);
        self
    }

    pub(crate) fn run(self) -> Output {
        self.spawn().wait()
    }

    pub(crate) fn spawn(mut self) -> Running {
        let mut child = self.0.spawn().unwrap();
        let (sender, ended) = channel();
        let collect = |mut stream: Box<dyn Read + Send>| {
            let sender = sender.clone();
            let text = Text::default();
            let written = text.clone();
            let reader = thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(n @ 1..) = stream.read(&mut chunk) {
                    written.push(&chunk[..n]);
                }
                drop(sender);
            });
            (text, reader)
        };
        let stdout = collect(Box::new(child.stdout.take().unwrap()));
        let stderr = collect(Box::new(child.stderr.take().unwrap()));
        Running { child, ended, texts: Some((stdout, stderr)) }
    }
}

/// What a stream of the program's has said so far.
#[derive(Clone, Default)]
struct Text(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Text {
    fn push(&self, bytes: &[u8]) {
        self.0.0.lock().unwrap().extend_from_slice(bytes);
        self.0.1.notify_all();
    }

    fn get(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        let lacks = |text: &mut Vec<u8>| !String::from_utf8_lossy(text).contains(words);
        let said = self.0.1.wait_timeout_while(self.0.0.lock().unwrap(), PATIENCE, lacks).unwrap().1;
        assert!(!said.timed_out(), "the program never said {words:?}: {}", self.get());
    }
}

type Reading = (Text, thread::JoinHandle<()>);

/// The program at work. It is killed when dropped.
pub(crate) struct Running {
    child: Child,
    /// Disconnected once both output streams are at their end.
    ended: Receiver<()>,
    texts: Option<(Reading, Reading)>,
}

impl Running {
    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has come to its end.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected)
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(mut self) -> Output {
        self.child.kill().unwrap();
        self.wait()
    }

    /// Interrupts it as Ctrl-C does.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Blocks until it has said this on standard error.
    #[track_caller]
    pub(crate) fn wait_for_stderr(&self, words: &str) {
        self.texts.as_ref().expect("it runs").1.0.wait_for(words);
    }

    /// Waits for its end, and fails if that does not come.
    pub(crate) fn wait(mut self) -> Output {
        let hung = self.ended.recv_timeout(PATIENCE * 4) == Err(RecvTimeoutError::Timeout);
        if hung {
            self.child.kill().unwrap();
        }
        let status = self.child.wait().unwrap();
        let (stdout, stderr) = self.texts.take().expect("waited for once");
        let whole = |(text, reader): Reading| {
            reader.join().unwrap();
            text.get()
        };
        let output = Output { status, stdout: whole(stdout), stderr: whole(stderr) };
        assert!(!hung, "the program did not come to an end: {output:#?}");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the program said and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Fails unless the exit code is 0.
    #[track_caller]
    pub(crate) fn success(self) -> Output {
        self.code(0)
    }

    /// Fails unless the exit code is this one.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Output {
        assert_eq!(self.status.code(), Some(code), "exit code; the program said: {self:#?}");
        self
    }

    /// Fails unless the exit code is one of these.
    #[track_caller]
    pub(crate) fn code_in(self, codes: &[i32]) -> Output {
        assert!(self.status.code().is_some_and(|code| codes.contains(&code)), "exit code not in {codes:?}: {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(self, text: &str) -> Output {
        assert!(self.stdout.contains(text), "no {text:?} on standard output: {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, text: &str) -> Output {
        assert!(self.stderr.contains(text), "no {text:?} on standard error: {self:#?}");
        self
    }

    /// Fails if the text stands anywhere in what was said.
    #[track_caller]
    pub(crate) fn nowhere(self, text: &str) -> Output {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{text:?} must not be shown: {self:#?}");
        self
    }

    /// The document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON, {error}: {self:#?}"))
    }
}

#[test]
fn the_program_runs_in_a_publication_of_its_own() {
    let letter = Publication::new().readers(2).reader("zoe@example.com", "Zoë, \"Z\"").setting("relay.url", "file:out");
    assert_eq!(
        letter.read("subscribers/readers.csv"),
        "email,name\nreader1@example.org,Reader 1\nreader2@example.org,Reader 2\nzoe@example.com,\"Zoë, \"\"Z\"\"\"\n"
    );
    let settings: toml::Table = letter.read("letterpress.toml").parse().unwrap();
    assert_eq!(settings["relay"]["url"].as_str(), Some("file:out"));
    letter.run(["--help"]).success().stdout_has("Usage").nowhere("panicked");
    letter.run_on_terminal("", ["--version"]).success().stdout_has(env!("CARGO_PKG_VERSION"));
    letter.run(["no-such-command"]).code(2).stderr_has("no-such-command");
}
