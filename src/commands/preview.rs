//! `letterpress preview` and `send --dry-run`: the very messages that would go, as files, and nothing sent.

use clap::Args;
use serde_json::json;

use super::survey::{self, Survey};
use super::{Exit, Session};
use crate::article::Article;
use crate::diagnostic::{Result, shown_path};
use crate::edition::Group;
use crate::mailing::{PURPOSE, Press, sources_digest};
use crate::preview::{Exclusion, Folder, Proof, ProofReader, decode_copy, render};
use crate::project::Project;
use crate::report::{count, counted, size};

/// Write the messages as they would go to preview/SLUG/ and look at them in a browser
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// A slug or a path; the newest article that is no draft when left out
    pub article: Option<String>,
    /// Only readers for whom this holds
    #[arg(long, value_name = "EXPR")]
    pub segment: Option<String>,
    /// The list in subscribers/, instead of what the settings say
    #[arg(long, value_name = "NAME")]
    pub list: Option<String>,
    /// All readers, not a sample
    #[arg(long)]
    pub all: bool,
}

/// What a dry run is of.
#[derive(Debug)]
pub struct DryRun<'a> {
    pub article: Option<&'a str>,
    pub segment: Option<&'a str>,
    pub list: Option<&'a str>,
    pub all: bool,
}

pub fn run(args: &PreviewArgs, session: &Session) -> Result<Exit> {
    let what = DryRun {
        article: args.article.as_deref(),
        segment: args.segment.as_deref(),
        list: args.list.as_deref(),
        all: args.all,
    };
    dry_run(&what, session)
}

/// Strikes the copies of a sample of readers, or of all, and writes them as files.
pub fn dry_run(what: &DryRun<'_>, session: &Session) -> Result<Exit> {
    let project = session.project()?.with_list(what.list)?;
    let article = project.article(what.article)?;
    let audience = project.audience()?;
    let segment = project.segment(what.segment, &article, audience.columns(), session.clock.now())?;
    let columns = audience.columns().clone();
    let (links, _) = session.links(&project)?;
    let mailing_id = links.key().mailing_id(&project.config.publication.list_id, &article.slug, PURPOSE);
    let sources = project.sources(article, &columns)?;
    let mut press = project.press(sources, links, &mailing_id, session.clock.now())?;
    let most = if what.all { usize::MAX } else { survey::SAMPLE };
    let survey = survey::take(audience, segment.as_ref(), &mut press, &project.limits(), most)?;
    survey.report(session);
    if let Some(upload) = project.write_assets(press.templates().sources())? {
        session.screen.diagnostic(&upload);
    }
    write(&project, &mut press, &survey, session)
}

fn write(project: &Project, press: &mut Press, survey: &Survey, session: &Session) -> Result<Exit> {
    let slug = press.templates().sources().article.slug.clone();
    let folder = Folder::create(&project.preview(), &slug)?;
    let mut groups: Vec<Group> = Vec::new();
    let mut readers = Vec::new();
    let mut shown: Vec<ProofReader> = Vec::new();
    let publication = press.templates().sources().publication.clone();
    for (at, reader) in survey.sample.iter().enumerate() {
        let proof = decode_copy(press, reader)?;
        let stem = folder.copy(at + 1, &proof)?;
        let group = press.templates().group_of(reader);
        if !groups.contains(&group) {
            groups.push(group.clone());
            folder.mjml(groups.len(), &proof.mjml)?;
        }
        readers.push(json!({
            "address": reader.address.as_str(), "name": reader.name, "subject": proof.subject, "files": stem,
            "message_bytes": proof.message.bytes.len(), "html_bytes": proof.html.len(), "text_bytes": proof.text.len(),
            "message_id": proof.message.message_id, "language": press.templates().languages()[group.language],
        }));
        if shown.len() < SHOWN {
            shown.push(ProofReader {
                address: reader.address.to_string(),
                name: reader.name.clone(),
                from: publication.from.name.clone(),
                subject: proof.subject,
                preheader: proof.preheader,
                html: proof.page,
                text: proof.text,
                source: String::from_utf8_lossy(&proof.message.bytes).into_owned(),
                files: stem,
            });
        }
    }
    let digest = sources_digest(press)?;
    let article = &press.templates().sources().article;
    let (title, subject) = press.templates().main().in_lists();
    let report = json!({
        "article": slug, "title": title, "subject": subject, "subjects": article.test, "draft": article.draft,
        "segment": survey.segment, "audience": {"rows": survey.audience.rows, "owed": survey.audience.owed, "excluded": survey.audience.excluded},
        "editions": survey.editions.counted, "more_editions": survey.editions.more, "languages": survey.languages,
        "largest_message_bytes": survey.largest, "digest": digest,
        "findings": survey.findings, "defects": survey.audience.defects, "readers": readers,
    });
    folder.report(&report)?;
    let excluded = survey.audience.excluded.counts().into_iter().filter(|(_, count)| *count > 0);
    folder.page(&render(&Proof {
        publication: publication.name,
        title,
        rows: survey.audience.rows,
        owed: survey.audience.owed,
        excluded: excluded.map(|(reason, count)| Exclusion { reason: reason.to_string(), count }).collect(),
        editions: survey.editions.counted,
        more_editions: survey.editions.more,
        struck: survey.sample.len() - survey.stand_ins,
        largest: survey.largest,
        digest: digest.clone(),
        findings: survey.findings.clone(),
        readers: shown,
    }))?;
    session.screen.document(&report);
    tell(&folder, survey, article, session);
    Ok(if survey.has_errors() { Exit::CheckFailed } else { Exit::Done })
}

/// How many readers the proof page holds; files are written for all.
const SHOWN: usize = 50;

/// What was written and what comes next.
fn tell(folder: &Folder, survey: &Survey, article: &Article, session: &Session) {
    let (screen, slug) = (session.screen, &article.slug);
    let struck = (survey.sample.len() - survey.stand_ins) as u64;
    screen.result(format!(
        "{} struck of {}, {}, {} at most; nothing was sent.",
        counted(struck, "copy", "copies"),
        count(survey.audience.owed),
        survey.editions_in_words(),
        size(survey.largest as u64)
    ));
    for (letter, subject, share) in survey::subjects(article) {
        screen.result(format!("Subject {letter}: {subject} ({share})"));
    }
    survey.segment_in_words().iter().for_each(|segment| screen.result(format!("Segment:   {segment}")));
    for (reason, n) in survey.audience.excluded.counts().into_iter().filter(|(_, n)| *n > 0) {
        screen.result(format!("Left out: {} {reason}", count(n)));
    }
    survey.languages_in_words().iter().for_each(|line| screen.result(format!("Languages: {line}")));
    screen.result(format!("Look at:   {}", shown_path(&folder.page_path())));
    if survey.has_errors() {
        screen.say("Errors were found: mend them before sending.");
    } else {
        screen
            .say(format!("Next:      letterpress send {slug} --to you@your-domain.org, then letterpress send {slug}"));
    }
}
