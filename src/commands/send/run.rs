//! The run itself: signals, progress, and what is said at the end.

use std::collections::BTreeSet;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::means::{Means, in_words};
use crate::commands::{Exit, Session, report, status};
use crate::delivery::Reply;
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::ledger::{Recipient, State};
use crate::mailing::{Driver, Ended, Interrupts, Mailing, Onlooker, PlanRow, Progress, Writer};
use crate::project::Project;
use crate::report::{Volume, counted};
use crate::subscribers::{Withdrawals, suppress};

/// Sends what is sealed and still owed.
pub(super) fn run(
    project: &Project,
    mut mailing: Mailing,
    mut writer: Writer,
    means: Means,
    session: &Session,
) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, usize::from))
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error(format!("the program can't start its threads: {error}")))?;
    let mut withdrawals = Withdrawals::load(&project.files_of(&mailing.manifest.list)?)?;
    let interrupts = Interrupts::default();
    runtime.spawn(pass_signals_on(interrupts.handle(), session.screen));
    let mut driver = Driver {
        press: mailing.press(session.links(project)?.0.key().clone(), &project.root)?,
        relays: means.relays,
        limits: means.limits,
        patience: means.patience,
        refusals: means.refusals,
        quota: means.quota,
        withdrawals: &mut withdrawals,
        clock: session.clock,
        runtime: runtime.handle().clone(),
        interrupts,
    };
    let mut bar = Bar::new(&mailing, session);
    let ended = loop {
        let ended = mailing.drive(&mut writer, &mut driver, &mut bar);
        bar.clear();
        match ended {
            Ok(Ended::Refusals { rejected, of }) if goes_on(rejected, of, session) => {}
            ended => break ended,
        }
    };
    // Whoever has not finished by now never will.
    runtime.shutdown_background();
    let exit = finish(ended, &mailing, session)?;
    if project.config.settings.send.suppress_unknown {
        suppress_unknown(project, &mailing, session)?;
    }
    Ok(exit)
}

/// Addresses that the relay says don't exist are not to be written to again.
fn suppress_unknown(project: &Project, mailing: &Mailing, session: &Session) -> Result<()> {
    let unknown = |recipient| {
        let outcome = mailing.ledger.outcome(recipient)?;
        Reply::new(outcome.code, outcome.reply.clone()).says_unknown_user().then_some(recipient)
    };
    let recipients: BTreeSet<Recipient> = mailing.ledger.in_state(State::Rejected).filter_map(unknown).collect();
    if recipients.is_empty() {
        return Ok(());
    }
    let mut addresses = Vec::with_capacity(recipients.len());
    let (mut plan, mut row) = (mailing.plan()?, PlanRow::default());
    while addresses.len() < recipients.len() && plan.read(&mut row)? {
        if recipients.contains(&row.recipient) {
            addresses.push(row.address()?);
        }
    }
    let file = project.files().suppressions;
    let source = format!("relay, {}", mailing.manifest.slug);
    let added = suppress(&file, &addresses, "unknown mailbox", &source, session.today())?;
    if added > 0 {
        session.screen.say(format!(
            "{} by the relay's word: suppressed from now on, in {}.",
            counted(added as u64, "address doesn't exist", "addresses don't exist"),
            shown_path(&file)
        ));
    }
    Ok(())
}

/// Many refusals: a person may know why, and say that it is all right.
fn goes_on(rejected: u16, of: u16, session: &Session) -> bool {
    if !session.screen.interactive {
        return false;
    }
    session.screen.diagnostic(&many_refusals(rejected, of));
    session.screen.ask("Type yes to go on all the same:").as_deref() == Some("yes")
}

fn many_refusals(rejected: u16, of: u16) -> Diagnostic {
    Diagnostic::error(format!("{rejected} of the last {of} copies were refused; sending has stopped"))
        .help("look at the relay's words below: a stale list, or mail that the relay takes for spam, gets worse by going on")
        .help("send --refusals 50% goes on up to that share")
}

fn finish(ended: Result<Ended>, mailing: &Mailing, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    let slug = &mailing.manifest.slug;
    let (opening, exit) = match ended? {
        Ended::Through => (None, exit(mailing)),
        Ended::Interrupted => (Some("Interrupted; the ledger is exact.".to_owned()), Exit::Interrupted),
        Ended::Abandoned => (Some("Stopped at once; what was on its way is in doubt.".to_owned()), Exit::Interrupted),
        Ended::QuotaReached if mailing.ledger.counts().is_complete() => (None, Exit::Done),
        Ended::QuotaReached => {
            let what = "Today's share is sent, by [limits] per_day: run the command again tomorrow.";
            (Some(what.to_owned()), Exit::Incomplete)
        }
        Ended::Refusals { rejected, of } => {
            if !screen.interactive {
                screen.diagnostic(&many_refusals(rejected, of));
            }
            (None, Exit::Incomplete)
        }
        Ended::Stopped(stop) => {
            screen.diagnostic(&stop.diagnostic);
            (None, if stop.transient { Exit::Incomplete } else { Exit::Failed })
        }
    };
    opening.iter().for_each(|line| screen.say(line));
    conclude(mailing, session)?;
    // What was recorded is safe; a report can be made again at any time.
    if let Err(error) = report::after_run(mailing, session) {
        screen.diagnostic(&error);
    }
    if exit == Exit::Interrupted && mailing.ledger.counts().deferred + mailing.ledger.counts().pending == 0 {
        screen.say(format!("Carry on with: letterpress send {slug}"));
    }
    Ok(exit)
}

/// What a mailing's state means for a script.
pub(super) fn exit(mailing: &Mailing) -> Exit {
    if mailing.ledger.counts().is_complete() { Exit::Done } else { Exit::Incomplete }
}

/// The counts, and what to do about what is left.
pub(super) fn conclude(mailing: &Mailing, session: &Session) -> Result<()> {
    status::show(mailing, session)?;
    if mailing.ledger.in_state(State::Deferred).next().is_some() {
        session.screen.say("Those deferred are worth another try in about an hour.");
    }
    Ok(())
}

/// SIGINT and SIGTERM: the first lets those on their way finish, the second stops at once.
async fn pass_signals_on(interrupt: impl Fn(), screen: crate::report::Screen) {
    for again in [false, true] {
        if signal().await.is_err() {
            return;
        }
        if !again {
            screen.say("Stopping after the messages on their way; interrupt again to stop at once.");
        }
        interrupt();
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// A bar for whoever looks on, nothing for a script.
struct Bar<'s> {
    drawn: ProgressBar,
    session: &'s Session,
    waits: bool,
}

impl<'s> Bar<'s> {
    fn new(mailing: &Mailing, session: &'s Session) -> Self {
        let counts = mailing.ledger.counts();
        let owed = counts.pending + counts.deferred;
        let seen = std::io::stderr().is_terminal() && session.screen.volume != Volume::Quiet;
        let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(owed), target);
        let template = "Sending {bar:30} {human_pos}/{human_len}, {per_sec}, {eta} left{msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━─"));
        }
        if !seen {
            session.screen.say(format!("Sending to {}…", counted(owed, "reader", "readers")));
        }
        Bar { drawn: bar, session, waits: false }
    }

    fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

impl Onlooker for Bar<'_> {
    fn progress(&mut self, progress: &Progress) {
        self.drawn.set_position(progress.done);
        // Only when nothing else is left to do is the wait worth a word.
        let waiting = progress.next_try.filter(|_| progress.idle);
        match waiting {
            Some(time) => self.drawn.set_message(format!("; some were put off, next try in {}", in_words(time))),
            None if self.waits => self.drawn.set_message(""),
            None => {}
        }
        if waiting.is_some() && !self.waits && self.drawn.is_hidden() {
            let time = waiting.map(in_words).unwrap_or_default();
            self.session.screen.say(format!("Some were put off by the relay; the next try is in {time}."));
        }
        self.waits = waiting.is_some();
    }

    fn notice(&mut self, notice: &Diagnostic) {
        self.drawn.suspend(|| self.session.screen.diagnostic(notice));
    }
}
