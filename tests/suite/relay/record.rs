//! What a relay saw: every connection, command and message, and every breach of the protocol by the client.

/// Everything a relay has seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) connections: Vec<Connection>,
    /// All messages received to their end, in order, taken or not.
    pub(crate) messages: Vec<Message>,
    /// The most connections that were open at once.
    pub(crate) most_open: usize,
}

impl Record {
    /// Connections open now.
    pub(crate) fn open(&self) -> usize {
        self.connections.iter().filter(|connection| connection.open).count()
    }

    /// The most messages that were in flight at once on any connection.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.connections.iter().map(|connection| connection.most_in_flight).max().unwrap_or_default()
    }

    /// Every breach of the protocol, with the number of its connection.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.connections
            .iter()
            .enumerate()
            .flat_map(|(n, connection)| connection.faults.iter().map(move |fault| format!("connection {n}: {fault}")))
            .collect()
    }

    /// The credentials that came, over all connections.
    pub(crate) fn logins(&self) -> Vec<&Login> {
        self.connections.iter().flat_map(|connection| &connection.logins).collect()
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    pub(crate) commands: Vec<Command>,
    pub(crate) logins: Vec<Login>,
    pub(crate) faults: Vec<String>,
    /// The TLS handshake was completed.
    pub(crate) tls: bool,
    /// Why the TLS handshake failed.
    pub(crate) tls_error: Option<String>,
    pub(crate) open: bool,
    /// The most messages that had begun at once, unanswered: one, or more when the next MAIL came before the reply.
    pub(crate) most_in_flight: usize,
}

impl Connection {
    /// The verbs of its commands, in order and upper case.
    pub(crate) fn verbs(&self) -> Vec<&str> {
        self.commands.iter().map(Command::verb).collect()
    }

    /// How many commands with this verb came.
    pub(crate) fn count(&self, verb: &str) -> usize {
        self.commands.iter().filter(|command| command.verb() == verb).count()
    }
}

/// A command line as it came, its verb in upper case, and whether it came over TLS.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) line: String,
    pub(crate) tls: bool,
}

impl Command {
    pub(crate) fn verb(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) tls: bool,
}

/// A message as it was meant: dot-stuffing undone, chunks joined.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tls: bool,
    /// The relay answers for it now: it said 2yz, or took it and was silent.
    pub(crate) taken: bool,
}

impl Message {
    /// The value of the first header of this name, unfolded.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}
