//! The run itself: signals, progress, and what is said at the end.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::{Exit, Session, status};
use crate::delivery::Relay;
use crate::diagnostic::{Diagnostic, Result};
use crate::edition::{Merging, Template};
use crate::mailing::{Driver, Ended, Mailing, Press, Progress, Writer};
use crate::message::Composer;
use crate::project::Project;
use crate::report::{Volume, counted};
use crate::subscribers::Withdrawals;

/// Sends what is sealed and still owed.
pub(super) fn run(
    project: &Project,
    mut mailing: Mailing,
    mut writer: Writer,
    relay: &mut Relay,
    session: &Session,
) -> Result<Exit> {
    let mut press = sealed_press(project, &mailing, session)?;
    let mut withdrawals = Withdrawals::load(&project.files())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error(format!("the program can't start its timers: {error}")))?;
    let interrupted = AtomicBool::new(false);
    let bar = progress_bar(&mailing, session);
    let mut look_on = |progress: &Progress| bar.set_position(progress.done);
    let ended = runtime.block_on(async {
        let mut driver = Driver {
            press: &mut press,
            relay,
            withdrawals: &mut withdrawals,
            clock: session.clock,
            interrupted: &interrupted,
        };
        let ended = tokio::select! {
            ended = mailing.drive(&mut writer, &mut driver, &mut look_on) => Some(ended),
            () = stop_requested(&interrupted, session) => None,
        };
        if matches!(ended, Some(Ok(_))) {
            driver.relay.close().await;
        }
        ended
    });
    bar.finish_and_clear();
    finish(ended, mailing, project, session)
}

/// The sealed sources, ready to strike copies from.
fn sealed_press(project: &Project, mailing: &Mailing, session: &Session) -> Result<Press> {
    let sealed = mailing.sources()?;
    let links = sealed.links(session.links(project)?.0.key().clone());
    let signers = sealed.signers(&project.root)?;
    let sources = sealed.into_sources()?;
    let composer = Composer::new(
        &sources.publication,
        links,
        &mailing.manifest.slug,
        &mailing.manifest.id,
        mailing.manifest.sealed_at,
    )
    .with_signers(signers);
    Ok(Press::new(Template::new(sources, Merging::Gaps)?, composer))
}

fn finish(ended: Option<Result<Ended>>, mailing: Mailing, project: &Project, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    let slug = mailing.manifest.slug.clone();
    match ended {
        Some(Ok(Ended::Through)) => {
            report(&mailing, session)?;
            Ok(exit(&mailing))
        }
        Some(Ok(Ended::Stopped(stop))) => {
            screen.diagnostic(&stop.diagnostic);
            report(&mailing, session)?;
            Ok(if stop.transient { Exit::Incomplete } else { Exit::Failed })
        }
        Some(Ok(Ended::Interrupted)) => {
            screen.say("Interrupted; the ledger is exact.");
            report(&mailing, session)?;
            screen.say(format!("Carry on with: letterpress send {slug}"));
            Ok(Exit::Interrupted)
        }
        None => {
            // The run was dropped in the middle: only what is on disk is true now.
            drop(mailing);
            let mailing = Mailing::open(&project.mailings(), &slug)?;
            screen.say("Stopped at once; what was on its way is in doubt.");
            report(&mailing, session)?;
            screen.say(format!("Carry on with: letterpress send {slug}"));
            Ok(Exit::Interrupted)
        }
        Some(Err(error)) => Err(error),
    }
}

/// What a mailing's state means for a script.
pub(super) fn exit(mailing: &Mailing) -> Exit {
    if mailing.ledger.counts().is_complete() { Exit::Done } else { Exit::Incomplete }
}

/// The counts, and what to do about what is left.
pub(super) fn report(mailing: &Mailing, session: &Session) -> Result<()> {
    status::show(mailing, session)
}

/// Waits for SIGINT or SIGTERM: the first lets the message on its way finish, the second returns.
async fn stop_requested(interrupted: &AtomicBool, session: &Session) {
    for again in [false, true] {
        if signal().await.is_err() {
            return std::future::pending().await;
        }
        if !again {
            interrupted.store(true, Ordering::Relaxed);
            session.screen.say("Stopping after the message on its way; interrupt again to stop at once.");
        }
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
fn progress_bar(mailing: &Mailing, session: &Session) -> ProgressBar {
    let counts = mailing.ledger.counts();
    let owed = counts.pending + counts.deferred;
    let seen = std::io::stderr().is_terminal() && session.screen.volume != Volume::Quiet;
    let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(owed), target);
    if let Ok(style) = ProgressStyle::with_template("Sending {bar:30} {human_pos}/{human_len}, {per_sec}, {eta} left") {
        bar.set_style(style.progress_chars("━━─"));
    }
    if !seen {
        session.screen.say(format!("Sending to {}…", counted(owed, "reader", "readers")));
    }
    bar
}
