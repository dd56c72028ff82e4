//! A relay that takes every message and keeps none, as cheaply as can be: two threads, large reads, octets of BDAT counted
//! and not looked at. It trusts its client; how strict a relay may be is for the tests' relay.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::spawn;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;

const THREADS: usize = 2;
const BUFFER: usize = 1 << 17;

/// What the sink offers beside SIZE and 8BITMIME.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    pub pipelining: bool,
    pub chunking: bool,
}

impl Offer {
    pub const NOTHING: Offer = Offer { pipelining: false, chunking: false };
    pub const PIPELINING: Offer = Offer { pipelining: true, chunking: false };
    pub const ALL: Offer = Offer { pipelining: true, chunking: true };

    fn greeting(self) -> String {
        let mut lines = vec!["sink.example.net", "SIZE 52428800", "8BITMIME"];
        lines.extend(self.pipelining.then_some("PIPELINING"));
        lines.extend(self.chunking.then_some("CHUNKING"));
        let (last, first) = lines.split_last().expect("there are lines");
        first.iter().map(|line| format!("250-{line}\r\n")).collect::<String>() + &format!("250 {last}\r\n")
    }
}

/// A running sink; it runs until the process ends.
pub struct Sink {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    messages: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Sink {
    pub fn start(offer: Offer) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Counts::default());
        let greeting: Arc<str> = offer.greeting().into();
        let threads = [(); THREADS].map(|()| {
            let (send, receive) = unbounded_channel();
            let (greeting, counts) = (Arc::clone(&greeting), Arc::clone(&counts));
            spawn(move || serve(receive, &greeting, &counts));
            send
        });
        spawn(move || {
            for (client, thread) in listener.incoming().zip(threads.iter().cycle()) {
                // A thread that is gone has said why.
                let _ = client.map(|client| thread.send(client));
            }
        });
        Sink { address, counts }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many messages were taken since this was asked last.
    pub fn taken(&self) -> usize {
        self.counts.messages.swap(0, Ordering::SeqCst)
    }

    /// The most connections that were open at once since this was asked last.
    pub fn most_open(&self) -> usize {
        self.counts.most_open.swap(0, Ordering::SeqCst)
    }
}

/// One thread: all its connections, until the process ends.
fn serve(mut clients: UnboundedReceiver<std::net::TcpStream>, greeting: &Arc<str>, counts: &Arc<Counts>) {
    let runtime = runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        while let Some(client) = clients.recv().await {
            let (greeting, counts) = (Arc::clone(greeting), Arc::clone(counts));
            tokio::task::spawn_local(async move {
                let open = counts.open.fetch_add(1, Ordering::SeqCst) + 1;
                counts.most_open.fetch_max(open, Ordering::SeqCst);
                // A client that is torn off has nothing more to say.
                let _ = talk(client, &greeting, &counts).await;
                counts.open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
}

async fn talk(client: std::net::TcpStream, greeting: &str, counts: &Counts) -> io::Result<()> {
    client.set_nonblocking(true)?;
    client.set_nodelay(true)?;
    let mut client = TcpStream::from_std(client)?;
    client.write_all(b"220 sink.example.net ESMTP\r\n").await?;
    let mut dialogue = Dialogue { greeting, counts, expected: Expected::Command, replies: Vec::new() };
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    loop {
        let count = client.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        let mut used = 0;
        while let Some(more) = dialogue.step(&buffer[used..filled]) {
            used += more;
        }
        buffer.copy_within(used..filled, 0);
        filled -= used;
        if !dialogue.replies.is_empty() {
            client.write_all(&dialogue.replies).await?;
            dialogue.replies.clear();
        }
        if matches!(dialogue.expected, Expected::Nothing) {
            return client.shutdown().await;
        }
    }
}

/// What the next octets are.
#[derive(Clone, Copy)]
enum Expected {
    Command,
    /// So many octets of a message, and whether their end is the message's.
    Octets(usize, bool),
    /// A message up to its final dot.
    Text,
    Nothing,
}

const OK: &[u8] = b"250 2.0.0 Ok\r\n";

struct Dialogue<'a> {
    greeting: &'a str,
    counts: &'a Counts,
    expected: Expected,
    replies: Vec<u8>,
}

impl Dialogue<'_> {
    /// Takes what it can of what has come and tells how much that was; `None` when it needs more.
    fn step(&mut self, rest: &[u8]) -> Option<usize> {
        match self.expected {
            Expected::Octets(0, last) => {
                self.counts.messages.fetch_add(usize::from(last), Ordering::Relaxed);
                self.next(Expected::Command, OK);
                Some(0)
            }
            _ if rest.is_empty() => None,
            Expected::Octets(left, last) => {
                let used = left.min(rest.len());
                self.expected = Expected::Octets(left - used, last);
                Some(used)
            }
            Expected::Text => match memmem::find(rest, b"\r\n.\r\n") {
                Some(at) => {
                    self.counts.messages.fetch_add(1, Ordering::Relaxed);
                    self.next(Expected::Command, OK);
                    Some(at + 5)
                }
                // The dot's line may have come in part.
                None => Some(rest.len().saturating_sub(4)).filter(|used| *used > 0),
            },
            Expected::Command => {
                let end = memchr::memchr(b'\n', rest)? + 1;
                self.obey(&rest[..end]);
                Some(end)
            }
            Expected::Nothing => None,
        }
    }

    fn obey(&mut self, line: &[u8]) {
        match &line[..4.min(line.len())] {
            b"EHLO" => self.next(Expected::Command, self.greeting.as_bytes()),
            b"QUIT" => self.next(Expected::Nothing, b"221 2.0.0 Bye\r\n"),
            b"DATA" => self.next(Expected::Text, b"354 Go on\r\n"),
            b"BDAT" => {
                let (size, last) = chunk(line);
                self.next(Expected::Octets(size, last), b"");
            }
            _ => self.next(Expected::Command, OK),
        }
    }

    fn next(&mut self, expected: Expected, reply: &[u8]) {
        self.expected = expected;
        self.replies.extend_from_slice(reply);
    }
}

/// The size that a BDAT line announces, and whether it is the last.
fn chunk(line: &[u8]) -> (usize, bool) {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace().skip(1);
    let size = words.next().and_then(|size| size.parse().ok()).unwrap_or(0);
    (size, words.next().is_some())
}
