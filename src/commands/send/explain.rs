//! `send --explain ADDRESS`: why a reader of the list would get the article or would not; nothing is sent.

use serde_json::json;

use crate::address::Address;
use crate::article::Article;
use crate::commands::{Exit, Session, survey};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::edition::Fields;
use crate::mailing::{Mailing, PlanRow};
use crate::project::Project;
use crate::subscribers::{Explanation, Rows, Segment, Withdrawal, Withdrawals};

pub(super) fn run(
    project: &Project,
    article: &Article,
    segment: Option<&str>,
    address: &Address,
    session: &Session,
) -> Result<Exit> {
    let files = project.files();
    let mut rows = Rows::open(&files.list)?;
    let segment = project.segment(segment, article, rows.columns(), session.clock.now())?;
    let wanted = address.normal_form();
    loop {
        let Some(row) = rows.read()? else {
            session.screen.diagnostic(
                &Diagnostic::error(format!("{address} is not in the list"))
                    .help("`letterpress subscribers find` looks for a part of an address or a name"),
            );
            return Ok(Exit::Failed);
        };
        if !row.email().eq_ignore_ascii_case(&wanted) {
            continue;
        }
        let against = Withdrawals::load(&files)?.find(address).map(Withdrawal::as_str);
        let explanation = segment.as_ref().map(|segment| segment.explain(&row));
        let list_id = &project.config.publication.list_id;
        let chooser = article.test.as_ref().map(|test| test.chooser(list_id, &article.slug));
        let letter = chooser.map(|chooser| chooser.letter_of(row.email()));
        let answer = Answer { article, address, against, segment: segment.as_ref(), explanation, letter };
        answer.tell(row.line(), session);
        sealed(project, article, address, session)?;
        return Ok(Exit::Done);
    }
}

struct Answer<'a> {
    article: &'a Article,
    address: &'a Address,
    /// Why the reader gets nothing at all.
    against: Option<&'static str>,
    segment: Option<&'a Segment>,
    explanation: Option<Explanation>,
    /// Which of several subjects.
    letter: Option<&'static str>,
}

impl Answer<'_> {
    fn tell(&self, row: u64, session: &Session) {
        let Answer { article, address, against, segment, explanation, letter } = self;
        let screen = session.screen;
        let is_in = explanation.as_ref().is_none_or(|explanation| explanation.holds);
        let slug = &article.slug;
        screen.result(match (against, is_in) {
            (Some(reason), _) => format!("{address}, row {row}, would not get {slug}: {reason}"),
            (None, false) => format!("{address}, row {row}, would not get {slug}: not in the segment"),
            (None, true) => format!("{address}, row {row}, would get {slug}"),
        });
        let subject = survey::subjects(article).into_iter().find(|(known, ..)| Some(*known) == *letter);
        if let Some((letter, subject, share)) = subject {
            screen.result(format!("Subject {letter}: {subject} ({share})"));
        }
        if let (Some(segment), Some(explanation)) = (segment, explanation) {
            screen.result(format!("Segment: {}", printable(segment.text())));
            lines(explanation, 1).iter().for_each(|line| screen.result(line));
        }
        screen.document(&json!({
            "article": slug, "address": address.as_str(), "row": row, "gets": against.is_none() && is_in,
            "reason": against.or((!is_in).then_some("not in the segment")), "subject": letter, "segment": explanation,
        }));
    }
}

/// A part in a line, and below it, further in, the parts that it is made of.
fn lines(explanation: &Explanation, depth: usize) -> Vec<String> {
    let Explanation { part, holds, because, parts, .. } = explanation;
    let mark = if *holds { "yes" } else { "no " };
    let because = because.as_ref().map(|because| format!("   ({})", printable(because))).unwrap_or_default();
    let line = format!("{}{mark}  {}{because}", "  ".repeat(depth), printable(part));
    std::iter::once(line).chain(parts.iter().flat_map(|part| lines(part, depth + 1))).collect()
}

/// What is sealed is not what the list says now: that is told too.
fn sealed(project: &Project, article: &Article, address: &Address, session: &Session) -> Result<()> {
    if !Mailing::exists(&project.mailings(), &article.slug) {
        return Ok(());
    }
    let mailing = Mailing::open(&project.mailings(), &article.slug)?;
    let mut row = PlanRow::default();
    let slug = &article.slug;
    let there = mailing.plan()?.find(address, &mut row)?;
    session.screen.say(if there {
        let state = mailing.ledger.state(row.recipient).name();
        format!("{slug} is sealed, and {} is one of its recipients: {state}.", Fields::field(&row, "email"))
    } else {
        format!(
            "{slug} is sealed, and {address} is none of its recipients; the list as it is now doesn't matter to it."
        )
    });
    Ok(())
}
