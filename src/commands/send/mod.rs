//! `letterpress send`: seals a mailing, hands every reader's copy to the relay, and carries on where it stopped.

mod carry_on;
mod confirm;
mod explain;
mod means;
mod repeatable;
mod run;
mod trial;

use clap::Args;

use super::{Exit, Session, preview};
use crate::address::Address;
use crate::article::Article;
use crate::delivery::{Rate, Share};
use crate::diagnostic::{Diagnostic, Result};
use crate::mailing::{Mailing, Order, PURPOSE, seal};
use crate::project::Project;
use crate::subscribers::AudienceSummary;

/// Send an article to everyone who is owed a copy; run again, it carries on where it stopped
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that a person types")]
#[command(after_help = "\
It shows who gets the article and asks for the number of readers; without a terminal and without --yes nothing leaves.

A reader whose copy may have been sent, with no answer known, is in doubt and is not written to again unasked.")]
pub struct SendArgs {
    /// A slug or a path; the newest article that is no draft when left out
    pub article: Option<String>,
    /// Write the very messages that would go to preview/SLUG/ and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: all readers, not a sample
    #[arg(long, requires = "dry_run")]
    pub all: bool,
    /// Send one copy to this address as a test, and nothing to the list; may be given several times
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["dry_run", "segment", "resend_in_doubt", "accept_in_doubt"])]
    pub to: Vec<String>,
    /// Only readers for whom this holds, as in "plan == 'pro' and not tag('beta')"
    #[arg(long, value_name = "EXPR")]
    pub segment: Option<String>,
    /// The list in subscribers/, instead of what the settings say
    #[arg(long, value_name = "NAME")]
    pub list: Option<String>,
    /// Say why a reader would get it or not, part by part of the segment; nothing is sent
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["dry_run", "to", "resend_in_doubt", "accept_in_doubt"])]
    pub explain: Option<String>,
    /// Where to hand messages: smtps://HOST, smtp://HOST:PORT, file:DIR, discard:
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// How many connections to the relay, instead of what the settings say
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub connections: Option<u16>,
    /// How fast, as in 14/s, 600/min or 5000/h
    #[arg(long, value_name = "RATE")]
    pub rate: Option<Rate>,
    /// For how long readers whom the relay puts off are tried again, as in 2h; 0 tries each reader once
    #[arg(long, value_name = "TIME")]
    pub retry_for: Option<String>,
    /// Go on as long as no more than this share of the last 200 copies is refused, as in 20%
    #[arg(long, value_name = "SHARE", value_parser = Share::parse)]
    pub refusals: Option<Share>,
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
    /// Send again to readers in doubt: some may get it twice
    #[arg(long, conflicts_with_all = ["accept_in_doubt", "dry_run"])]
    pub resend_in_doubt: bool,
    /// Take readers in doubt as having it: some may not
    #[arg(long, conflicts_with = "dry_run")]
    pub accept_in_doubt: bool,
}

pub fn run(args: &SendArgs, session: &Session) -> Result<Exit> {
    if args.dry_run {
        return preview::dry_run(
            &preview::DryRun {
                article: args.article.as_deref(),
                segment: args.segment.as_deref(),
                list: args.list.as_deref(),
                all: args.all,
            },
            session,
        );
    }
    let project = session.project()?.with_list(args.list.as_deref())?;
    if let Some(text) = &args.explain {
        let article = project.article(args.article.as_deref())?;
        return explain::run(&project, &article, args.segment.as_deref(), &parse_address(text)?, session);
    }
    if let Some(slug) = args.article.as_deref().filter(|name| Mailing::exists(&project.mailings(), name))
        && args.to.is_empty()
    {
        // What is sealed is sent, whatever became of the article's file.
        return carry_on::run(&project, slug, args, session);
    }
    let article = project.article(args.article.as_deref())?;
    if !args.to.is_empty() {
        let mut addresses = args.to.iter().map(|text| parse_address(text)).collect::<Result<Vec<_>>>()?;
        let mut seen = std::collections::BTreeSet::new();
        addresses.retain(|address| seen.insert(address.normal_form()));
        return trial::run(&project, &article, &addresses, args, session);
    }
    if Mailing::exists(&project.mailings(), &article.slug) {
        return carry_on::run(&project, &article.slug, args, session);
    }
    if args.resend_in_doubt || args.accept_in_doubt {
        return Err(Diagnostic::error(format!("{} was never sent, so nobody is in doubt", article.slug))
            .help("leave --resend-in-doubt and --accept-in-doubt out"));
    }
    if article.draft {
        return Err(Diagnostic::error(format!("{} is a draft", article.file))
            .help("remove `draft = true` from its front matter to send it, or look at it with --dry-run"));
    }
    begin(&project, article, args, session)
}

fn parse_address(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|error| {
        Diagnostic::error(format!("`{text}` is no address: {error}")).help("write it as in ann@example.com")
    })
}

/// Shows what will happen, asks, seals, sends.
fn begin(project: &Project, article: Article, args: &SendArgs, session: &Session) -> Result<Exit> {
    let means = means::Means::find(project, args, session)?;
    let (links, _) = session.links(project)?;
    let slug = article.slug.clone();
    let mailing_id = links.key().mailing_id(&project.config.publication.list_id, &slug, PURPOSE);
    let audience = project.audience()?;
    let segment = project.segment(args.segment.as_deref(), &article, audience.columns(), session.clock.now())?;
    let columns = audience.columns().clone();
    let sources = project.sources(article, &columns)?;
    let mut press = project.press(sources, links, &mailing_id, session.clock.now())?;
    let survey = super::survey::take(audience, segment.as_ref(), &mut press, &means.limits, super::survey::SAMPLE)?;
    survey.report(session);
    if survey.has_errors() {
        session.screen.say("Nothing was sent.");
        return Ok(Exit::CheckFailed);
    }
    let AudienceSummary { owed, .. } = survey.audience;
    if owed == 0 {
        return Err(Diagnostic::error("nobody on the list may be written to")
            .help("`letterpress subscribers list` shows the list; `letterpress subscribers add` adds to it"));
    }
    if let Some(upload) = project.write_assets(press.templates().sources())? {
        session.screen.diagnostic(&upload);
    }
    confirm::show(&press, &survey, session);
    means.show(&survey.copies, session);
    if !confirm::ask(owed, args.yes, session) {
        return Ok(Exit::NotConfirmed);
    }
    // The list is read again: what was confirmed is a number of readers, and it must still be that.
    let list = project.files().name;
    let order = Order {
        mailing_id: &mailing_id,
        list: &list,
        segment: segment.as_ref(),
        now: session.clock.now(),
        confirmed: owed,
    };
    seal(&project.mailings(), &mut press, project.audience()?, &order)?;
    let (mailing, writer) = Mailing::open_for_writing(&project.mailings(), &slug)?;
    // From here on what is sealed is what is sent, also on a first run.
    drop(press);
    run::run(project, mailing, writer, means, session)
}
