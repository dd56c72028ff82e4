//! What is found out before anything leaves, for a dry run as for a real one: who is owed a copy, how many editions there
//! are, and a sample of readers whose copies are struck and checked.

use std::collections::BTreeSet;

use super::Session;
use crate::article::Article;
use crate::check;
use crate::delivery::{Counts, Limits};
use crate::diagnostic::{Diagnostic, Result, Severity, printable};
use crate::edition::{Fields, Group};
use crate::mailing::Press;
use crate::message::Message;
use crate::message::dkim::Signer;
use crate::preview::{Proofed, decode_copy};
use crate::publication::Mailbox;
use crate::report::counted;
use crate::subscribers::{Audience, AudienceSummary, Segment, Status, Subscriber};

/// How many readers a sample has.
pub(super) const SAMPLE: usize = 8;

/// What was found out.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) audience: AudienceSummary,
    /// Editions that the audience needs.
    pub(super) editions: usize,
    /// Readers in the order of the list: one of every edition as far as the sample goes, and those with odd names.
    pub(super) sample: Vec<Subscriber>,
    /// The largest copy of the sample, in bytes.
    pub(super) largest: usize,
    /// How many copies there are, by the domains that have limits.
    pub(super) copies: Counts,
    /// What the theme, the fields and the copies give to think about; each thing once.
    pub(super) findings: Vec<Diagnostic>,
}

/// Goes through the audience; strikes and checks a sample of `most` readers (all of them with `usize::MAX`).
pub(super) fn take(
    audience: Audience,
    segment: Option<&Segment>,
    press: &mut Press,
    limits: &Limits,
    most: usize,
) -> Result<Survey> {
    let mut chooser = Chooser::new(most);
    let bare = press.template().bare_gaps().to_vec();
    let mut copies = Counts::new(limits);
    let mut holes = vec![0u64; bare.len()];
    let mut groups: BTreeSet<Group> = BTreeSet::new();
    let mut findings: Vec<Diagnostic> = press.composer().signers().iter().filter_map(Signer::warning).collect();
    let summary = audience.visit(segment, &mut |row| {
        let group = press.template().group_of(row);
        let new = !groups.contains(&group);
        if new {
            let edition = press.edition(row)?;
            edition.warnings.iter().for_each(|warning| add(&mut findings, warning.clone()));
            groups.insert(group);
        }
        for (field, hole) in bare.iter().zip(&mut holes) {
            *hole += u64::from(Fields::field(row, field).is_empty());
        }
        copies.add(limits, row.email().rsplit_once('@').map_or("", |(_, domain)| domain));
        chooser.offer(row, new)
    })?;
    for (field, n) in bare.iter().zip(&holes).filter(|(_, n)| **n > 0) {
        let hint = format!("write {{{{ subscriber.{field} | default(value=\"…\") }}}}");
        add(
            &mut findings,
            Diagnostic::warning(format!(
                "{} no `{field}`: a gap is left in their copy",
                counted(*n, "reader has", "readers have")
            ))
            .help(hint),
        );
    }
    if groups.len() > 200 {
        let fields: Vec<&str> = press.template().choices().keys().map(String::as_str).collect();
        add(
            &mut findings,
            Diagnostic::warning(format!(
                "{} editions are needed, because the templates choose by {}",
                groups.len(),
                fields.join(", ")
            ))
            .help("print the field as it is instead of choosing by it: that is much faster"),
        );
    }
    let mut sample = chooser.chosen();
    if sample.is_empty() {
        let finding = Diagnostic::warning("nobody on the list may be written to: the copy is made out to the sender");
        add(&mut findings, finding.help("letterpress subscribers add ann@example.com"));
        sample.push(sender(press));
    }
    let mut survey = Survey { audience: summary, editions: groups.len(), sample, largest: 0, copies, findings };
    survey.check(press)?;
    Ok(survey)
}

/// The sender as a reader, for looking at a copy before there are any.
fn sender(press: &Press) -> Subscriber {
    let sources = press.template().sources();
    let Mailbox { name, address } = sources.publication.from.clone();
    let first_name = name.split_whitespace().next().unwrap_or_default().to_owned();
    let fields = [("email", address.to_string()), ("name", name.clone()), ("first_name", first_name)];
    let fields = fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    Subscriber { row: 0, address, name, status: Status::Active, fields }
}

/// Several subjects, each with its letter and its share of the readers; nothing when there is one.
pub(super) fn subjects(article: &Article) -> Vec<(&'static str, String, String)> {
    let test = article.test.iter();
    test.flat_map(|test| {
        let each = test.letters().zip(&test.subjects).zip(&test.shares);
        each.map(|((letter, subject), share)| {
            (letter, printable(subject).into_owned(), format!("{}%", (share * 10.0).round() / 10.0))
        })
    })
    .collect()
}

/// Each thing is told once, however many readers it touches.
fn add(findings: &mut Vec<Diagnostic>, finding: Diagnostic) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

impl Survey {
    /// Strikes every copy of the sample and looks at it.
    fn check(&mut self, press: &mut Press) -> Result<()> {
        let sample = std::mem::take(&mut self.sample);
        for reader in &sample {
            let mut message = Message::empty(&reader.address);
            press.strike(&reader.address, reader, &mut message)?;
            self.largest = self.largest.max(message.bytes.len());
            let Proofed { subject, html, text, unsubscribe_url, .. } = decode_copy(press, reader)?;
            let copy = check::Copy {
                message: &message,
                subject: &subject,
                html: &html,
                text: &text,
                unsubscribe_url: &unsubscribe_url,
            };
            for finding in check::copy(&copy, &press.template().sources().publication) {
                add(&mut self.findings, finding);
            }
        }
        self.sample = sample;
        Ok(())
    }

    pub(super) fn has_errors(&self) -> bool {
        check::has_errors(&self.findings)
    }

    /// Shows findings, and what is wrong with the list.
    pub(super) fn report(&self, session: &Session) {
        let defects = &self.audience.defects;
        defects.first.iter().take(10).for_each(|defect| session.screen.diagnostic(&downgraded(defect)));
        if defects.total > 10 {
            session.screen.say(format!(
                "{} more with the list: letterpress subscribers list shows them.",
                counted(defects.total - 10, "thing is", "things are")
            ));
        }
        self.findings.iter().for_each(|finding| session.screen.diagnostic(finding));
    }
}

/// A row that can't be used doesn't stop the mailing: the reader is left out and named.
fn downgraded(defect: &Diagnostic) -> Diagnostic {
    if defect.severity() != Severity::Error {
        return defect.clone();
    }
    let mut warning = Diagnostic::warning(defect.message());
    if let Some(place) = defect.place() {
        warning = warning.at(place.clone());
    }
    defect.helps().iter().fold(warning, |warning, help| warning.help(help.clone()))
}

/// Chooses a sample: the first reader of every edition, someone without a name, the longest name, and then the first of
/// the list as far as there is room.
struct Chooser {
    most: usize,
    early: Vec<Subscriber>,
    of_editions: Vec<Subscriber>,
    nameless: Option<Subscriber>,
    longest: Option<Subscriber>,
}

impl Chooser {
    fn new(most: usize) -> Self {
        Chooser { most, early: Vec::new(), of_editions: Vec::new(), nameless: None, longest: None }
    }

    fn offer(&mut self, row: &crate::subscribers::Row<'_>, new_edition: bool) -> Result<()> {
        let reader = || row.to_subscriber("readers.csv");
        if self.early.len() < self.most {
            self.early.push(reader()?);
        }
        if new_edition && self.of_editions.len() < self.most {
            self.of_editions.push(reader()?);
        }
        if row.name().is_empty() && self.nameless.is_none() {
            self.nameless = Some(reader()?);
        }
        if self.longest.as_ref().is_none_or(|longest| longest.name.len() < row.name().len()) {
            self.longest = Some(reader()?);
        }
        Ok(())
    }

    fn chosen(self) -> Vec<Subscriber> {
        let wanted = self.nameless.into_iter().chain(self.longest).chain(self.of_editions).chain(self.early);
        let mut chosen: Vec<Subscriber> = Vec::new();
        let mut rows = BTreeSet::new();
        for reader in wanted {
            if chosen.len() < self.most && rows.insert(reader.row) {
                chosen.push(reader);
            }
        }
        chosen.sort_by_key(|reader| reader.row);
        chosen
    }
}
