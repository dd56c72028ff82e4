//! Does a domain take mail? Looked up only when asked for, many domains at once and never more than so many.
//!
//! Where nothing is learned nothing is claimed: a domain whose servers are silent is unknown, not wrong. Who asks is
//! behind [`Exchanges`], so that tests need no network.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

/// How many domains are asked for at once, at most.
pub const AT_ONCE: usize = 16;
/// How long one domain may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether a domain takes mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict", content = "detail")]
pub enum Verdict {
    /// It has a server for mail, or at least an address (RFC 5321 section 5.1).
    Takes,
    /// There is no such domain.
    NoDomain,
    /// It says that it takes none (RFC 7505).
    Refuses,
    /// It has neither a server for mail nor an address.
    NoServer,
    /// Nobody could tell.
    Unknown(String),
}

impl Verdict {
    /// Whether mail to it can't arrive.
    pub fn is_dead(&self) -> bool {
        matches!(self, Verdict::NoDomain | Verdict::Refuses | Verdict::NoServer)
    }

    /// In words, behind the domain's name.
    pub fn words(&self) -> String {
        match self {
            Verdict::Takes => "takes mail".to_owned(),
            Verdict::NoDomain => "does not exist".to_owned(),
            Verdict::Refuses => "takes no mail by its own word".to_owned(),
            Verdict::NoServer => "has no server for mail".to_owned(),
            Verdict::Unknown(why) => format!("could not be looked up: {why}"),
        }
    }
}

/// Who knows where mail for a domain goes.
pub trait Exchanges: Send + Sync + 'static {
    fn look_up(&self, domain: String) -> impl Future<Output = Verdict> + Send;
}

/// Looks domains up, at most so many at once, and hands each with its verdict to `each` as they come.
pub async fn look_up_all<E: Exchanges>(
    exchanges: Arc<E>,
    domains: impl IntoIterator<Item = String>,
    at_once: usize,
    mut each: impl FnMut(String, Verdict),
) {
    let mut waiting = domains.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < at_once.max(1)
            && let Some(domain) = waiting.next()
        {
            let exchanges = Arc::clone(&exchanges);
            running.spawn(async move {
                let verdict = tokio::time::timeout(PATIENCE, exchanges.look_up(domain.clone())).await;
                let verdict = verdict.unwrap_or_else(|_| Verdict::Unknown("no answer in time".to_owned()));
                (domain, verdict)
            });
        }
        match running.join_next().await {
            Some(Ok((domain, verdict))) => each(domain, verdict),
            // A task that failed has nothing to tell.
            Some(Err(_)) => {}
            None => return,
        }
    }
}

#[cfg(feature = "dns")]
pub use resolver::Resolver;

#[cfg(feature = "dns")]
mod resolver {
    //! The domain name system itself.

    use std::net::SocketAddr;

    use hickory_resolver::TokioResolver;
    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::net::NetError;
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::rr::{Name, RData};

    use super::{Exchanges, Verdict};
    use crate::diagnostic::{Diagnostic, Result};

    /// Asks the name servers of this machine, or one that is named.
    pub struct Resolver(TokioResolver);

    impl std::fmt::Debug for Resolver {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Resolver(…)")
        }
    }

    impl Resolver {
        /// Asks `server`, or the name servers that the system is set up with. Needs a runtime to be entered.
        ///
        /// # Errors
        /// The system's name servers can't be found.
        pub fn new(server: Option<SocketAddr>) -> Result<Resolver> {
            let failed = |error: NetError| {
                Diagnostic::error(format!("domains can't be looked up: {error}"))
                    .help("name a server to ask: `--name-server 192.0.2.53`")
            };
            let builder = match server {
                None => TokioResolver::builder_tokio().map_err(failed)?,
                Some(server) => {
                    let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                    connections.iter_mut().for_each(|connection| connection.port = server.port());
                    let server = NameServerConfig::new(server.ip(), true, connections.into());
                    let config = ResolverConfig::from_name_servers(vec![server]);
                    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
                }
            };
            builder.build().map(Resolver).map_err(failed)
        }
    }

    impl Exchanges for Resolver {
        async fn look_up(&self, domain: String) -> Verdict {
            // With its last dot, so that no domain of the machine's own is tried behind it.
            let Ok(name) = Name::from_ascii(format!("{domain}.")) else {
                return Verdict::Unknown("it is no name".to_owned());
            };
            match self.0.mx_lookup(name.clone()).await {
                Ok(found) => {
                    let mut exchanges = found.answers().iter().filter_map(|record| match &record.data {
                        RData::MX(mx) => Some(mx),
                        _ => None,
                    });
                    match (exchanges.next(), exchanges.next()) {
                        (Some(only), None) if only.exchange.is_root() => Verdict::Refuses,
                        (Some(_), _) => Verdict::Takes,
                        (None, _) => self.address(name).await,
                    }
                }
                Err(error) if error.is_nx_domain() => Verdict::NoDomain,
                Err(error) if error.is_no_records_found() => self.address(name).await,
                Err(error) => Verdict::Unknown(error.to_string()),
            }
        }
    }

    impl Resolver {
        /// A domain without a server for mail is its own, when it has an address.
        async fn address(&self, name: Name) -> Verdict {
            match self.0.lookup_ip(name).await {
                Ok(found) if found.iter().next().is_some() => Verdict::Takes,
                Ok(_) => Verdict::NoServer,
                Err(error) if error.is_no_records_found() => Verdict::NoServer,
                Err(error) => Verdict::Unknown(error.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers when everybody who may ask at once has asked.
    struct Counting {
        running: AtomicUsize,
        most: AtomicUsize,
        gate: tokio::sync::Barrier,
    }

    impl Exchanges for Counting {
        async fn look_up(&self, domain: String) -> Verdict {
            let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.gate.wait().await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            if domain.starts_with("dead") { Verdict::NoDomain } else { Verdict::Takes }
        }
    }

    #[tokio::test]
    async fn never_more_than_so_many_are_asked_for_at_once() {
        let gate = tokio::sync::Barrier::new(4);
        let counting = Arc::new(Counting { running: AtomicUsize::new(0), most: AtomicUsize::new(0), gate });
        let domains = (0..12).map(|n| format!("{}{n}.example", if n % 2 == 0 { "dead" } else { "live" }));
        let mut found = Vec::new();
        look_up_all(Arc::clone(&counting), domains, 4, |domain, verdict| found.push((domain, verdict))).await;
        assert_eq!(counting.most.load(Ordering::SeqCst), 4);
        assert_eq!((found.len(), found.iter().filter(|(_, verdict)| verdict.is_dead()).count()), (12, 6));
    }

    #[cfg(feature = "dns")]
    #[tokio::test]
    async fn a_name_server_is_understood() {
        use std::net::Ipv4Addr;
        use tokio::net::UdpSocket;

        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                socket.send_to(&answer(&buffer[..length]), from).await.unwrap();
            }
        });
        let resolver = Arc::new(Resolver::new(Some(address)).unwrap());
        let domains = ["mx", "none", "null", "address", "empty"].map(|name| format!("{name}.example.org"));
        let mut found = std::collections::BTreeMap::new();
        look_up_all(resolver, domains, AT_ONCE, |domain, verdict| drop(found.insert(domain, verdict))).await;
        server.abort();
        let found: Vec<Verdict> = found.into_values().collect();
        // In the order of their names: address, empty, mx, none, null.
        let expected = [Verdict::Takes, Verdict::NoServer, Verdict::Takes, Verdict::NoDomain, Verdict::Refuses];
        assert_eq!(found, expected);
    }

    /// What a tiny name server answers: by the first label of the name, and by the type that is asked for.
    #[cfg(feature = "dns")]
    fn answer(query: &[u8]) -> Vec<u8> {
        let label = &query[13..13 + usize::from(query[12])];
        let end = 12 + query[12..].iter().position(|b| *b == 0).unwrap() + 1;
        let (is_mx, is_a) = (query[end + 1] == 15, query[end + 1] == 1);
        let record = match label {
            b"mx" if is_mx => Some([&[0, 10][..], b"\x02mx\x07example\x03org\x00"].concat()),
            b"null" if is_mx => Some(vec![0, 0, 0]),
            b"address" if is_a => Some(vec![192, 0, 2, 1]),
            _ => None,
        };
        let code = if label == b"none" { 3 } else { 0 };
        let mut out = query[..2].to_vec();
        out.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(record.is_some()), 0, 0, 0, 0]);
        out.extend(&query[12..end + 4]);
        if let Some(record) = record {
            out.extend([0xc0, 12, 0, query[end + 1], 0, 1, 0, 0, 0, 60, 0, u8::try_from(record.len()).unwrap()]);
            out.extend(record);
        }
        out
    }
}
