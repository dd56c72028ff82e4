//! What a request to leave brings: a token, a link that holds one, or an address; and where requests are found, in mails to
//! the address in `List-Unsubscribe` and in a web server's log.
//!
//! A token counts only when we signed it. In a mail only the subject is looked at: what somebody quotes below their answer
//! holds their own link, and quoting is no request. In a log only `POST` counts, which is what a mail program's button and a
//! form send; mail scanners open every link there is with `GET`.

use std::io::{BufRead, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::token::{FIRST_LETTER, LETTERS};
use super::{Links, Token};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};

/// A longer line is cut: no mail program and no web server writes one.
const LINE: u64 = 1 << 16;

/// Somebody who asks to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// By a token of ours: which of the links made it, and for whom.
    Token(usize, Token),
    Address(Address),
}

/// Why a text is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has the form of a token, and we didn't sign it for this publication.
    Forged,
    /// Neither a token nor an address.
    Nothing,
}

impl Refusal {
    pub fn as_str(self) -> &'static str {
        match self {
            Refusal::Forged => "the token is not of this publication: forged, damaged, or made with another key",
            Refusal::Nothing => "this holds no token, and it is no address",
        }
    }
}

/// Reads a request: `links` are the publication's, those of earlier list ids among them.
pub fn read(text: &str, links: &[Links]) -> Result<Request, Refusal> {
    let text = text.trim();
    if let Ok(address) = Address::parse(text)
        && !text.starts_with("mailto:")
    {
        return Ok(Request::Address(address));
    }
    let mut any = false;
    for token in tokens_in(text) {
        any = true;
        for (at, links) in links.iter().enumerate() {
            if let Some(token) = links.verify(token) {
                return Ok(Request::Token(at, token));
            }
        }
    }
    Err(if any { Refusal::Forged } else { Refusal::Nothing })
}

/// Whatever could be a token: as many letters of its alphabet as one has, the first of which its version decides.
fn tokens_in(text: &str) -> impl Iterator<Item = &str> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let runs = text.split(move |c| !is_letter(c));
    runs.flat_map(|run| {
        let starts = run.match_indices(FIRST_LETTER).map(|(at, _)| at);
        starts.flat_map(move |at| LETTERS.into_iter().filter_map(move |letters| run.get(at..at + letters)))
    })
}

/// Hands the subject of every mail in a file, a mail or an mbox, to `each`.
pub fn subjects(source: impl Read, mut each: impl FnMut(String)) -> Result<()> {
    let mut subject: Option<String> = None;
    let mut in_header = true;
    // Only a file that begins so is an mbox, and only behind an empty line a mail begins.
    let mut is_mbox = None;
    let mut after_empty = true;
    lines(source, |line| {
        let begins = line.starts_with("From ") && after_empty;
        let begins = *is_mbox.get_or_insert(begins) && begins;
        after_empty = line.is_empty();
        if begins || (in_header && line.is_empty()) {
            subject.take().into_iter().for_each(|subject| each(decoded(&subject)));
            in_header = begins;
        } else if in_header {
            let folded = line.starts_with([' ', '\t']);
            if let Some(subject) = subject.as_mut().filter(|_| folded) {
                subject.push_str(line);
            } else if let Some(value) = strip_name(line, "subject:") {
                subject.get_or_insert_with(|| value.to_owned());
            }
        }
    })?;
    // A mail may end with its header.
    subject.into_iter().for_each(|subject| each(decoded(&subject)));
    Ok(())
}

/// Hands what was posted, by every line of a web server's log that tells of a `POST`, to `each`.
pub fn posts(source: impl Read, mut each: impl FnMut(String)) -> Result<()> {
    lines(source, |line| {
        if let Some(at) = line.find("POST ")
            && tokens_in(&line[at..]).next().is_some()
        {
            each(line[at + 5..].split([' ', '"']).next().unwrap_or_default().to_owned());
        }
    })
}

/// Hands every line to `each`, without its end.
pub fn lines(source: impl Read, mut each: impl FnMut(&str)) -> Result<()> {
    let mut source = std::io::BufReader::new(source);
    let mut line = Vec::new();
    loop {
        line.clear();
        let failed = |error| Diagnostic::error(format!("the requests can't be read: {error}"));
        if source.by_ref().take(LINE).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        each(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
    }
}

/// What follows the name of a header field; `name` is in lower case.
fn strip_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (head, rest) = line.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name).then_some(rest)
}

/// A subject with its encoded words (RFC 2047) decoded, as far as they are ASCII; a token is.
fn decoded(subject: &str) -> String {
    let mut out = String::with_capacity(subject.len());
    let mut rest = subject;
    while let Some((before, word)) = rest.split_once("=?") {
        let mut parts = word.splitn(3, '?');
        let (_, encoding, behind) = (parts.next(), parts.next(), parts.next());
        let Some((encoding, (content, after))) = encoding.zip(behind.and_then(|behind| behind.split_once("?="))) else {
            break;
        };
        // White space between two encoded words is not part of the text.
        out.push_str(if before.trim().is_empty() { "" } else { before });
        match encoding {
            "B" | "b" => out.push_str(&String::from_utf8_lossy(&STANDARD.decode(content).unwrap_or_default())),
            _ => out.push_str(&unquoted(content)),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The Q encoding: `_` is a space, `=20` the octet 0x20.
fn unquoted(content: &str) -> String {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'=', Some(octet)) => {
                out.push(octet);
                rest = &after[2..];
            }
            (b'_', _) => out.push(b' '),
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unsubscribe::{Key, UnsubscribeSettings};
    use proptest::prelude::*;

    fn links(list: &str) -> Links {
        let settings = UnsubscribeSettings {
            url: Some("https://example.com/u-{token}?x=1".into()),
            mailto: Some(Address::parse("leave@example.com").unwrap()),
            key_file: None,
        };
        Links::new(Key::from_bytes(&[7; 32]), list, &settings)
    }

    fn ann() -> Address {
        Address::parse("ann@example.com").unwrap()
    }

    #[test]
    fn a_token_is_found_in_whatever_brings_it() {
        let (old, now) = (links("old.example.com"), links("now.example.com"));
        for (at, links) in [&now, &old].into_iter().enumerate() {
            let reader = links.reader_id(&ann());
            for mailing in [None, Some(links.key().mailing_mark("one"))] {
                let token = links.token(&reader, mailing);
                let urls = links.header_urls(&token).map(|parts| parts.concat());
                let texts = [token.clone(), format!(" {token}\n"), format!("https://x.example/?t={token}&y=2")];
                for text in urls.chain(texts).collect::<Vec<_>>() {
                    let request = Request::Token(at, Token { reader, mailing });
                    assert_eq!(read(&text, &[now.clone(), old.clone()]), Ok(request), "{text}");
                }
            }
        }
        assert_eq!(read(" ann@example.com", &[now]), Ok(Request::Address(ann())));
    }

    #[test]
    fn what_is_not_ours_is_refused_with_its_reason() {
        let (ours, other) = (links("a.example.com"), links("b.example.com"));
        let theirs = other.token(&other.reader_id(&ann()), None);
        for text in [&*theirs, &format!("https://example.com/u/{theirs}"), &format!("A{}", "a".repeat(200))] {
            assert_eq!(read(text, std::slice::from_ref(&ours)), Err(Refusal::Forged), "{text}");
        }
        for text in ["", "hello", "https://example.com/u/", "mailto:ann@example.com", "b".repeat(44).as_str()] {
            assert_eq!(read(text, std::slice::from_ref(&ours)), Err(Refusal::Nothing), "{text}");
        }
    }

    #[test]
    fn of_mails_only_the_subject_counts() {
        let mbox = "From a Mon\nReceived: x\nSUBJECT: unsubscribe\n TOKEN1\nTo: x\n\nSubject: quoted\n\
            https://example.com/u/TOKEN9\n\nFrom b Tue\r\nSubject: =?utf-8?Q?unsubscribe=20?=\r\n =?us-ascii?B?VE9LRU4y?=\r\n\r\nbye\r\n\
            From c\nTo: y\n\nbody\n\nFrom d\nSubject: last";
        let mut found = Vec::new();
        subjects(mbox.as_bytes(), |subject| found.push(subject.trim().to_owned())).unwrap();
        assert_eq!(found, ["unsubscribe TOKEN1", "unsubscribe TOKEN2", "last"]);
        found.clear();
        let one = "To: x\nSubject: one\n\nFrom here on\nSubject: two\n\nFrom a\nSubject: three\n";
        subjects(one.as_bytes(), |subject| found.push(subject.trim().to_owned())).unwrap();
        assert_eq!(found, ["one"], "what looks like an mbox inside a mail is its text");
    }

    #[test]
    fn of_a_log_only_posts_count() {
        let links = links("a.example.com");
        let token = links.token(&links.reader_id(&ann()), None);
        let log = format!(
            "192.0.2.1 - - [22/Nov/2026] \"GET /u-{token} HTTP/1.1\" 200 1\n192.0.2.1 - - \"POST /u-{token}?x=1 HTTP/1.1\" 200 1 \"POST\"\n\
             192.0.2.2 \"POST /login HTTP/1.1\" 200\n{{\"m\":\"x\",\"request\":\"POST /u-{token}\"}}\n"
        );
        let mut found = Vec::new();
        posts(log.as_bytes(), |text| found.push(text)).unwrap();
        assert_eq!(found, [format!("/u-{token}?x=1"), format!("/u-{token}")]);
        assert!(found.iter().all(|text| read(text, std::slice::from_ref(&links)).is_ok()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(From |Subject: |=\\?|\\?Q\\?|\\?B\\?|\\?=|=2|\r?\n|POST |A{44}|\\PC){0,20}") {
            let _ = read(&text, &[links("a.example.com")]);
            subjects(text.as_bytes(), |_| {}).unwrap();
            posts(text.as_bytes(), |_| {}).unwrap();
        }
    }
}
