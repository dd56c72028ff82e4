//! The proof page of a dry run: one file that shows the copies as a mail program would, works from the disk, and never
//! goes online. Here is its data and how that gets into the page; the page itself is `proof.html`, `.css` and `.js`.
//!
//! Mail is shown in frames without scripts, and the page's policy lets nothing be loaded and only its own script run.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::edition::escape::{Place as Spot, escape};

/// What the page shows.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The publication's name.
    pub publication: String,
    /// The article's title.
    pub title: String,
    /// Rows of the list.
    pub rows: u64,
    /// Readers who will get a copy.
    pub owed: u64,
    /// Readers who won't, by reason.
    pub excluded: Vec<Exclusion>,
    pub editions: usize,
    /// There are more editions than were counted.
    pub more_editions: bool,
    /// Copies struck for the dry run; the page may hold fewer.
    pub struck: usize,
    /// The largest message struck, in bytes.
    pub largest: usize,
    /// What article, theme and settings come down to.
    pub digest: String,
    #[serde(serialize_with = "findings")]
    pub findings: Vec<Diagnostic>,
    pub readers: Vec<ProofReader>,
}

/// Why readers are left out, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    pub reason: String,
    pub count: u64,
}

/// One reader's copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofReader {
    pub address: String,
    pub name: String,
    /// The sender's name as an inbox shows it.
    pub from: String,
    pub subject: String,
    pub preheader: String,
    /// The HTML part, with `data:` in place of `cid:`.
    pub html: String,
    pub text: String,
    /// The message as it would go; a long one is shown in part.
    #[serde(serialize_with = "beginning")]
    pub source: String,
    /// The name, without its ending, of the copy's files beside the page.
    pub files: String,
}

/// As much of a message's source as the page holds: images are long and nobody reads them.
const SOURCE_SHOWN: usize = 128 * 1024;

const PAGE: &str = include_str!("proof.html");
const STYLE: &str = include_str!("proof.css");
const SCRIPT: &str = include_str!("proof.js");

/// The page, whole.
pub fn render(proof: &Proof) -> String {
    let json = serde_json::to_string(&Measured::of(proof)).expect("a proof holds only strings, numbers and lists");
    let data = script_safe(&json);
    let hash = STANDARD.encode(digest(&SHA256, SCRIPT.as_bytes()));
    let title = escape(Spot::Text, &format!("Proof: {}", proof.title));
    fill(
        PAGE,
        &[("@SCRIPT_HASH@", &hash), ("@TITLE@", &title), ("@STYLE@", STYLE), ("@DATA@", &data), ("@SCRIPT@", SCRIPT)],
    )
}

/// The proof and what is counted from it.
#[derive(Serialize)]
struct Measured<'a> {
    #[serde(flatten)]
    proof: &'a Proof,
    html_bytes: usize,
    text_bytes: usize,
}

impl<'a> Measured<'a> {
    fn of(proof: &'a Proof) -> Self {
        let most = |bytes: fn(&ProofReader) -> usize| proof.readers.iter().map(bytes).max().unwrap_or(0);
        Measured { proof, html_bytes: most(|reader| reader.html.len()), text_bytes: most(|reader| reader.text.len()) }
    }
}

/// Puts values into their slots, which stand in the page in this order. What is put in is not looked at again.
fn fill(page: &str, slots: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(page.len() + slots.iter().map(|(_, value)| value.len()).sum::<usize>());
    let mut rest = page;
    for (slot, value) in slots {
        if let Some((before, after)) = rest.split_once(slot) {
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// JSON that can stand in a `<script>` element: no `<` that could end it, no line separator that old readers of JSON
/// stumble over. Inside JSON these characters stand only in strings, where an escape says the same.
fn script_safe(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

fn beginning<S: Serializer>(source: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if source.len() <= SOURCE_SHOWN {
        return serializer.serialize_str(source);
    }
    let mut end = SOURCE_SHOWN;
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let rest = source.len() - end;
    serializer.serialize_str(&format!("{}\n\n… and {rest} bytes more, in the .eml file", &source[..end]))
}

fn findings<S: Serializer>(findings: &[Diagnostic], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Finding<'a> {
        severity: Severity,
        message: &'a str,
        place: Option<String>,
        help: &'a [String],
    }
    serializer.collect_seq(findings.iter().map(|finding| Finding {
        severity: finding.severity(),
        message: finding.message(),
        place: finding.place().map(Place::to_string),
        help: finding.helps(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use scraper::{Html, Selector};

    fn proof(html: &str) -> Proof {
        Proof {
            publication: "Far & Near".into(),
            title: "A <title>".into(),
            rows: 3,
            owed: 2,
            excluded: vec![Exclusion { reason: "unsubscribed".into(), count: 1 }],
            editions: 1,
            more_editions: false,
            struck: 1,
            largest: 9,
            digest: "d".into(),
            findings: vec![Diagnostic::warning("w").at(Place::line("a.csv", 4)).help("h")],
            readers: vec![ProofReader {
                address: "ann@example.com".into(),
                name: "Ann".into(),
                from: "Far & Near".into(),
                subject: "S".into(),
                preheader: String::new(),
                html: html.into(),
                text: "t".into(),
                source: "s".into(),
                files: "001-ann@example.com".into(),
            }],
        }
    }

    fn select(page: &str, selector: &str) -> Vec<String> {
        let page = Html::parse_document(page);
        page.select(&Selector::parse(selector).unwrap()).map(|element| element.text().collect()).collect()
    }

    fn data(page: &str) -> serde_json::Value {
        serde_json::from_str(&select(page, "script[type='application/json']")[0]).unwrap()
    }

    #[test]
    fn what_stands_in_a_copy_stays_data() {
        let html = "</script><script>alert(1)</script><!-- @SCRIPT@ \u{2028} & @DATA@";
        let page = render(&proof(html));
        assert_eq!(select(&page, "script").len(), 2, "the data and our own script, nothing else");
        assert_eq!(data(&page)["readers"][0]["html"], html);
        assert!(!page.contains('\u{2028}'));
        assert_eq!(select(&page, "title"), ["Proof: A <title>"]);
    }

    #[test]
    fn findings_say_place_and_next_step() {
        let page = render(&proof(""));
        let finding = &data(&page)["findings"][0];
        assert_eq!(finding["severity"], "warning");
        assert_eq!(finding["place"], "a.csv:4");
        assert_eq!(finding["help"][0], "h");
    }

    #[test]
    fn mail_is_shown_in_frames_without_scripts_forms_or_windows() {
        let page = Html::parse_document(&render(&proof("")));
        let frames = Selector::parse("iframe").unwrap();
        let allowed: Vec<_> = page.select(&frames).map(|frame| frame.value().attr("sandbox")).collect();
        // Being of the page's origin lets the page hear keys pressed in the frame; without scripts the mail gains nothing.
        assert_eq!(allowed, [Some("allow-same-origin"), Some("allow-same-origin")]);
    }

    #[test]
    fn only_our_own_script_may_run_and_nothing_is_loaded() {
        let page = render(&proof(""));
        let script = select(&page, "script:not([type])").remove(0);
        let hash = STANDARD.encode(digest(&SHA256, script.as_bytes()));
        let parsed = Html::parse_document(&page);
        let policy = Selector::parse("meta[http-equiv='Content-Security-Policy']").unwrap();
        let policy = parsed.select(&policy).next().unwrap().value().attr("content").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(
            policy.contains(&format!("script-src 'sha256-{hash}';")),
            "the hash is of the script as it stands: {policy}"
        );
        for loaded in ["[src]", "link", "style[src]"] {
            assert_eq!(select(&page, loaded).len(), 0, "{loaded}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn long_sources_are_cut_between_characters() {
        let mut long = proof("");
        long.readers[0].source = "é".repeat(SOURCE_SHOWN);
        long.readers[0].source.insert(0, 'x');
        let page = render(&long);
        let shown = data(&page)["readers"][0]["source"].as_str().unwrap().to_owned();
        assert!(shown.starts_with("xéé") && shown.ends_with("bytes more, in the .eml file"));
        assert!(shown.len() < SOURCE_SHOWN + 100);
    }

    proptest! {
        #[test]
        fn data_arrives_as_it_was_and_ends_no_element(text in "(?s)(</?script|<!--|[<>&\u{2028}\"\\\\@]|DATA@|.){0,40}") {
            let page = render(&proof(&text));
            prop_assert_eq!(&data(&page)["readers"][0]["html"], &serde_json::Value::from(text));
            prop_assert_eq!(select(&page, "script").len(), 2);
        }
    }
}
