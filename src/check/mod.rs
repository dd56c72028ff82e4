//! Is it fit to send: what would embarrass the writer later, found in the copies themselves before anything leaves.
//!
//! Errors keep a mailing from being sent; warnings are shown. Each check names what to do. Nothing here looks at DNS or at
//! the relay.

use crate::diagnostic::{Diagnostic, Severity};
use crate::message::Message;
use crate::publication::Publication;

/// Gmail cuts a message's HTML off here and hides the rest, the way to leave with it.
const CLIPPED: usize = 102 * 1024;
/// Readers with long names have larger copies than the samples.
const NEAR_CLIPPED: usize = 90 * 1024;
/// What Gmail reads of `<style>` elements.
const LARGEST_STYLE: usize = 16 * 1024;
/// What large providers still take (iCloud 20 MB, Gmail and Yahoo 25 MB).
const LARGEST_MESSAGE: usize = 20_000_000;
/// What many servers of companies still take.
const LARGE_MESSAGE: usize = 10_000_000;

/// One copy with its parts decoded.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    pub message: &'a Message,
    pub subject: &'a str,
    pub html: &'a str,
    pub text: &'a str,
    /// The reader's link to leave.
    pub unsubscribe_url: &'a str,
}

/// Looks at one copy.
pub fn copy(copy: &Copy<'_>, publication: &Publication) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    sizes(copy, &mut found);
    duties(copy, publication, &mut found);
    subject(copy.subject, &mut found);
    links(copy, &mut found);
    octets(&copy.message.bytes, &mut found);
    found
}

/// Whether something found keeps the mailing from being sent.
pub fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
}

fn sizes(copy: &Copy<'_>, found: &mut Vec<Diagnostic>) {
    let html = copy.html.len();
    if html > CLIPPED {
        found.push(
            Diagnostic::warning(format!(
                "the HTML has {} KB: Gmail cuts it off at 102 KB and hides the rest",
                html / 1024
            ))
            .help("shorten the article, or put part of it on the web"),
        );
    } else if html > NEAR_CLIPPED {
        found.push(
            Diagnostic::warning(format!(
                "the HTML has {} KB, close to the 102 KB at which Gmail cuts it off",
                html / 1024
            ))
            .help("shorten the article"),
        );
    }
    let styles: usize =
        copy.html.split("<style").skip(1).filter_map(|rest| rest.find("</style").map(|end| rest[..end].len())).sum();
    if styles > LARGEST_STYLE {
        found.push(
            Diagnostic::warning(format!("the styles have {} KB: Gmail drops what is over 16 KB", styles / 1024))
                .help("move rules into <mj-style inline=\"inline\">, or leave some out"),
        );
    }
    let whole = copy.message.bytes.len();
    if whole > LARGEST_MESSAGE {
        found.push(
            Diagnostic::error(format!("a copy has {} MB: large providers refuse more than 20", whole / 1_000_000))
                .help("link the images with images = \"link\", and put attachments on the web"),
        );
    } else if whole > LARGE_MESSAGE {
        found.push(
            Diagnostic::warning(format!("a copy has {} MB: many servers refuse more than 10", whole / 1_000_000))
                .help("link the images with images = \"link\", and put attachments on the web"),
        );
    }
}

/// What the law and the large providers want in every copy, in both of its parts.
fn duties(copy: &Copy<'_>, publication: &Publication, found: &mut Vec<Diagnostic>) {
    let html = plain_text(copy.html);
    // The text part is wrapped, so words are compared without their white space.
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let address = squeezed(&publication.postal_address);
    for (part, has_address, has_link) in [
        ("HTML", squeezed(&html).contains(&address), copy.html.replace("&amp;", "&").contains(copy.unsubscribe_url)),
        ("plain text", squeezed(copy.text).contains(&address), squeezed(copy.text).contains(copy.unsubscribe_url)),
    ] {
        if !has_address {
            found.push(
                Diagnostic::error(format!("the {part} part lacks the postal address"))
                    .help("print {{ publication.postal_address }} in the theme"),
            );
        }
        if !has_link {
            found.push(
                Diagnostic::error(format!("the {part} part lacks the link to leave"))
                    .help("print {{ unsubscribe_url }} in the theme"),
            );
        }
    }
    if copy.text.trim().is_empty() {
        found.push(
            Diagnostic::error("the plain text part is empty").help("print {{ article.text }} in templates/article.txt"),
        );
    }
}

fn subject(subject: &str, found: &mut Vec<Diagnostic>) {
    let lower = subject.to_lowercase();
    if subject.trim().is_empty() {
        found.push(
            Diagnostic::error("the subject is empty").help("write a title or a subject in the article's front matter"),
        );
    } else if subject.chars().count() > 150 {
        found.push(
            Diagnostic::warning(format!(
                "the subject has {} characters; mail programs show 40 to 70",
                subject.chars().count()
            ))
            .help("shorten it"),
        );
    }
    if ["re:", "fwd:", "fw:", "aw:", "wg:"].iter().any(|prefix| lower.starts_with(prefix)) {
        found.push(
            Diagnostic::warning("the subject pretends to be an answer or a forwarded mail")
                .help("leave the prefix out: providers count it as misleading"),
        );
    }
}

/// Every link of the HTML stands in the text too, and none is in clear.
fn links(copy: &Copy<'_>, found: &mut Vec<Diagnostic>) {
    let text: String = copy.text.split_whitespace().collect();
    let mut missing = 0;
    let mut in_clear = 0;
    for link in hrefs(copy.html) {
        let bare = link.strip_prefix("mailto:").unwrap_or(&link);
        missing += usize::from(!link.starts_with('#') && !text.contains(bare));
        in_clear += usize::from(link.starts_with("http://"));
    }
    if missing > 0 {
        found.push(
            Diagnostic::warning(format!("{missing} of the HTML's links are not in the plain text"))
                .help("print them in templates/article.txt too"),
        );
    }
    if in_clear > 0 {
        found.push(
            Diagnostic::warning(format!("{in_clear} of the links are not https"))
                .help("use https:// where the site has it"),
        );
    }
}

fn hrefs(html: &str) -> Vec<String> {
    html.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|link| link.replace("&amp;", "&").replace("&#39;", "'"))
        .collect()
}

/// The words of HTML, with its entities resolved.
fn plain_text(html: &str) -> String {
    scraper::Html::parse_document(html).root_element().text().collect()
}

/// What may never happen; it would be a fault of ours, and is looked for before anything leaves all the same.
fn octets(bytes: &[u8], found: &mut Vec<Diagnostic>) {
    let clean = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | 0x20..0x7f));
    let lines_end_well = bytes
        .split(|byte| *byte == b'\n')
        .rev()
        .skip(1)
        .all(|line| line.last() == Some(&b'\r') && !line[..line.len() - 1].contains(&b'\r'));
    let short = bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999);
    if !(clean && lines_end_well && short && bytes.ends_with(b"\r\n")) {
        found.push(
            Diagnostic::error("a copy has octets that may not go on the wire")
                .help("this is a fault of letterpress: please report it"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::publication::PublicationSettings;

    fn publication() -> Publication {
        let settings: PublicationSettings =
            toml::from_str("name = 'N'\nfrom = 'a@example.com'\npostal_address = '1 High & Low Street'").unwrap();
        Publication::from_settings(settings).unwrap()
    }

    fn found(html: &str, text: &str, subject: &str) -> Vec<String> {
        let mut message = Message::empty(&Address::parse("ann@example.com").unwrap());
        message.bytes = b"A: b\r\n\r\nx\r\n".to_vec();
        let given = Copy { message: &message, subject, html, text, unsubscribe_url: "https://example.com/u/T" };
        copy(&given, &publication()).iter().map(|diagnostic| diagnostic.message().to_owned()).collect()
    }

    const HTML: &str = "<p>1 High &amp; Low Street</p><a href=\"https://example.com/u/T\">x</a>";
    const TEXT: &str = "1 High & Low\nStreet\nhttps://example.com/u/T";

    #[test]
    fn a_good_copy_passes() {
        assert_eq!(found(HTML, TEXT, "Hello"), Vec::<String>::new());
    }

    #[test]
    fn what_the_law_wants_is_missed() {
        assert_eq!(found("<p></p>", TEXT, "Hello").len(), 2);
        assert_eq!(found(HTML, "", "Hello").len(), 4);
    }

    #[test]
    fn embarrassments_are_named() {
        assert!(found(HTML, TEXT, "").concat().contains("subject is empty"));
        assert!(found(HTML, TEXT, "Re: you").concat().contains("pretends"));
        assert!(found(&format!("{HTML}{}", "x".repeat(CLIPPED)), TEXT, "Hello").concat().contains("Gmail"));
        let style = format!("<style>{}</style>", "a{b:c}".repeat(3000));
        assert!(found(&format!("{HTML}{style}"), TEXT, "Hello").concat().contains("the styles have 17 KB"));
        assert!(
            found(&format!("{HTML}<a href=\"http://example.com/\">x</a>"), TEXT, "Hello")
                .concat()
                .contains("not https")
        );
    }
}
