//! `letterpress check`: everything that would embarrass you later, without writing or sending anything.

use clap::Args;
use serde_json::json;

use super::survey::{self, SAMPLE};
use super::{Exit, Session};
use crate::diagnostic::Result;
use crate::report::{counted, size};

/// Find what would embarrass you later: in the article, the theme, the list, and copies struck from them
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A slug or a path; the newest article that is no draft when left out
    pub article: Option<String>,
    /// Only readers for whom this holds
    #[arg(long, value_name = "EXPR")]
    pub segment: Option<String>,
    /// The list in subscribers/, instead of what the settings say
    #[arg(long, value_name = "NAME")]
    pub list: Option<String>,
}

pub fn run(args: &CheckArgs, session: &Session) -> Result<Exit> {
    let project = session.project()?.with_list(args.list.as_deref())?;
    let article = project.article(args.article.as_deref())?;
    let audience = project.audience()?;
    let segment = project.segment(args.segment.as_deref(), &article, audience.columns(), session.clock.now())?;
    let columns = audience.columns().clone();
    let links = project.links_to_look_at()?;
    let file = article.file.clone();
    let sources = project.sources(article, &columns)?;
    let mut press = project.press(sources, links, "check", session.clock.now())?;
    let survey = survey::take(audience, segment.as_ref(), &mut press, &project.limits(), SAMPLE)?;
    survey.report(session);
    if let Some(warning) = project.files().exposure() {
        session.screen.diagnostic(&warning);
    }
    session.screen.document(&json!({
        "article": file, "segment": survey.segment, "owed": survey.audience.owed, "editions": survey.editions.counted,
        "more_editions": survey.editions.more, "languages": survey.languages,
        "largest_message_bytes": survey.largest, "findings": survey.findings, "defects": survey.audience.defects,
    }));
    let things = survey.findings.len() as u64 + survey.audience.defects.total;
    let found = if things == 0 {
        "nothing to mend".to_owned()
    } else {
        counted(things, "thing to look at", "things to look at")
    };
    survey.segment_in_words().iter().for_each(|segment| session.screen.result(format!("Segment:   {segment}")));
    session.screen.result(format!(
        "{file}: {found}; {} owed a copy, {}, {} at most.",
        counted(survey.audience.owed, "reader is", "readers are"),
        survey.editions_in_words(),
        size(survey.largest as u64)
    ));
    Ok(if survey.has_errors() { Exit::CheckFailed } else { Exit::Done })
}
