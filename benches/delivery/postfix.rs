//! Postfix's `smtp-sink` and `smtp-source`, where they are installed.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A running `smtp-sink`; it ends when dropped.
pub struct SmtpSink {
    child: Child,
    address: SocketAddr,
}

impl SmtpSink {
    /// `None` when it is not installed or does not start.
    pub fn start() -> Option<SmtpSink> {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut command = Command::new(program("smtp-sink")?);
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        let child = command.args([&address.to_string(), "1024"]).stdin(Stdio::null()).spawn().ok()?;
        let mut sink = SmtpSink { child, address };
        let patience = Instant::now() + Duration::from_secs(10);
        while Instant::now() < patience && sink.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if TcpStream::connect(address).is_ok() {
                return Some(sink);
            }
            sleep(Duration::from_millis(10));
        }
        None
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long `smtp-source` takes for so many messages of so many octets, over connections that it keeps.
pub fn smtp_source(to: SocketAddr, connections: usize, messages: usize, octets: usize) -> Option<Duration> {
    let begun = Instant::now();
    let status = Command::new(program("smtp-source")?)
        .args(["-d", "-s", &connections.to_string(), "-m", &messages.to_string(), "-l", &octets.to_string()])
        .args(["-f", "letters@example.com", "-t", "reader@example.com", "-M", "client.example.org", &to.to_string()])
        .stdin(Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| begun.elapsed())
}

/// Debian keeps them where only the administrator looks.
fn program(name: &str) -> Option<String> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    let found = found.or_else(|| Some(Path::new("/usr/sbin").join(name)).filter(|path| path.is_file()));
    found.map(|path| path.to_string_lossy().into_owned())
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
