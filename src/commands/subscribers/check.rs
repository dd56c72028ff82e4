//! `letterpress subscribers check`.

use std::collections::BTreeMap;
#[cfg(feature = "dns")]
use std::net::{IpAddr, SocketAddr};

use clap::Args;
use serde::Serialize;

use super::show_defects;
use crate::address::{Suspicion, Suspicions};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result};
use crate::dns::Verdict;
use crate::report::counted;
use crate::subscribers::{Defects, Files, Rows, Status, survey};

/// Look through a list for what is wrong or suspicious: faults, repeats, roles such as info@, likely typos
///
/// Exits with 3 when rows have faults. What is only suspicious is told, and is no fault.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Also look up whether the domains of active readers take mail
    #[cfg(feature = "dns")]
    #[arg(long)]
    mx: bool,
    /// The name server to ask, instead of the system's
    #[cfg(feature = "dns")]
    #[arg(long, value_name = "IP[:PORT]", requires = "mx", value_parser = name_server)]
    name_server: Option<SocketAddr>,
}

#[cfg(feature = "dns")]
pub(super) fn name_server(text: &str) -> Result<SocketAddr, String> {
    let ip = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    ip.or_else(|_| text.parse()).map_err(|_| "write it as in 192.0.2.53 or 192.0.2.53:5353".to_owned())
}

/// What is suspicious about an address.
pub(super) fn suspicious(address: &str, suspicion: &Suspicion) -> String {
    match suspicion {
        Suspicion::Role => format!("{address} is not one person's mailbox"),
        Suspicion::Typo(likely) => format!("{address}: was {likely} meant?"),
    }
}

/// A domain that can't take mail, or of which nobody can tell.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Domain {
    #[serde(rename = "domain")]
    pub(super) name: String,
    pub(super) readers: u64,
    #[serde(flatten)]
    pub(super) verdict: Verdict,
}

/// A suspicious row.
#[derive(Serialize)]
struct Odd {
    row: u64,
    address: String,
    #[serde(flatten)]
    suspicion: Suspicion,
}

#[derive(Serialize)]
struct Document<'a> {
    list: &'a str,
    rows: u64,
    defects: &'a Defects,
    suspicious: &'a [Odd],
    suspicious_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<Vec<Domain>>,
}

pub(super) fn run(args: &CheckArgs, files: &Files, session: &Session) -> Result<Exit> {
    /// So many suspicious rows are told one by one.
    const TOLD: usize = 100;
    let rows = Rows::open(&files.list)?;
    let label = rows.label().to_owned();
    let mut judge = Suspicions::default();
    let (mut odd, mut odd_total, mut count) = (Vec::new(), 0u64, 0u64);
    let mut domains: BTreeMap<String, u64> = BTreeMap::new();
    let defects = survey(rows, &mut |row| {
        count += 1;
        if !row.has_address() || row.status() != Some(Status::Active) {
            return Ok(());
        }
        if let Some((_, domain)) = row.email().rsplit_once('@') {
            match domains.get_mut(domain) {
                Some(readers) => *readers += 1,
                None => drop(domains.insert(domain.to_owned(), 1)),
            }
        }
        if let Some(suspicion) = judge.of(row.email()) {
            odd_total += 1;
            if odd.len() < TOLD {
                odd.push(Odd { row: row.line(), address: row.email().to_owned(), suspicion });
            }
        }
        Ok(())
    })?;
    show_defects(&defects, session);
    for odd in odd.iter().take(20) {
        let told = suspicious(&odd.address, &odd.suspicion);
        session.screen.diagnostic(&Diagnostic::warning(format!("row {}: {told}", odd.row)));
    }
    let dead = looked_up(args, &domains, session)?;
    session.screen.result(format!(
        "{label}: {}, {}, {}",
        counted(count, "row", "rows"),
        counted(defects.total, "defect", "defects"),
        counted(odd_total, "suspicious address", "suspicious addresses")
    ));
    let faulty = defects.total > 0;
    session.screen.document(&Document {
        list: &label,
        rows: count,
        defects: &defects,
        suspicious: &odd,
        suspicious_total: odd_total,
        domains: dead,
    });
    Ok(if faulty { Exit::CheckFailed } else { Exit::Done })
}

#[cfg(feature = "dns")]
fn looked_up(args: &CheckArgs, domains: &BTreeMap<String, u64>, session: &Session) -> Result<Option<Vec<Domain>>> {
    if args.mx { ask(domains, args.name_server, session).map(Some) } else { Ok(None) }
}

#[cfg(not(feature = "dns"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
fn looked_up(_: &CheckArgs, _: &BTreeMap<String, u64>, _: &Session) -> Result<Option<Vec<Domain>>> {
    Ok(None)
}

/// Looks the domains of addresses up.
#[cfg(feature = "dns")]
pub(super) fn look_up<'a>(
    addresses: impl Iterator<Item = &'a str>,
    server: Option<SocketAddr>,
    session: &Session,
) -> Result<Vec<Domain>> {
    let mut domains: BTreeMap<String, u64> = BTreeMap::new();
    for address in addresses {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        match domains.get_mut(domain) {
            Some(readers) => *readers += 1,
            None => drop(domains.insert(domain.to_owned(), 1)),
        }
    }
    ask(&domains, server, session)
}

/// Asks for each domain once, and tells which take no mail.
#[cfg(feature = "dns")]
fn ask(domains: &BTreeMap<String, u64>, server: Option<SocketAddr>, session: &Session) -> Result<Vec<Domain>> {
    use crate::dns::{AT_ONCE, Resolver, look_up_all};
    session.screen.say(format!("Looking up {} …", counted(domains.len() as u64, "domain", "domains")));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error(format!("domains can't be looked up: {error}")))?;
    let mut found = runtime.block_on(async {
        let resolver = std::sync::Arc::new(Resolver::new(server)?);
        let mut found = Vec::new();
        look_up_all(resolver, domains.keys().cloned(), AT_ONCE, |domain, verdict| {
            if verdict != Verdict::Takes {
                let readers = domains.get(&domain).copied().unwrap_or(0);
                found.push(Domain { name: domain, readers, verdict });
            }
        })
        .await;
        Ok::<_, Diagnostic>(found)
    })?;
    found.sort_by(|a, b| b.readers.cmp(&a.readers).then_with(|| a.name.cmp(&b.name)));
    for domain in found.iter().take(20) {
        let readers = counted(domain.readers, "reader", "readers");
        let told = format!("{} ({readers}) {}", domain.name, domain.verdict.words());
        session.screen.diagnostic(&if domain.verdict.is_dead() {
            Diagnostic::warning(told)
        } else {
            Diagnostic::note(told)
        });
    }
    Ok(found)
}
