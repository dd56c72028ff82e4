//! nodemailer's pool, where node and nodemailer are installed.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use mail_parser::MessageParser;

/// Where nodemailer is looked for, besides `node_modules/` in this project.
const VARIABLE: &str = "LETTERPRESS_BENCH_NODE_MODULES";

/// nodemailer, and what it sends.
pub struct Nodemailer {
    modules: PathBuf,
    ready: PathBuf,
    html: PathBuf,
    text: PathBuf,
}

/// What nodemailer does for each message.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// It only sends the same octets.
    Ready,
    /// It composes the message from HTML and text, with the reader's name put in.
    Composed,
}

impl Nodemailer {
    /// Sends messages like `copy`, for which it puts files into `folder`.
    ///
    /// # Errors
    /// Why it can't, and what to do about it.
    pub fn find(copy: &[u8], folder: &Path) -> Result<Nodemailer, String> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules");
        let modules = std::env::var_os(VARIABLE).map_or(beside, PathBuf::from);
        if !modules.join("nodemailer").is_dir() {
            return Err(format!("no nodemailer; `npm install nodemailer` anywhere, and {VARIABLE}=…/node_modules"));
        }
        if Command::new("node").arg("--version").output().is_err() {
            return Err("no node".to_owned());
        }
        let message = MessageParser::default().parse(copy).expect("a message");
        let write = |name: &str, octets: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, octets).expect("a file");
            path
        };
        Ok(Nodemailer {
            modules,
            ready: write("ready.eml", copy),
            html: write("body.html", message.body_html(0).expect("HTML").as_bytes()),
            text: write("body.txt", message.body_text(0).expect("a text").as_bytes()),
        })
    }

    /// How long it takes, from the first message to the last reply.
    pub fn send(&self, to: SocketAddr, connections: usize, messages: usize, work: Work) -> Duration {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/reference/nodemailer.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(&self.modules);
        command.args([to.port().to_string(), connections.to_string(), messages.to_string()]);
        match work {
            Work::Ready => command.arg("ready").arg(&self.ready),
            Work::Composed => command.arg("composed").arg(&self.html).arg(&self.text),
        };
        let output = command.output().expect("node runs");
        let printed = String::from_utf8_lossy(&output.stdout).trim().parse();
        Duration::from_secs_f64(
            printed.unwrap_or_else(|_| panic!("nodemailer failed: {}", String::from_utf8_lossy(&output.stderr))),
        )
    }
}
