//! What a run sends with: relays, limits and patience, from the settings and the command line; and how long it will take.

use std::time::Duration;

use super::SendArgs;
use crate::commands::Session;
use crate::delivery::{Counts, Limits, Rate, RelaySettings, RelayUrl, Share, forecast};
use crate::diagnostic::{Diagnostic, Result};
use crate::mailing::{Outgoing, Patience, begun_since};
use crate::project::Project;
use crate::report::{count, counted};

/// What a run sends with.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) relays: Vec<Outgoing>,
    pub(super) limits: Limits,
    pub(super) patience: Patience,
    pub(super) refusals: Share,
    /// How many messages may still be begun today.
    pub(super) quota: Option<u64>,
}

impl Means {
    /// Reads settings and command line, and finds passwords; nothing is connected.
    pub(super) fn find(project: &Project, args: &SendArgs, session: &Session) -> Result<Means> {
        let settings = &project.config.settings;
        let mut wanted = project.relay_settings(args.relay.as_deref())?;
        wanted.iter_mut().for_each(|(_, relay)| overrule(relay, args));
        let mut send = settings.send.clone();
        send.retry_for = args.retry_for.clone().or(send.retry_for);
        let patience = send.patience().map_err(|error| match args.retry_for {
            Some(_) => Diagnostic::error(format!("--retry-for: {}", error.message)).help(error.help),
            None => project.config.wrong("send", &error),
        })?;
        let limits = project.limits();
        let quota = match limits.allowance(session.today()) {
            Some(allowance) => Some(allowance.saturating_sub(begun_today(project, session)?)),
            None => None,
        };
        Ok(Means {
            relays: session.relays(project, wanted)?,
            limits,
            patience,
            refusals: args.refusals.unwrap_or(settings.limits.refusals),
            quota,
        })
    }

    /// Relays, speed and the time it will take, for the user to see before anything leaves.
    pub(super) fn show(&self, counts: &Counts, session: &Session) {
        for outgoing in &self.relays {
            let mut line = format!("Relay      {}", outgoing.name);
            if matches!(outgoing.relay, crate::delivery::Relay::Smtp(_)) {
                line += &format!(", {}", counted(outgoing.connections as u64, "connection", "connections"));
            }
            if let Some(rate) = outgoing.rate {
                line += &format!(", {rate}");
            }
            match outgoing.weight {
                _ if self.relays.len() == 1 => {}
                0 => line += ", when no other can be used",
                weight => line += &format!(", share {weight}"),
            }
            session.screen.say(line);
        }
        let total = counts.total();
        if let Some(quota) = self.quota.filter(|quota| *quota < total) {
            session
                .screen
                .say(format!("Today      {} of them: the rest of what [limits] per_day allows", count(quota)));
        }
        let used: Vec<Option<Rate>> = self.main_relays().map(|outgoing| outgoing.rate).collect();
        if let Some(time) = forecast(&used, &self.limits, counts).filter(|time| time.as_secs() >= 1) {
            let at = session.local(session.clock.now() + jiff::SignedDuration::try_from(time).unwrap_or_default());
            session.screen.say(format!("Finished   in {}, at {at}", in_words(time)));
        }
    }

    fn main_relays(&self) -> impl Iterator<Item = &Outgoing> {
        let any_main = self.relays.iter().any(|outgoing| outgoing.weight > 0);
        self.relays.iter().filter(move |outgoing| outgoing.weight > 0 || !any_main)
    }
}

/// What the command line says goes before the settings.
fn overrule(relay: &mut RelaySettings, args: &SendArgs) {
    relay.connections = args.connections.or(relay.connections);
    relay.rate = args.rate.or(relay.rate);
}

/// How many messages of this publication were begun since midnight.
fn begun_today(project: &Project, session: &Session) -> Result<u64> {
    begun_since(&project.mailings(), session.midnight())
}

/// A time that a person can plan with: `45 seconds`, `12 minutes`, `2 h 10 min`, `3 days`.
pub(super) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => counted(seconds, "second", "seconds"),
        120..7200 => counted(seconds.div_ceil(60), "minute", "minutes"),
        7200..172_800 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => counted(seconds.div_ceil(86_400), "day", "days"),
    }
}

/// The relay that a single copy goes to.
pub(super) fn first_relay(project: &Project, args: &SendArgs, session: &Session) -> Result<Outgoing> {
    let mut wanted: Vec<(RelayUrl, RelaySettings)> = project.relay_settings(args.relay.as_deref())?;
    wanted.truncate(1);
    session
        .relays(project, wanted)?
        .into_iter()
        .next()
        .ok_or_else(|| Diagnostic::error("no relay is set").help("write url = \"smtps://…\" in [relay]"))
}
