//! Readers who leave: found by their token or address in the lists, and where they are in none any more, in what was sent.
//!
//! Who is in a list is unsubscribed there, in every list that holds the address. Who is in none is suppressed, so that no
//! later import writes to them again. Doing it twice changes nothing the second time.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::civil::Date;

use super::{Mailing, PlanRow, SealedSources};
use crate::address::Address;
use crate::diagnostic::Result;
use crate::subscribers::{Files, How, Removed, Rows, Suppressions, remove, suppress};
use crate::unsubscribe::{Key, Links, MailingMark, ReaderId, Request, Token};

/// Where readers are looked for.
#[derive(Debug)]
pub struct Places<'a> {
    pub lists: Vec<Files>,
    pub suppressions: &'a Path,
    pub mailings: &'a Path,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Unsubscribed now, in these lists.
    Unsubscribed { address: Address, lists: Vec<String> },
    /// Had left before.
    Already { address: Address, status: String },
    /// In no list any more: suppressed now.
    Suppressed { address: Address },
    /// The token is ours, and nobody here has it: neither in a list nor in a mailing.
    Nobody,
    /// The address is in no list and in no mailing; perhaps this one is meant.
    Unknown { address: Address, likely: Option<String> },
}

/// The links that earlier mailings were made with, under list ids that the publication has no more.
pub fn earlier_links(mailings: &Path, key: &Key, known: &Links) -> Result<Vec<Links>> {
    let mut found: BTreeMap<String, Links> = BTreeMap::new();
    for manifest in Mailing::all(mailings)? {
        let sealed = SealedSources::load(&mailings.join(&manifest.slug).join(super::SOURCES))?;
        let list_id = &sealed.publication.list_id;
        if list_id != known.list_id() && !found.contains_key(list_id) {
            found.insert(list_id.clone(), sealed.links(key.clone()));
        }
    }
    Ok(found.into_values().collect())
}

/// By which way a change came, for the history and the suppressions.
const BY_TOKEN: &str = "unsubscribe token";
const BY_ADDRESS: &str = "unsubscribe, by address";

/// Does what is asked, and says for each request what became of it. The way in `how` is left out of account: it is by token or
/// by address.
///
/// # Errors
/// A list, a mailing or the suppressions can't be read or written.
pub fn leave(
    requests: &[Request],
    links: &[Links],
    places: &Places<'_>,
    how: How<'_>,
    today: Date,
) -> Result<Vec<Left>> {
    let mut search = Search::new(requests, links);
    for (number, files) in places.lists.iter().enumerate() {
        let mut rows = Rows::open(&files.list)?;
        while let Some(row) = rows.read()? {
            if row.has_address() {
                search.offer(row.email(), Some(number));
            }
        }
    }
    if !search.is_done() {
        search.ask_mailings(places.mailings)?;
    }
    let outcomes = search.act(places, how, today)?;
    let left = |request: &Request| match search.address_of(request) {
        None => Left::Nobody,
        Some(address) => outcomes.get(&address.normal_form()).cloned().unwrap_or(Left::Nobody),
    };
    Ok(requests.iter().map(left).collect())
}

/// Somebody who was found.
#[derive(Debug)]
struct Person {
    address: Address,
    /// By their places in [`Places::lists`].
    lists: Vec<usize>,
    in_a_mailing: bool,
    way: Way,
}

/// By which way somebody asks. A token says more than an address, and one that names its mailing more than one that doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Address,
    Token,
    Mailing(MailingMark),
}

impl Way {
    fn of(token: &Token) -> Way {
        token.mailing.map_or(Way::Token, Way::Mailing)
    }

    /// As the history and the suppressions call it; `slugs` are the mailings that are known.
    fn in_words(self, slugs: &HashMap<MailingMark, String>) -> String {
        match self {
            Way::Address => BY_ADDRESS.to_owned(),
            Way::Token => BY_TOKEN.to_owned(),
            Way::Mailing(mark) => {
                slugs.get(&mark).map_or_else(|| BY_TOKEN.to_owned(), |slug| format!("{BY_TOKEN}, {slug}"))
            }
        }
    }
}

/// The slugs of the mailings by what tokens name them by. That somebody leaves never fails because of a mailing that can't be
/// read: then it isn't named.
fn slugs(mailings: &Path, key: &Key) -> HashMap<MailingMark, String> {
    let mut slugs = HashMap::new();
    let mut doubtful = Vec::new();
    for manifest in Mailing::all(mailings).unwrap_or_default() {
        let mark = key.mailing_mark(&manifest.id);
        if slugs.insert(mark, manifest.slug).is_some() {
            doubtful.push(mark);
        }
    }
    // Of two mailings with one mark, which a token came with isn't known.
    doubtful.iter().for_each(|mark| drop(slugs.remove(mark)));
    slugs
}

struct Search<'a> {
    links: &'a [Links],
    /// By whom a token is for: the address, once it is known, and what the token said.
    tokens: HashMap<(usize, ReaderId), (Option<Address>, Way)>,
    /// By the address's normal form.
    people: BTreeMap<String, Person>,
}

impl<'a> Search<'a> {
    fn new(requests: &[Request], links: &'a [Links]) -> Search<'a> {
        let mut search = Search { links, tokens: HashMap::new(), people: BTreeMap::new() };
        for request in requests {
            match request {
                Request::Token(links, token) => {
                    let (_, way) = search.tokens.entry((*links, token.reader)).or_insert((None, Way::Token));
                    *way = Way::of(token).max(*way);
                }
                Request::Address(address) => drop(search.person(address)),
            }
        }
        search
    }

    fn person(&mut self, address: &Address) -> &mut Person {
        let new = || Person { address: address.clone(), lists: Vec::new(), in_a_mailing: false, way: Way::Address };
        self.people.entry(address.normal_form()).or_insert_with(new)
    }

    /// Looks at an address of a list, by its number, or of a mailing.
    fn offer(&mut self, email: &str, list: Option<usize>) {
        let by_token = self.way_by_token(email);
        if by_token.is_none() && !self.people.contains_key(&email.to_ascii_lowercase()) {
            return;
        }
        let Ok(address) = Address::parse(email) else { return };
        let person = self.person(&address);
        person.way = by_token.map_or(person.way, |way| way.max(person.way));
        match list {
            Some(list) if !person.lists.contains(&list) => person.lists.push(list),
            Some(_) => {}
            None => person.in_a_mailing = true,
        }
    }

    /// What the tokens for this address say; `None`: there is none.
    fn way_by_token(&mut self, email: &str) -> Option<Way> {
        if self.tokens.is_empty() {
            return None;
        }
        let address = Address::parse(email).ok()?;
        let mut found = None;
        for (at, links) in self.links.iter().enumerate() {
            if let Some((known, way)) = self.tokens.get_mut(&(at, links.reader_id(&address))) {
                known.get_or_insert_with(|| address.clone());
                found = found.max(Some(*way));
            }
        }
        found
    }

    /// Whether everybody was found.
    fn is_done(&self) -> bool {
        self.tokens.values().all(|(address, _)| address.is_some())
            && self.people.values().all(|person| !person.lists.is_empty() || person.in_a_mailing)
    }

    /// Looks through what was sent, the newest first.
    fn ask_mailings(&mut self, mailings: &Path) -> Result<()> {
        let mut manifests = Mailing::all(mailings)?;
        manifests.sort_by_key(|manifest| std::cmp::Reverse(manifest.sealed_at));
        for manifest in manifests {
            let mailing = Mailing::open(mailings, &manifest.slug)?;
            let (mut plan, mut row) = (mailing.plan()?, PlanRow::default());
            while plan.read(&mut row)? {
                self.offer(row.email(), None);
            }
            if self.is_done() {
                break;
            }
        }
        Ok(())
    }

    fn address_of(&self, request: &Request) -> Option<Address> {
        match request {
            Request::Token(links, token) => self.tokens.get(&(*links, token.reader))?.0.clone(),
            Request::Address(address) => Some(address.clone()),
        }
    }

    /// Unsubscribes and suppresses; by normal form, what became of each.
    fn act(&self, places: &Places<'_>, how: How<'_>, today: Date) -> Result<BTreeMap<String, Left>> {
        let mut outcomes: BTreeMap<String, Left> = BTreeMap::new();
        let mut ways: BTreeMap<String, Vec<&Person>> = BTreeMap::new();
        let marked = self.people.values().any(|person| matches!(person.way, Way::Mailing(_)));
        let key = self.links.first().filter(|_| marked).map(Links::key);
        let slugs = key.map(|key| slugs(places.mailings, key)).unwrap_or_default();
        for person in self.people.values() {
            ways.entry(person.way.in_words(&slugs)).or_default().push(person);
        }
        for (by, people) in ways {
            let how = How { by: &by, ..how };
            for (number, files) in places.lists.iter().enumerate() {
                let here = people.iter().filter(|person| person.lists.contains(&number));
                let here: Vec<Address> = here.map(|person| person.address.clone()).collect();
                if here.is_empty() {
                    continue;
                }
                let report = remove(files, &here, how)?;
                for (address, removed) in here.into_iter().zip(report.outcomes) {
                    note(&mut outcomes, address, removed, &files.name);
                }
            }
            let (gone, unknown): (Vec<&Person>, Vec<&Person>) =
                people.into_iter().filter(|person| person.lists.is_empty()).partition(|person| person.in_a_mailing);
            outcomes.extend(suppress_all(&gone, places, how, today)?);
            let unknown: Vec<Address> = unknown.iter().map(|person| person.address.clone()).collect();
            outcomes.extend(unknown_of(unknown, places, how)?);
        }
        Ok(outcomes)
    }
}

/// Takes down what became of an address in one list; a change in any of them says more than none in another.
fn note(outcomes: &mut BTreeMap<String, Left>, address: Address, removed: Removed, list: &str) {
    let key = address.normal_form();
    match (removed, outcomes.get_mut(&key)) {
        (Removed::Unsubscribed { .. }, Some(Left::Unsubscribed { lists, .. })) => lists.push(list.to_owned()),
        (Removed::Unsubscribed { .. }, _) => {
            outcomes.insert(key, Left::Unsubscribed { address, lists: vec![list.to_owned()] });
        }
        (Removed::Already { status, .. }, None) => drop(outcomes.insert(key, Left::Already { address, status })),
        // A row that went away meanwhile.
        (Removed::Unknown { likely }, None) => drop(outcomes.insert(key, Left::Unknown { address, likely })),
        (Removed::Already { .. } | Removed::Unknown { .. }, Some(_)) => {}
    }
}

/// Those who are in no list any more.
fn suppress_all(gone: &[&Person], places: &Places<'_>, how: How<'_>, today: Date) -> Result<BTreeMap<String, Left>> {
    let known = Suppressions::load(places.suppressions)?;
    let (old, new): (Vec<Address>, Vec<Address>) = gone
        .iter()
        .map(|person| person.address.clone())
        .partition(|address| known.reason_for(address.as_str()).is_some());
    if !how.dry_run && !new.is_empty() {
        suppress(places.suppressions, &new, "unsubscribed", how.by, today)?;
    }
    let old = old.into_iter().map(|address| Left::Already { address, status: "suppressed".to_owned() });
    let new = new.into_iter().map(|address| Left::Suppressed { address });
    let keyed = |left: Left| match &left {
        Left::Already { address, .. } | Left::Suppressed { address } => Some((address.normal_form(), left)),
        _ => None,
    };
    Ok(old.chain(new).filter_map(keyed).collect())
}

/// Those whom nobody knows, with the address of a list that is most like each.
fn unknown_of(addresses: Vec<Address>, places: &Places<'_>, how: How<'_>) -> Result<BTreeMap<String, Left>> {
    let mut likely: Vec<Option<String>> = vec![None; addresses.len()];
    for files in places.lists.iter().filter(|_| !addresses.is_empty()) {
        // A dry run of removing them names the likeliest.
        let report = remove(files, &addresses, How { dry_run: true, ..how })?;
        for (likely, removed) in likely.iter_mut().zip(report.outcomes) {
            if let Removed::Unknown { likely: Some(found) } = removed {
                likely.get_or_insert(found);
            }
        }
    }
    let unknown =
        |(address, likely): (Address, Option<String>)| (address.normal_form(), Left::Unknown { address, likely });
    Ok(addresses.into_iter().zip(likely).map(unknown).collect())
}
