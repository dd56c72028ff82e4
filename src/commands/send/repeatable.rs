//! Readers in doubt who can be sent to again without getting it twice: their relay knows a repeated message by a header.

use jiff::SignedDuration;

use super::SendArgs;
use crate::commands::Session;
use crate::diagnostic::Result;
use crate::mailing::{Doubt, Mailing, SealedSources, Settlement, Verdict};
use crate::project::Project;

/// Relays remember for a day, as those that document it say (Resend: 24 hours).
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// The doubts that a repeated message settles. Only with one relay, which must be the one of the first attempt: another
/// doesn't know what this one was handed.
pub(super) fn find(
    project: &Project,
    mailing: &Mailing,
    sealed: &SealedSources,
    args: &SendArgs,
    session: &Session,
) -> Result<Vec<Settlement>> {
    if args.resend_in_doubt || args.accept_in_doubt || sealed.repeat_headers.is_empty() {
        return Ok(Vec::new());
    }
    let relays = project.relay_settings(args.relay.as_deref())?;
    let [(url, settings)] = relays.as_slice() else { return Ok(Vec::new()) };
    let Some(header) = settings.idempotency_header.as_ref().filter(|name| sealed.repeat_headers.contains(name)) else {
        return Ok(Vec::new());
    };
    let name = settings.name.clone().unwrap_or_else(|| url.to_string());
    let oldest = (session.clock.now() - REMEMBERED).as_millisecond();
    let remembered = |doubt: &Doubt| doubt.relay.as_ref() == Some(&name) && doubt.since > oldest;
    let settle = |doubt: Doubt| Settlement {
        recipient: doubt.recipient,
        verdict: Verdict::Resend,
        reason: format!("the relay knows a repeated message by its {header}"),
    };
    Ok(mailing.doubts()?.into_iter().filter(remembered).map(settle).collect())
}
