//! An independent judge of messages: Python's e-mail package in its strictest form, which shares no code with ours.
//! The script is `tests/referee/check_messages.py`; this is how tests ask it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

/// What every message has, once.
const HEADERS: [&str; 10] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
];

/// What may stand beside it. Cc and Bcc are not among them.
const OPTIONAL: [&str; 9] = [
    "Reply-To",
    "List-Help",
    "List-Owner",
    "List-Post",
    "List-Archive",
    "Feedback-ID",
    "X-Letterpress-Id",
    "Content-Language",
    "Auto-Submitted",
];

/// What the referee read in one message.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Letter {
    pub(crate) file: String,
    pub(crate) to: String,
    /// The display name of To.
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// What a reader of the html sees.
    pub(crate) words: String,
    /// The html's elements in order: the same for every reader, whatever they are called.
    pub(crate) tags: String,
    /// The https link of List-Unsubscribe.
    pub(crate) unsubscribe: String,
    /// What is wrong with it.
    pub(crate) bad: Vec<String>,
}

/// Reads all messages in a folder and fails if any has a fault, or if they are not one for each of these readers.
/// The readers' values are what they bring along: names and the like, which may hold anything.
pub(crate) fn examine(folder: &Path, readers: &BTreeMap<String, Vec<String>>) -> Vec<Letter> {
    let (letters, complaint) = verdict(folder, readers);
    let faults: Vec<String> = letters
        .iter()
        .filter(|letter| !letter.bad.is_empty())
        .map(|letter| format!("{}: {:#?}", letter.file, letter.bad))
        .collect();
    assert!(faults.is_empty(), "{} of {} messages have faults:\n{}", faults.len(), letters.len(), faults.join("\n"));
    assert_eq!(complaint, None, "{} messages were read", letters.len());
    letters
}

/// What the referee read, and what it complained of in general; `None` when it was content with everything.
fn verdict(folder: &Path, readers: &BTreeMap<String, Vec<String>>) -> (Vec<Letter>, Option<String>) {
    let expectation = tempfile::NamedTempFile::new().unwrap();
    let expected = json!({ "readers": readers, "headers": HEADERS, "optional": OPTIONAL });
    std::fs::write(expectation.path(), expected.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/referee/check_messages.py");
    let output = Command::new("python3")
        .arg("-I")
        .arg(script)
        .arg(expectation.path())
        .arg(folder)
        .output()
        .expect("python3 runs: tests/run installs it");
    let text = String::from_utf8(output.stdout).unwrap();
    let letters = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let complaint = (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned());
    (letters, complaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
From: Far & Near <letters@example.com>
To: =?utf-8?B?Wm/DqyAiWiI=?= <zoe@example.org>
Subject: =?utf-8?B?TGV0dGVyIOKdpO+4jw==?=
Date: Sun, 22 Nov 2026 23:00:00 +0000
Message-ID: <3f9a.zoe1@example.com>
List-Id: Far & Near <far-near.example.com>
List-Unsubscribe: <https://example.com/unsubscribe/AbCd>,
 <mailto:unsubscribe@example.com?subject=AbCd>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=\"b1-3f9a\"

--b1-3f9a
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello Zo=C3=AB \"Z\"

Read more: https://example.com/more
Leave: https://example.com/unsubscribe/AbCd
--b1-3f9a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<!doctype html><html lang=3D\"en\"><head><title>Letter</title></head><body>
<p>Hello Zo=C3=AB &quot;Z&quot;</p>
<a href=3D\"https://example.com/more\">more</a>
<a href=3D\"https://example.com/unsubscribe/AbCd\">leave</a>
</body></html>
--b1-3f9a--
";

    /// The referee's word on messages to Zoë, in the order given. `<LF>` stands for a bare line feed.
    fn judged(messages: &[String]) -> (Vec<Letter>, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (n, text) in messages.iter().enumerate() {
            let bytes = text.replace('\n', "\r\n").replace("<LF>\r\n", "\n");
            std::fs::write(folder.path().join(format!("{n:03}.eml")), bytes).unwrap();
        }
        verdict(folder.path(), &[("zoe@example.org".to_owned(), vec!["Zoë \"Z\"".to_owned()])].into())
    }

    #[test]
    fn a_good_message_is_read_without_complaint() {
        let (letters, complaint) = judged(&[GOOD.to_owned()]);
        assert_eq!((&letters[0].bad[..], complaint), (&[][..], None));
        let letter = &letters[0];
        assert_eq!((letter.name.as_str(), letter.subject.as_str()), ("Zoë \"Z\"", "Letter ❤\u{fe0f}"));
        assert_eq!(
            (letter.message_id.as_str(), letter.tags.as_str()),
            ("<3f9a.zoe1@example.com>", "html head title body p a a")
        );
        assert_eq!(letter.unsubscribe, "https://example.com/unsubscribe/AbCd");
        assert!(letter.text.starts_with("Hello Zoë \"Z\"\n") && letter.words.contains("Hello Zoë \"Z\""));
        assert!(letter.html.contains("&quot;Z&quot;"));
    }

    #[test]
    fn long_names_in_several_encoded_words_are_read_as_one() {
        let words = "=?utf-8?B?Wm/DqyAiWiI=?=";
        let (letters, _) = judged(&[GOOD.replace(&format!("{words} "), &format!("{words}\n {words}\n "))]);
        assert_eq!((letters[0].name.as_str(), &letters[0].bad[..]), ("Zoë \"Z\"Zoë \"Z\"", &[][..]));
    }

    #[test]
    fn every_fault_is_found() {
        let long = "x".repeat(80);
        let cases = [
            ("From: Far", "Bcc: x@example.org\nFrom: Far", "unexpected header bcc"),
            ("Subject: ", "Subject: One\nSubject: ", "Subject stands there 2 times"),
            ("Date: Sun, 22 Nov 2026 23:00:00 +0000\n", "", "Date stands there 0 times"),
            ("+0000", "-0000", "Date has no zone"),
            ("List-Id", "Reply-To: a@example.com\nReply-To: a@example.com\nList-Id", "more than once"),
            ("<letters@example.com>", "<letters@example.com>, <b@example.com>", "From is not one address"),
            ("<zoe@example.org>", "<zoe@example.org>, bob@example.org", "To is"),
            ("<zoe@example.org>", "<bob@example.org>", "nobody expected"),
            ("Hello Zo=C3=AB", "Hello Zoë", "no printable ASCII"),
            ("Hello Zo=C3=AB", "Hello Zo=EB", "plain part: "),
            ("Read more:", "Read<LF>\nmore:", "bare LF"),
            ("Read more:", "Read\rmore:", "bare CR"),
            ("Read more:", &format!("{long}\n"), "body line of 80"),
            ("Read more:", &format!("{}=\n{long:.50}\n", &long[..70]), "text line of 120"),
            ("Read more:", "From here:", "trip over"),
            ("Read more:", "Read {{ subscriber.name }}:", "{{ in the text part"),
            ("Read more:", "Read &amp; more:", "character reference"),
            ("Read more:", "Read <p>more</p>:", "markup in the text part"),
            ("Read more: https://example.com/more", "Read more", "link that the text part does not have"),
            ("Leave: https://example.com/unsubscribe/AbCd", "Leave", "no unsubscribe link"),
            ("href=3D\"https://example.com/unsubscribe/AbCd\"", "", "html part has no unsubscribe link"),
            ("href=3D\"https://example.com/more\"", "href=3D\"http://example.com/more\"", "not https"),
            ("href=3D\"https://example.com/more\"", "href=3D\"javascript:x\"", "not https"),
            ("<p>", "<img src=3D\"http://example.com/x.png\"><p>", "source that is not https"),
            ("<p>", "<script></script><p>", "element script"),
            ("<p>", "<p onclick=3D\"x\">", "event handler"),
            ("&quot;Z&quot;", "&quot;Z&quot; {% if %}", "{% in the html part"),
            ("<p>", "<p title=3D\"{{ x }}\">", "{{ in the html part"),
            ("<title>Letter", "<title>{{ x }}", "{{ in the html part"),
            (" lang=3D\"en\"", "", "no language"),
            ("<https://example.com/unsubscribe/AbCd>,\n ", "", "one https URL"),
            (
                "<https://example.com/unsubscribe/AbCd>",
                "<https://example.com/unsub\n scribe/AbCd>",
                "List-Unsubscribe '",
            ),
            ("=One-Click", "=Click", "List-Unsubscribe-Post"),
            ("unsubscribe/AbCd>", "unsubscribe/zoe@example.org>", "tells the address"),
            ("<3f9a.zoe1@example.com>", "3f9a.zoe1@example.com", "Message-ID"),
            ("text/plain; charset=utf-8", "text/html; charset=utf-8", "the alternatives are"),
            ("text/plain; charset=utf-8", "text/plain; charset=latin1", "part in latin1"),
            ("--b1-3f9a--\n", "", "strict parser"),
            ("Leave:", "x--b1-3f9a\nLeave:", "boundary inside"),
            ("b1-3f9a", &long, "boundary 'xxx"),
            ("Subject: ", "Subject: =?utf-8?Q?a=0D=0ABcc=3A_x=40example.org?= ", "control character"),
            ("=?utf-8?B?Wm/DqyAiWiI=?=", &format!("=?utf-8?Q?{long}?="), "encoded word over 75"),
            ("=?utf-8?B?Wm/DqyAiWiI=?=", &"Ann ".repeat(20), "could be folded"),
        ];
        let messages = cases.map(|(from, to, _)| {
            assert!(GOOD.contains(from), "{from}");
            GOOD.replace(from, to)
        });
        let (letters, _) = judged(&messages);
        for ((_, to, complaint), letter) in cases.iter().zip(&letters) {
            let bad = &letter.bad;
            assert!(bad.iter().any(|fault| fault.contains(complaint)), "{to:?} should be {complaint:?}: {bad:#?}");
        }
        assert_eq!(letters.len(), cases.len());
        assert!(judged(&messages[..1]).1.is_some(), "one fault is enough for its exit code");
    }

    #[test]
    fn two_messages_to_one_reader_are_a_fault() {
        let (letters, complaint) = judged(&[GOOD.to_owned(), GOOD.replace("3f9a", "77aa")]);
        assert!(complaint.is_some());
        assert!(letters.iter().all(|letter| letter.bad == ["one of several messages to this address"]));
    }

    #[test]
    fn a_missing_message_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (letters, complaint) = verdict(folder.path(), &[("ann@example.org".to_owned(), Vec::new())].into());
        assert!(letters.is_empty() && complaint.unwrap().contains("no message to ['ann@example.org']"));
    }
}
