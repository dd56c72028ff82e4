//! What a person sees before anything leaves, and the question.

use crate::commands::Session;
use crate::commands::survey::{self, Survey};
use crate::mailing::Press;
use crate::report::{count, counted, size};

/// Article, audience, exclusions, in a few lines.
pub(super) fn show(press: &Press, survey: &Survey, session: &Session) {
    let screen = session.screen;
    let article = &press.templates().sources().article;
    let (title, _) = press.templates().main().in_lists();
    screen.say(format!("Article    {title} ({})", article.file));
    for (letter, subject, share) in survey::subjects(article) {
        screen.say(format!("Subject    {letter}: {subject} ({share})"));
    }
    screen.say(format!("From       {}", press.templates().sources().publication.from));
    survey.segment_in_words().iter().for_each(|segment| screen.say(format!("Segment    {segment}")));
    screen.say(format!("Readers    {}", counted(survey.audience.owed, "reader", "readers")));
    for (reason, n) in survey.audience.excluded.counts().into_iter().filter(|(_, n)| *n > 0) {
        screen.say(format!("  left out {} {reason}", count(n)));
    }
    survey.languages_in_words().iter().for_each(|line| screen.say(format!("Languages  {line}")));
    screen.say(format!("Message    {} a copy, {}", size(survey.largest as u64), survey.editions_in_words()));
}

/// Whether to go on: `--yes`, or the number of readers typed on a terminal.
pub(super) fn ask(readers: u64, yes: bool, session: &Session) -> bool {
    if yes {
        return true;
    }
    if !session.screen.interactive {
        session.screen.say("Not sent: there is no terminal to ask on. Add --yes to send.");
        return false;
    }
    let answer = session.screen.ask(&format!("Type {readers} to send to {}:", counted(readers, "reader", "readers")));
    if answer.as_deref().map(|text| text.replace(',', "")) == Some(readers.to_string()) {
        return true;
    }
    session.screen.say("Not sent.");
    false
}
