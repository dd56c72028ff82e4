//! Running `send` again: carries a sealed mailing on, settles doubts when asked.

use super::means::Means;
use super::{SendArgs, confirm, repeatable, run as sending};
use crate::commands::{Exit, Session};
use crate::delivery::{Counts, Limits};
use crate::diagnostic::{Diagnostic, Result};
use crate::ledger::State;
use crate::mailing::{Mailing, PlanRow};
use crate::project::Project;
use crate::report::{count, counted};

pub(super) fn run(project: &Project, slug: &str, args: &SendArgs, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    if args.segment.is_some() {
        return Err(Diagnostic::error(format!("{slug} is sealed already: its readers can't be chosen again"))
            .help("leave --segment out to carry the mailing on"));
    }
    let (mut mailing, mut writer) = Mailing::open_for_writing(&project.mailings(), slug)?;
    if let Some(list) = args.list.as_ref().filter(|list| **list != mailing.manifest.list) {
        return Err(Diagnostic::error(format!("{slug} is sealed already, for the list `{}`", mailing.manifest.list))
            .help(format!("leave `--list {list}` out to carry the mailing on")));
    }
    if let Some(warning) = writer.warning() {
        screen.diagnostic(&warning);
    }
    let sealed = mailing.sources()?;
    let sealed_article = sealed.article()?;
    if !project.article(Some(slug)).is_ok_and(|article| article.says_the_same(&sealed_article)) {
        let file = &sealed.article_file;
        screen.say(format!("{file} was changed since it was sealed; the sealed one is what readers get."));
    }
    if !project.root.join(project.key_file()).exists() {
        return Err(Diagnostic::error(format!(
            "{} is gone: the links in the copies already sent are signed with it",
            project.key_file()
        ))
        .help("restore it from a backup; nothing was sent"));
    }
    let counts = mailing.ledger.counts();
    let repeatable = repeatable::find(project, &mailing, &sealed, args, session)?;
    let will_resend = if args.resend_in_doubt { counts.in_doubt } else { repeatable.len() as u64 };
    let owed = counts.pending + counts.deferred + will_resend;
    if owed == 0 && !args.accept_in_doubt {
        sending::conclude(&mailing, session)?;
        return Ok(sending::exit(&mailing));
    }
    // Another key would make other copies: that speaks against going on too.
    sealed.signers(&project.root)?;
    screen.say(format!(
        "{} was sealed on {} for {}; {} still owed a copy.",
        mailing.manifest.slug,
        mailing.manifest.sealed_at.strftime("%-d %B %Y"),
        counted(counts.total, "reader", "readers"),
        count(owed)
    ));
    if will_resend > 0 {
        let how =
            if repeatable.is_empty() { "may get it twice" } else { "get it once: the relay knows what it was handed" };
        screen.say(format!("{} in doubt will be sent to again and {how}.", counted(will_resend, "reader", "readers")));
    }
    // What speaks against sending is found before anything changes.
    let means = Means::find(project, args, session)?;
    means.show(&owed_by_domain(&mailing, &means.limits, will_resend > 0)?, session);
    if owed > 0 && !confirm::ask(owed, args.yes, session) {
        return Ok(Exit::NotConfirmed);
    }
    if args.resend_in_doubt || args.accept_in_doubt {
        let settled = mailing.settle(&mut writer, args.resend_in_doubt, session.clock.now())?;
        let how = if args.resend_in_doubt { "is owed a copy again" } else { "counts as having it" };
        screen.say(format!("{}: each {how}.", counted(settled as u64, "doubt settled", "doubts settled")));
    }
    mailing.settle_each(&mut writer, &repeatable, session.clock.now())?;
    sending::run(project, mailing, writer, means, session)
}

/// How many copies are owed, by the domains that have limits.
fn owed_by_domain(mailing: &Mailing, limits: &Limits, with_doubts: bool) -> Result<Counts> {
    let mut counts = Counts::new(limits);
    let mut plan = mailing.plan()?;
    let mut row = PlanRow::default();
    while plan.read(&mut row)? {
        let state = mailing.ledger.state(row.recipient);
        if state.is_owed() || (with_doubts && state == State::InDoubt) {
            counts.add(limits, row.domain());
        }
    }
    Ok(counts)
}
