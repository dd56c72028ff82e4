//! The page of a finished mailing, `report.html`: one file without scripts that loads nothing.

use jiff::tz::TimeZone;

use super::picture::{ORDER, bar, over_time, share, square};
use super::{count, counted, duration, per_second};
use crate::clock::Timestamp;
use crate::edition::escape::{Place, escape};
use crate::ledger::{Counts, State};
use crate::mailing::{Provider, Reason, SubjectGroup, Summary};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The page; times are told in `zone`.
pub fn page(summary: &Summary, zone: &TimeZone) -> String {
    let title = text(&format!("{}: what became of it", summary.title));
    let body = [
        header(summary, zone),
        "<main>".to_owned(),
        progress(summary, zone),
        providers(&summary.providers),
        reasons(&summary.reasons),
        subjects(&summary.subjects),
        relays(summary),
        runs(summary, zone),
        "</main>".to_owned(),
        footer(summary),
    ]
    .concat();
    // The style has no slots, and what fills the body is not looked at again.
    let (before, after) = PAGE.split_once("@BODY@").unwrap_or((PAGE, ""));
    before.replace("@TITLE@", &title).replace("@STYLE@", STYLE) + &body + after
}

/// Text that can stand in an element or in a quoted attribute.
fn text(value: &str) -> String {
    escape(Place::Attribute, value)
}

/// A state's name for people.
fn name(state: State) -> &'static str {
    match state {
        State::InDoubt => "in doubt",
        state => state.name(),
    }
}

/// `96.7 %`; never 100 % or 0 % where that isn't so.
pub fn percent(n: u64, total: u64) -> String {
    let exact = share(n, total) * 100.0;
    let shown = (exact * 10.0).round() / 10.0;
    match shown {
        _ if n == total => "100 %".to_owned(),
        100.0.. => "99.9 %".to_owned(),
        ..0.1 if n > 0 => "0.1 %".to_owned(),
        shown => format!("{shown:.1} %"),
    }
}

fn header(summary: &Summary, zone: &TimeZone) -> String {
    let counts = &summary.counts;
    let mut figures = vec![
        (format!("have it, of {}", counted(counts.total, "reader", "readers")), count(counts.accepted)),
        ("running".to_owned(), duration_of(summary.running)),
    ];
    figures.extend(summary.rate.map(|rate| ("messages".to_owned(), per_second(rate))));
    figures.push((if summary.retries == 1 { "retry" } else { "retries" }.to_owned(), count(summary.retries)));
    let figures: String = figures
        .iter()
        .enumerate()
        .map(|(at, (name, figure))| {
            let class = if at == 0 { " class=\"first\"" } else { "" };
            format!("<div{class}><dt>{name}</dt><dd>{figure}</dd></div>")
        })
        .collect();
    format!(
        "<header><p class=\"kicker\">Report</p><h1 dir=\"auto\">{}</h1><p class=\"quiet\">Sealed {} for {}</p><dl class=\"verdict\">{figures}</dl>{}{}</header>",
        text(&summary.title),
        moment(summary.sealed_at, zone),
        counted(counts.total, "reader", "readers"),
        bar(counts, counts.total, &in_words(counts), "whole"),
        legend(counts)
    )
}

fn legend(counts: &Counts) -> String {
    let entries = ORDER.into_iter().filter(|state| counts.of(*state) > 0).map(|state| {
        let n = counts.of(state);
        format!(
            "<li>{}{} {} <span class=\"quiet\">{}</span></li>",
            square(state),
            count(n),
            name(state),
            percent(n, counts.total)
        )
    });
    format!("<ul class=\"legend\">{}</ul>", entries.collect::<String>())
}

fn in_words(counts: &Counts) -> String {
    let parts = ORDER.into_iter().filter(|state| counts.of(*state) > 0);
    parts.map(|state| format!("{} {}", count(counts.of(state)), name(state))).collect::<Vec<_>>().join(", ")
}

fn progress(summary: &Summary, zone: &TimeZone) -> String {
    let (Some(first), Some(last)) = (summary.runs.first(), summary.runs.last()) else { return String::new() };
    let total = summary.counts.total;
    let label = format!(
        "Accepted, deferred and rejected over {}: at the end {}",
        duration_of(summary.running),
        in_words(&summary.counts)
    );
    let ys: String = (0..=4u64)
        .map(|quarter| format!("<span style=\"top:{}%\">{}</span>", 100 - quarter * 25, count(total * quarter / 4)))
        .collect();
    let xs: String = (0..=2).map(|half| format!("<span>{}</span>", duration_of(summary.running / 2 * half))).collect();
    let runs = match summary.runs.len() {
        1 => String::new(),
        n => format!(" {}; dashed lines part them, and the time between is left out.", counted(n, "run", "runs")),
    };
    format!(
        "<section class=\"wide\"><h2>Over time</h2><p class=\"quiet\">From {} to {}.{runs}</p><div class=\"chart\"><div class=\"ys\" style=\"--wide:{}ch\" aria-hidden=\"true\">{ys}</div>{}<div class=\"xs\" aria-hidden=\"true\">{xs}</div></div></section>",
        moment(first.began, zone),
        moment(last.ended, zone),
        count(total).len(),
        over_time(&summary.progress, &summary.runs, total, &label)
    )
}

fn providers(providers: &[Provider]) -> String {
    let most = providers.iter().map(|provider| provider.counts.total).max().unwrap_or(0);
    let rows: String = providers
        .iter()
        .map(|provider| {
            let name = text(provider.domain.as_deref().unwrap_or("all others"));
            let counts = &provider.counts;
            let label = format!("{name}: {}", in_words(counts));
            let without = counts.total.saturating_sub(counts.accepted);
            let note = if without == 0 {
                String::new()
            } else {
                format!("<span class=\"quiet\">{} without</span>", count(without))
            };
            format!(
                "<li><span class=\"name\" title=\"{name}\">{name}</span>{}<span class=\"n\">{note}{}</span></li>",
                bar(counts, most, &label, ""),
                count(counts.total)
            )
        })
        .collect();
    format!(
        "<section class=\"wide\"><h2>By provider</h2><p class=\"quiet\">The domains of the addresses, the largest first, in the colours above.</p><ul class=\"providers\">{rows}</ul></section>"
    )
}

fn reasons(reasons: &[Reason]) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let tables: String = ORDER
        .into_iter()
        .filter_map(|state| {
            let of_it: Vec<&Reason> = reasons.iter().filter(|reason| reason.state == state).collect();
            let rows: String = of_it
                .iter()
                .map(|reason| {
                    format!(
                        "<tr><td class=\"words\" dir=\"auto\">{}</td><td class=\"n\">{}</td></tr>",
                        text(&reason.words),
                        count(reason.count)
                    )
                })
                .collect();
            (!of_it.is_empty()).then(|| {
                format!("<table class=\"reasons\"><caption>{}{}</caption>{rows}</table>", square(state), name(state))
            })
        })
        .collect();
    format!(
        "<section class=\"wide\"><h2>Who doesn’t have it, and why</h2><p class=\"quiet\">The relay’s words; what differs from reader to reader is left out.</p>{tables}</section>"
    )
}

fn subjects(groups: &[SubjectGroup]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let rows: String = groups
        .iter()
        .map(|SubjectGroup { group, subject, counts, left }| {
            let left = left.map_or_else(|| "?".to_owned(), count);
            let figures = [count(counts.total), count(counts.accepted), count(counts.rejected), left];
            let cells: String = figures.iter().map(|n| format!("<td class=\"n\">{n}</td>")).collect();
            format!("<tr><td dir=\"auto\">{group}: {}</td>{cells}</tr>", text(subject))
        })
        .collect();
    let heads: String = ["readers", "accepted", "rejected", "left since"]
        .map(|head| format!("<th class=\"n\" scope=\"col\">{head}</th>"))
        .concat();
    format!(
        "<section class=\"wide\"><h2>By subject</h2><p class=\"quiet\">Who got which was decided by a hash of the address. Left since: of those who have it, who unsubscribed or complained by the time of this report.</p><table class=\"tally\"><thead><tr><th scope=\"col\">subject</th>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )
}

fn relays(summary: &Summary) -> String {
    if summary.relays.is_empty() {
        return String::new();
    }
    let rows = summary
        .relays
        .iter()
        .map(|share| row(&text(&share.relay), [share.accepted, share.deferred, share.rejected, share.in_doubt]));
    table("By relay", "Every attempt is counted.", "relay", &rows.collect::<String>())
}

fn runs(summary: &Summary, zone: &TimeZone) -> String {
    if summary.runs.is_empty() {
        return String::new();
    }
    let rows = summary.runs.iter().map(|run| {
        let what = format!("{}<br><span class=\"quiet\">{}</span>", moment(run.began, zone), duration_of(run.length()));
        row(&what, [run.accepted, run.deferred, run.rejected, run.in_doubt])
    });
    table("By run", "Each time that <em>send</em> was at work.", "begun", &rows.collect::<String>())
}

fn row(what: &str, counts: [u64; 4]) -> String {
    let cells: String = counts.iter().map(|n| format!("<td class=\"n\">{}</td>", count(*n))).collect();
    format!("<tr><td>{what}</td>{cells}</tr>")
}

fn table(title: &str, note: &str, first: &str, rows: &str) -> String {
    let states = [State::Accepted, State::Deferred, State::Rejected, State::InDoubt];
    let heads: String = states.map(|state| format!("<th class=\"n\" scope=\"col\">{}</th>", name(state))).concat();
    format!(
        "<section><h2>{title}</h2><p class=\"quiet\">{note}</p><table class=\"tally\"><thead><tr><th scope=\"col\">{first}</th>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )
}

fn footer(summary: &Summary) -> String {
    format!(
        "<footer class=\"quiet\"><p>Made from the journal in mailings/{}. Nobody is named here; <em>letterpress status</em> names them.</p></footer>",
        text(&summary.article)
    )
}

fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let shown = at.to_zoned(zone.clone()).strftime("%-d %B %Y, %H:%M:%S").to_string();
    format!("<time datetime=\"{at}\">{shown}</time>")
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn duration_of(milliseconds: i64) -> String {
    duration(milliseconds as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailing::{Point, Run, Share};
    use scraper::{Html, Selector};

    fn summary(words: &str) -> Summary {
        let counts = Counts { accepted: 7, deferred: 1, rejected: 1, pending: 1, total: 10, ..Counts::default() };
        let run = Run { accepted: 7, deferred: 1, rejected: 1, ..Run::default() };
        Summary {
            article: "spring".to_owned(),
            title: words.to_owned(),
            sealed_at: Timestamp::UNIX_EPOCH,
            counts,
            rate: Some(14.0),
            running: 700,
            attempts: 9,
            retries: 0,
            runs: vec![run.clone(), run],
            relays: vec![Share { relay: words.to_owned(), accepted: 7, ..Share::default() }],
            reasons: vec![Reason { state: State::Rejected, words: words.to_owned(), count: 1 }],
            providers: vec![
                Provider { domain: Some(words.to_owned()), counts },
                Provider { domain: None, counts: Counts { total: 3, ..counts } },
            ],
            deferred_at: Vec::new(),
            subjects: vec![SubjectGroup { group: "A", subject: words.to_owned(), counts, left: None }],
            progress: vec![Point::default(), Point { after: 700, accepted: 7, deferred: 1, rejected: 1 }],
        }
    }

    #[test]
    fn whatever_a_relay_or_an_author_says_stays_text() {
        let hostile = "</title><script>alert(1)</script>\"'><svg onload=x> @STYLE@ & \u{202e}";
        let page = Html::parse_document(&self::page(&summary(hostile), &TimeZone::UTC));
        let all = |selector: &str| page.select(&Selector::parse(selector).unwrap()).count();
        assert_eq!(
            (all("script"), all("[onload]"), all("[src]"), all("link"), all("title"), all("style")),
            (0, 0, 0, 0, 1, 1)
        );
        let words = page.select(&Selector::parse(".words").unwrap()).next().unwrap();
        assert!(words.text().collect::<String>().starts_with("</title><script>"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn figures_and_pictures_say_the_same() {
        let page = Html::parse_document(&self::page(&summary("Spring"), &TimeZone::UTC));
        let one = |selector: &str| page.select(&Selector::parse(selector).unwrap()).next().unwrap();
        assert_eq!(one(".first dd").text().collect::<String>(), "7");
        assert_eq!(one("svg.whole").value().attr("aria-label"), Some("7 accepted, 1 deferred, 1 rejected, 1 pending"));
        assert_eq!(one("svg.whole rect").value().attr("width"), Some("70.000%"));
        assert_eq!(page.select(&Selector::parse(".begun").unwrap()).count(), 1, "two runs, one line between");
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percent(10, 10), "100 %");
        assert_eq!(percent(999_999, 1_000_000), "99.9 %");
        assert_eq!(percent(1, 1_000_000), "0.1 %");
        assert_eq!((percent(0, 10), percent(2, 3)), ("0.0 %".to_owned(), "66.7 %".to_owned()));
    }
}
