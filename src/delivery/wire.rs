//! The stream under an SMTP connection: TCP or TLS, with the relay's replies read line by line on their way.
//!
//! Lines are checked before the SMTP client sees them: their length is bounded, octets that aren't ASCII are replaced, a
//! code without text (`250` CRLF, which RFC 5321 section 4.2 allows) gets the space that the client wants, unknown codes
//! are made known ones of the same class. The lines themselves are kept, so that a ledger has the relay's own words; and how
//! many octets went out, so that what certainly never left is known.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// RFC 5321 section 4.5.3.1.5 asks for 512; some relays write more.
const LONGEST_LINE: usize = 4096;

/// More unread lines than this are no replies to anything.
const MOST_LINES: usize = 1000;

/// What passed over a connection: shared by the stream and whoever speaks over it.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Mutex<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    /// Reply lines not yet taken.
    lines: VecDeque<String>,
    /// How many of them end a reply.
    replies: usize,
    /// Octets handed to the system, or to TLS.
    written: u64,
}

impl Traffic {
    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lines of the oldest reply; empty when none is whole.
    pub fn take_reply(&self) -> Vec<String> {
        let mut passed = self.passed();
        if passed.replies == 0 {
            return Vec::new();
        }
        passed.replies -= 1;
        let last = passed.lines.iter().position(|line| ends_reply(line)).map_or(0, |at| at + 1);
        passed.lines.drain(..last).collect()
    }

    /// Takes every line read so far, whole replies or not.
    pub fn take_all(&self) -> Vec<String> {
        let mut passed = self.passed();
        passed.replies = 0;
        passed.lines.drain(..).collect()
    }

    /// How many whole replies wait to be taken.
    pub fn replies(&self) -> usize {
        self.passed().replies
    }

    /// How many octets went out: what is beyond certainly never left.
    pub fn written(&self) -> u64 {
        self.passed().written
    }

    fn push(&self, line: String) -> io::Result<()> {
        let mut passed = self.passed();
        if passed.lines.len() >= MOST_LINES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the relay's reply has no end"));
        }
        passed.replies += usize::from(ends_reply(&line));
        passed.lines.push_back(line);
        Ok(())
    }
}

fn ends_reply(line: &str) -> bool {
    line.as_bytes().get(3) == Some(&b' ')
}

#[derive(Debug)]
enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection whose replies are checked.
#[derive(Debug)]
pub struct Wire {
    inner: Inner,
    traffic: Traffic,
    /// Octets of a line that isn't whole yet.
    partial: Vec<u8>,
    /// Checked octets that the client hasn't read yet, and how many of them it has.
    checked: Vec<u8>,
    read: usize,
}

impl Wire {
    pub fn plain(stream: TcpStream, traffic: Traffic) -> Self {
        Self::new(Inner::Plain(stream), traffic, Vec::new())
    }

    /// `greeting` is read by the client before anything of the stream: after STARTTLS a server doesn't greet again, but the
    /// client waits for it.
    pub fn tls(stream: TlsStream<TcpStream>, traffic: Traffic, greeting: Vec<u8>) -> Self {
        Self::new(Inner::Tls(Box::new(stream)), traffic, greeting)
    }

    fn new(inner: Inner, traffic: Traffic, checked: Vec<u8>) -> Self {
        Wire { inner, traffic, partial: Vec::new(), checked, read: 0 }
    }

    /// Takes octets from the relay and passes whole lines on.
    fn accept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let line = checked_line(&line)?;
            self.checked.extend_from_slice(line.as_bytes());
            self.checked.extend_from_slice(b"\r\n");
            self.traffic.push(line)?;
        }
        if self.partial.len() > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the relay's reply line is too long"));
        }
        Ok(())
    }
}

/// One line of a reply as the client can read it, without its line end.
fn checked_line(line: &[u8]) -> io::Result<String> {
    if line.len() > LONGEST_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the relay's reply line is too long"));
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut text: String =
        line.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '?' }).collect();
    let is_code = |text: &str| text.len() >= 3 && text.bytes().take(3).all(|byte| byte.is_ascii_digit());
    if is_code(&text) {
        if text.len() == 3 {
            text.push(' ');
        }
        if matches!(text.as_bytes()[1], b'6'..=b'9') {
            text.replace_range(1..2, "0");
        }
    }
    Ok(text)
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.inner {
            Inner::Plain(stream) => stream.peer_addr(),
            Inner::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.read < this.checked.len() {
                let n = out.remaining().min(this.checked.len() - this.read);
                out.put_slice(&this.checked[this.read..this.read + n]);
                this.read += n;
                if this.read == this.checked.len() {
                    this.checked.clear();
                    this.read = 0;
                }
                return Poll::Ready(Ok(()));
            }
            let mut chunk = [0; 4096];
            let mut buffer = ReadBuf::new(&mut chunk);
            let polled = match &mut this.inner {
                Inner::Plain(stream) => Pin::new(stream).poll_read(context, &mut buffer),
                Inner::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, &mut buffer),
            };
            match polled {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    let filled = buffer.filled().to_vec();
                    this.accept(&filled)?;
                }
                other => return other,
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = match &mut this.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        };
        if let Poll::Ready(Ok(n)) = &polled {
            this.traffic.passed().written += *n as u64;
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(context),
            Inner::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_reply_lines_are_made_readable() {
        let line = |bytes: &[u8]| checked_line(bytes).unwrap();
        assert_eq!(line(b"250\r\n"), "250 ");
        assert_eq!(line(b"250\n"), "250 ");
        assert_eq!(line(b"299 fine\r\n"), "209 fine");
        assert_eq!(line(b"250 \x1b[2J\xff\r\n"), "250 ?[2J?");
        assert!(checked_line(&vec![b'2'; LONGEST_LINE + 1]).is_err());
    }
}
