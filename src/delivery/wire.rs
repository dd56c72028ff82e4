//! The stream under an SMTP connection: TCP or TLS, with the relay's replies read line by line on their way.
//!
//! Lines are checked before the SMTP client sees them: their length is bounded, octets that aren't ASCII are replaced, a
//! code without text (`250` CRLF, which RFC 5321 section 4.2 allows) gets the space that the client wants, unknown codes
//! are made known ones of the same class. The lines themselves are kept, so that a ledger has the relay's own words.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// RFC 5321 section 4.5.3.1.5 asks for 512; some relays write more.
const LONGEST_LINE: usize = 4096;

/// The lines of the reply being read.
#[derive(Debug, Clone, Default)]
pub struct ReplyLines(Arc<Mutex<Vec<String>>>);

impl ReplyLines {
    /// Takes the lines read since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A relay that never ends its reply is stopped by the client; until then nothing grows without bound.
        if lines.len() < 200 {
            lines.push(line);
        }
    }
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
    lines: ReplyLines,
    /// Octets of a line that isn't whole yet.
    partial: Vec<u8>,
    /// Checked octets that the client hasn't read yet, and how many of them it has.
    checked: Vec<u8>,
    read: usize,
}

impl Wire {
    pub fn plain(stream: TcpStream, lines: ReplyLines) -> Self {
        Self::new(Inner::Plain(stream), lines, Vec::new())
    }

    /// `greeting` is read by the client before anything of the stream: after STARTTLS a server doesn't greet again, but the
    /// client waits for it.
    pub fn tls(stream: TlsStream<TcpStream>, lines: ReplyLines, greeting: Vec<u8>) -> Self {
        Self::new(Inner::Tls(Box::new(stream)), lines, greeting)
    }

    fn new(inner: Inner, lines: ReplyLines, checked: Vec<u8>) -> Self {
        Wire { inner, lines, partial: Vec::new(), checked, read: 0 }
    }

    /// Takes octets from the relay and passes whole lines on.
    fn accept(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let line = checked_line(&line)?;
            self.checked.extend_from_slice(line.as_bytes());
            self.checked.extend_from_slice(b"\r\n");
            self.lines.push(line);
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
        match &mut self.get_mut().inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
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
