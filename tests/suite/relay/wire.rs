//! Bytes to and from one client, in the clear or over TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::PATIENCE;

/// More than any line or message of a test; a client that sends more is broken.
const LIMIT: usize = 64 << 20;

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// One connection, with what was read and not yet used.
pub(super) struct Wire {
    stream: Stream,
    read: Vec<u8>,
    /// So much of it is used.
    used: usize,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream) -> io::Result<Wire> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        Ok(Wire { stream: Stream::Plain(tcp), read: Vec::new(), used: 0 })
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &tls.sock,
        }
    }

    /// Completes the TLS handshake as a server.
    pub(super) fn handshake(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        let mut tcp = self.tcp().try_clone()?;
        let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut tcp) {
                // The alert that says why should still go out.
                let _ = connection.write_tls(&mut tcp);
                return Err(error);
            }
        }
        self.stream = Stream::Tls(Box::new(StreamOwned::new(connection, tcp)));
        Ok(())
    }

    /// Bytes up to and with `end`; `None` when the client closed before any came.
    pub(super) fn read_until(&mut self, end: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.unused()[searched..], end) {
                return Ok(Some(self.take(searched + at + end.len())));
            }
            searched = self.unused().len().saturating_sub(end.len() - 1);
            match (self.fill()?, self.unused().is_empty()) {
                (0, true) => return Ok(None),
                (0, false) => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    /// So many bytes, whatever they are.
    pub(super) fn read_exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.unused().len() < count {
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.take(count))
    }

    fn unused(&self) -> &[u8] {
        &self.read[self.used..]
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.unused()[..count].to_vec();
        self.used += count;
        if self.used == self.read.len() {
            self.forget();
        }
        taken
    }

    /// Reads once, and waits for it if it must; 0 when the client has closed.
    fn fill(&mut self) -> io::Result<usize> {
        if self.read.len() > LIMIT {
            self.read.drain(..self.used);
            self.used = 0;
        }
        if self.read.len() > LIMIT {
            return Err(io::Error::other("more bytes than any test sends"));
        }
        let mut chunk = [0; 16384];
        let count = match &mut self.stream {
            Stream::Plain(tcp) => tcp.read(&mut chunk)?,
            Stream::Tls(tls) => tls.read(&mut chunk)?,
        };
        self.read.extend_from_slice(&chunk[..count]);
        Ok(count)
    }

    /// Reads all that has come by now. Whatever goes wrong is found when it is waited for.
    fn fill_without_waiting(&mut self) {
        if self.tcp().set_nonblocking(true).is_ok() {
            while self.fill().is_ok_and(|count| count > 0) {}
            let _ = self.tcp().set_nonblocking(false);
        }
    }

    /// Whether the client sent on without waiting for the reply.
    pub(super) fn has_more(&mut self) -> bool {
        self.fill_without_waiting();
        !self.unused().is_empty()
    }

    /// How many messages begin in what the client has sent on.
    pub(super) fn messages_ahead(&mut self) -> usize {
        self.fill_without_waiting();
        let (mut count, mut rest) = (0, self.unused());
        while let Some(end) = find(rest, b"\r\n") {
            let line = String::from_utf8_lossy(&rest[..end]).to_ascii_uppercase();
            let mut words = line.split(' ');
            let skipped = match words.next() {
                Some("MAIL") => {
                    count += 1;
                    0
                }
                Some("BDAT") => words.next().and_then(|size| size.parse().ok()).unwrap_or(0),
                _ => 0,
            };
            rest = rest.get(end + 2 + skipped..).unwrap_or_default();
        }
        count
    }

    /// Forgets what the client sent on.
    pub(super) fn forget(&mut self) {
        self.read.clear();
        self.used = 0;
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.write_all(bytes),
            Stream::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }

    /// Says goodbye and reads on until the client has closed too: closing with bytes unread would be a reset, which
    /// can swallow the reply before the client sees it.
    pub(super) fn close(mut self) {
        if let Stream::Tls(tls) = &mut self.stream {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        let tcp = self.tcp();
        let _ = tcp.shutdown(Shutdown::Write);
        let mut tcp = tcp;
        let mut chunk = [0; 4096];
        while matches!(tcp.read(&mut chunk), Ok(1..)) {}
    }

    /// Ends the connection by a TCP reset.
    pub(super) fn reset(self) {
        let tcp = match self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls.sock,
        };
        // What was said before goes out before: a reset throws away what still waits.
        let _ = tcp.set_nodelay(true);
        let socket = tokio::net::TcpSocket::from_std_stream(tcp);
        socket.set_zero_linger().expect("a socket takes SO_LINGER");
        drop(socket);
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
