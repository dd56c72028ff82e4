//! What is found out before anything leaves, for a dry run as for a real one: who is owed a copy, how many editions there
//! are, and a sample of readers whose copies are struck and checked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Session;
use crate::article::Article;
use crate::check;
use crate::delivery::{Counts, Limits};
use crate::diagnostic::{Diagnostic, Result, Severity, printable};
use crate::edition::{Count, Fields, Tally, is_language};
use crate::mailing::Press;
use crate::message::Message;
use crate::message::dkim::Signer;
use crate::preview::{Proofed, decode_copy};
use crate::publication::Mailbox;
use crate::report::{count, counted};
use crate::subscribers::{Audience, AudienceSummary, Row, Segment, Status, Subscriber};

/// How many readers a sample has.
pub(super) const SAMPLE: usize = 8;

/// More editions than this are a mistake more often than not.
const MANY_EDITIONS: usize = 200;

/// So many editions are set here, so that mistakes in them are found; further ones when the mailing is sealed.
const SET_AHEAD: usize = 1000;

/// A language of the article and how many readers get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Language {
    pub(super) language: String,
    pub(super) readers: u64,
}

/// What was found out.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) audience: AudienceSummary,
    /// The condition that chose the readers, as written.
    pub(super) segment: Option<String>,
    /// Editions that the audience needs.
    pub(super) editions: Count,
    /// The article's languages, the main file's first.
    pub(super) languages: Vec<Language>,
    /// Readers in the order of the list: one of every language and edition as far as the sample goes, and those with odd
    /// names. Where nobody on the list gets a language, the sender stands in.
    pub(super) sample: Vec<Subscriber>,
    /// How many at the end of the sample stand in for readers of languages that nobody gets.
    pub(super) stand_ins: usize,
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
    let mut copies = Counts::new(limits);
    let mut readers = Readers::default();
    let mut tally = Tally::new(press.templates());
    let mut findings: Vec<Diagnostic> = press.composer().signers().iter().filter_map(Signer::warning).collect();
    press.templates().warnings().iter().for_each(|warning| add(&mut findings, warning.clone()));
    let audience = audience.visit(segment, &mut |row| {
        let group = press.templates().group_of(row);
        let new_language = tally.readers()[group.language] == 0;
        let new = tally.add(row, &group);
        if new && tally.editions().counted <= SET_AHEAD {
            let edition = press.edition(row)?;
            edition.warnings.iter().for_each(|warning| add(&mut findings, warning.clone()));
        }
        readers.look_at(row, press.templates().of(&group).bare_gaps(), press.templates().languages().len() > 1);
        copies.add(limits, row.email().rsplit_once('@').map_or("", |(_, domain)| domain));
        chooser.offer(row, new_language, new)
    })?;
    readers.findings().into_iter().chain(too_many(&tally, press)).for_each(|finding| add(&mut findings, finding));
    let mut sample = chooser.chosen();
    if sample.is_empty() {
        let finding = Diagnostic::warning("nobody on the list may be written to: the copy is made out to the sender");
        add(&mut findings, finding.help("letterpress subscribers add ann@example.com"));
        sample.push(sender(press, None));
    }
    let tags = press.templates().languages().iter();
    let languages: Vec<Language> =
        tags.zip(tally.readers()).map(|(tag, readers)| Language { language: tag.clone(), readers: *readers }).collect();
    let unread = languages.iter().skip(1).filter(|language| language.readers == 0);
    let unread: Vec<Subscriber> = unread.map(|language| sender(press, Some(&language.language))).collect();
    let stand_ins = unread.len();
    sample.extend(unread);
    let segment = segment.map(|segment| segment.text().to_owned());
    let editions = tally.editions();
    let mut survey = Survey { audience, segment, editions, languages, sample, stand_ins, largest: 0, copies, findings };
    survey.check(press)?;
    Ok(survey)
}

/// What readers lack, counted.
#[derive(Default)]
struct Readers {
    /// By field: readers in whose copy a gap is left.
    holes: BTreeMap<String, u64>,
    /// Readers whose language can't be read, and the first such value.
    strange: Option<(String, u64)>,
}

impl Readers {
    fn look_at(&mut self, reader: &dyn Fields, bare_gaps: &[String], by_language: bool) {
        for field in bare_gaps.iter().filter(|field| reader.field(field).is_empty()) {
            match self.holes.get_mut(field) {
                Some(readers) => *readers += 1,
                None => drop(self.holes.insert(field.clone(), 1)),
            }
        }
        let language = reader.field("language");
        if by_language && !is_language(language) {
            self.strange.get_or_insert_with(|| (language.to_owned(), 0)).1 += 1;
        }
    }

    fn findings(&self) -> Vec<Diagnostic> {
        let hole = |(field, n): (&String, &u64)| {
            let readers = counted(*n, "reader has", "readers have");
            Diagnostic::warning(format!("{readers} no `{field}`: a gap is left in their copy"))
                .help(format!("write {{{{ subscriber.{field} | default(value=\"…\") }}}}"))
        };
        let strange = |(value, n): &(String, u64)| {
            let readers = counted(*n, "reader has", "readers have");
            Diagnostic::warning(format!(
                "{readers} a language that is no language tag (`{value}`): they get the main file"
            ))
            .help("write it as in `en`, `de` or `pt-BR`")
        };
        self.holes.iter().map(hole).chain(self.strange.as_ref().map(strange)).collect()
    }
}

/// Many editions are slow, and one field is most often why.
fn too_many(tally: &Tally, press: &Press) -> Option<Diagnostic> {
    let editions = tally.editions();
    if editions.counted <= MANY_EDITIONS {
        return None;
    }
    let mut message = format!("{} are needed", in_words(editions, "edition", "editions"));
    let Some((field, values)) = tally.cause() else { return Some(Diagnostic::warning(message)) };
    message.push_str(&format!(": `{field}` has {}", in_words(values, "value", "different values")));
    let warning = Diagnostic::warning(message);
    let place = press.templates().choice_place(field);
    let warning = place.into_iter().fold(warning, |warning, place| warning.at(place.clone()));
    Some(warning.help(format!(
        "each is set like an article of its own; to print the field as it is, {{{{ subscriber.{field} }}}}, takes no edition"
    )))
}

fn in_words(number: Count, one: &str, many: &str) -> String {
    let Count { counted: n, more } = number;
    if more { format!("more than {} {many}", count(n as u64)) } else { counted(n as u64, one, many) }
}

/// The sender as a reader, for looking at a copy before there are any.
fn sender(press: &Press, language: Option<&str>) -> Subscriber {
    let sources = press.templates().sources();
    let Mailbox { name, address } = sources.publication.from.clone();
    let first_name = name.split_whitespace().next().unwrap_or_default().to_owned();
    let fields = [("email", address.to_string()), ("name", name.clone()), ("first_name", first_name)];
    let language = language.map(|language| ("language", language.to_owned()));
    let fields = fields.into_iter().chain(language).map(|(field, value)| (field.to_owned(), value)).collect();
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
            for finding in check::copy(&copy, &press.templates().sources().publication) {
                add(&mut self.findings, finding);
            }
        }
        self.sample = sample;
        Ok(())
    }

    /// As in `3 editions`.
    pub(super) fn editions_in_words(&self) -> String {
        in_words(self.editions, "edition", "editions")
    }

    /// Whom it is for, when not for everybody.
    pub(super) fn segment_in_words(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.segment.as_deref().map(printable)
    }

    /// How many readers get which language, when there is more than one.
    pub(super) fn languages_in_words(&self) -> Option<String> {
        let each = |language: &Language| format!("{} {}", language.language, count(language.readers));
        (self.languages.len() > 1).then(|| self.languages.iter().map(each).collect::<Vec<_>>().join(", "))
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

/// Chooses a sample: the first reader of every language, someone without a name, the longest name, the first reader of every
/// edition, and then the first of the list as far as there is room.
struct Chooser {
    most: usize,
    of_languages: Vec<Subscriber>,
    early: Vec<Subscriber>,
    of_editions: Vec<Subscriber>,
    nameless: Option<Subscriber>,
    longest: Option<Subscriber>,
}

impl Chooser {
    fn new(most: usize) -> Self {
        Chooser {
            most,
            of_languages: Vec::new(),
            early: Vec::new(),
            of_editions: Vec::new(),
            nameless: None,
            longest: None,
        }
    }

    fn offer(&mut self, row: &Row<'_>, new_language: bool, new_edition: bool) -> Result<()> {
        let reader = || row.to_subscriber("readers.csv");
        if new_language {
            self.of_languages.push(reader()?);
        }
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
        let languages = self.of_languages.len();
        let wanted = self.of_languages.into_iter().chain(self.nameless).chain(self.longest);
        let wanted = wanted.chain(self.of_editions).chain(self.early);
        let mut chosen: Vec<Subscriber> = Vec::new();
        let mut rows = BTreeSet::new();
        for reader in wanted {
            if chosen.len() < self.most.max(languages) && rows.insert(reader.row) {
                chosen.push(reader);
            }
        }
        chosen.sort_by_key(|reader| reader.row);
        chosen
    }
}
