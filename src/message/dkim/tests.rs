//! Signatures held against a verifier of the tests' own, written from RFC 6376 and 8463 without a look at the signer.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;

static RSA: LazyLock<(Key, String)> = LazyLock::new(|| Key::generate(Algorithm::Rsa).unwrap());
static ED25519_KEY: LazyLock<(Key, String)> = LazyLock::new(|| Key::generate(Algorithm::Ed25519).unwrap());

/// An RSA and an Ed25519 signer of example.com.
pub(in crate::message) fn signers() -> Vec<Signer> {
    let signer = |key: &Key, selector: &str| Signer::new(key.clone(), "example.com", selector, "keys/x.pem");
    vec![signer(&RSA.0, "r"), signer(&ED25519_KEY.0, "e")]
}

/// The result for every signature of a message, in their order; the records are those of [`signers`].
pub(in crate::message) fn verify(message: &[u8]) -> Vec<Result<(), String>> {
    let Ok(text) = std::str::from_utf8(message) else { return vec![Err("it is no ASCII".to_owned())] };
    let Some((header, body)) = text.split_once("\r\n\r\n") else { return vec![Err("it has no body".to_owned())] };
    let mut fields: Vec<String> = Vec::new();
    for line in header.split("\r\n") {
        match fields.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let signatures = fields.iter().filter(|field| name(field) == "dkim-signature");
    signatures.map(|signature| verify_one(signature, &fields, body)).collect()
}

fn name(field: &str) -> String {
    field.split(':').next().unwrap_or_default().trim().to_lowercase()
}

fn canonical(field: &str) -> String {
    let value = field.split_once(':').map_or("", |(_, value)| value);
    let words: Vec<&str> = value.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name(field), words.join(" "))
}

fn tags(text: &str) -> BTreeMap<String, String> {
    let tags = text.split(';').filter_map(|tag| tag.split_once('='));
    tags.map(|(name, value)| (name.trim().to_owned(), value.split_whitespace().collect())).collect()
}

fn verify_one(field: &str, fields: &[String], body: &str) -> Result<(), String> {
    let value = field.split_once(':').unwrap().1;
    let tags = tags(value);
    let tag = |name: &str| tags.get(name).map(String::as_str).ok_or_else(|| format!("no {name}="));
    if (tag("v")?, tag("c")?) != ("1", "relaxed/simple") || ["l", "x", "i"].iter().any(|name| tags.contains_key(*name))
    {
        return Err("a tag that is not ours".to_owned());
    }
    let body = body.trim_end_matches("\r\n").to_owned() + "\r\n";
    if tag("bh")? != STANDARD.encode(digest(&SHA256, body.as_bytes())) {
        return Err("body hash".to_owned());
    }
    let mut left: Vec<&String> = fields.iter().collect();
    let mut input = String::new();
    for wanted in tag("h")?.split(':').map(str::to_lowercase) {
        // From the last to the first, each once; one that isn't there counts as nothing.
        if let Some(at) = left.iter().rposition(|field| name(field) == wanted) {
            input += &(canonical(left.remove(at)) + "\r\n");
        }
    }
    let emptied: Vec<&str> =
        value.split(';').map(|tag| if tag.trim().starts_with("b=") { " b=" } else { tag }).collect();
    input += &canonical(&format!("DKIM-Signature:{}", emptied.join(";")));
    let record_name = format!("{}._domainkey.{}", tag("s")?, tag("d")?);
    let record = signers().iter().map(DnsRecord::of).find(|record| record.name == record_name).ok_or("no record")?;
    let record = self::tags(&record.value);
    let public = STANDARD.decode(&record["p"]).map_err(|error| error.to_string())?;
    let signature = STANDARD.decode(tag("b")?).map_err(|error| error.to_string())?;
    match (tag("a")?, record["k"].as_str()) {
        ("rsa-sha256", "rsa") => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(input.as_bytes(), &signature)
        }
        ("ed25519-sha256", "ed25519") => {
            UnparsedPublicKey::new(&ED25519, public).verify(digest(&SHA256, input.as_bytes()).as_ref(), &signature)
        }
        other => return Err(format!("{other:?}")),
    }
    .map_err(|_| "signature".to_owned())
}

const HEADER: &str = "From: Far & Near <letters@example.com>\r\nDate: Sun, 22 Nov 2026 23:00:00 +0000\r\n\
List-Id: <far-near.example.com>\r\nList-Post: NO\r\nFeedback-ID: a:b:c:d\r\nTo: Ann\r\n <ann@example.org>\r\n\
Subject: A subject\r\n that folds\r\nMessage-ID: <1@example.com>\r\nList-Unsubscribe: <https://example.com/u/1>,\r\n\
\x20<mailto:u@example.com>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nX-Letterpress-Id: 1\r\n\
MIME-Version: 1.0\r\nContent-Type: text/plain\r\n";

/// What a signer puts before the message.
fn signed(signers: Vec<Signer>, message: &str, has: impl Fn(&str) -> bool) -> crate::diagnostic::Result<Vec<u8>> {
    let signatures = Signatures::new(signers, "2026-11-22T23:00:00Z".parse::<Timestamp>().unwrap(), has);
    let mut bytes = signatures.blank().to_vec();
    bytes.extend_from_slice(message.as_bytes());
    signatures.sign(&mut bytes, &mut Room::default())?;
    Ok(bytes)
}

fn sample(signers: Vec<Signer>) -> Vec<u8> {
    signed(signers, &format!("{HEADER}\r\nDear Ann,\r\n\r\n.. a body \r\n"), |name| name != "Reply-To").unwrap()
}

#[test]
fn both_signatures_hold_and_are_laid_out_as_agreed() {
    let message = sample(signers());
    assert_eq!(verify(&message), [Ok(()), Ok(())]);
    assert_eq!(message, sample(signers()), "the same copy is the same octets");
    let text = String::from_utf8(message).unwrap();
    let fields: String = text.split("From:").next().unwrap().to_owned() + "From:";
    assert!(fields.starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=r;"), "{fields}");
    assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
    for (field, algorithm) in text.split("DKIM-Signature:").skip(1).zip(["rsa-sha256", "ed25519-sha256"]) {
        let tags = tags(field.split("\r\nFrom: Far").next().unwrap());
        let names: Vec<&str> = tags.keys().map(String::as_str).collect();
        assert_eq!(names, ["a", "b", "bh", "c", "d", "h", "s", "t", "v"]);
        assert_eq!((tags["a"].as_str(), tags["t"].as_str()), (algorithm, "1795388400"));
        assert_eq!(
            tags["h"],
            "From:From:To:To:Subject:Subject:Date:Date:Message-ID:Message-ID:Reply-To:MIME-Version:MIME-Version:\
             Content-Type:Content-Type:List-Id:List-Id:List-Unsubscribe:List-Unsubscribe:List-Unsubscribe-Post:\
             List-Unsubscribe-Post:List-Post:Feedback-ID:X-Letterpress-Id"
        );
    }
}

#[test]
fn any_octet_that_changes_breaks_the_signature() {
    for signer in signers() {
        let message = sample(vec![signer]);
        for at in (0..message.len()).filter(|at| !message[*at].is_ascii_whitespace()) {
            // Names of fields and tags may change their case, and nothing else.
            let other = if message[at] == b'q' { b'7' } else { b'q' };
            let mut changed = message.clone();
            changed[at] = other;
            let whole = verify(&changed).into_iter().all(|result| result.is_ok()) && !verify(&changed).is_empty();
            assert!(!whole, "octet {at}: {}", String::from_utf8_lossy(&changed));
        }
        let mut longer = message.clone();
        longer.extend_from_slice(b"and more\r\n");
        assert!(verify(&longer)[0].is_err());
    }
}

#[test]
fn a_field_that_is_added_or_taken_away_breaks_the_signature() {
    let message = String::from_utf8(sample(signers())).unwrap();
    for name in "From To Subject Date Message-ID Reply-To MIME-Version Content-Type List-Id List-Unsubscribe List-Unsubscribe-Post".split(' ') {
        for added in [
            format!("{name}: x\r\n{message}"),
            message.replacen("\r\n\r\n", &format!("\r\n{}: x\r\n\r\n", name.to_lowercase()), 1),
        ] {
            assert!(verify(added.as_bytes()).iter().all(Result::is_err), "{name}");
        }
    }
    for line in ["Date:", "Subject:", "List-Post:", "Feedback-ID:", "X-Letterpress-Id:", "List-Unsubscribe-Post:"] {
        let renamed = message.replacen(&format!("\r\n{line}"), "\r\nX-Gone:", 1);
        assert!(renamed != message && verify(renamed.as_bytes()).iter().all(Result::is_err), "{line}");
    }
    // A relay's own trace fields and refolded white space are no harm.
    let relayed = format!(
        "Received: from a\r\n by b\r\n{}",
        message.replace("Subject: A subject\r\n that", "SUBJECT:  A\r\n\tsubject that")
    );
    assert_eq!(verify(relayed.as_bytes()), [Ok(()), Ok(())]);
}

#[test]
fn a_message_that_is_not_as_agreed_is_not_signed() {
    let error = |header: &str| signed(signers(), &format!("{header}\r\nx\r\n"), |name| name != "Reply-To").unwrap_err();
    assert!(error(&format!("{HEADER}subject: again\r\n")).message().contains("Subject twice"));
    assert!(error(&format!("{HEADER}Reply-To: a@example.com\r\n")).message().contains("Reply-To is not expected"));
    assert!(error(&HEADER.replace("Date:", "X-Date:")).message().contains("Date is missing"));
}

#[test]
fn keys_are_read_in_both_forms() {
    for pair in [&*RSA, &*ED25519_KEY] {
        let (key, pem) = pair;
        let read = Key::from_pem("k.pem", pem.as_bytes()).unwrap();
        assert_eq!((read.public(), read.algorithm()), (key.public(), key.algorithm()));
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n") && pem.lines().all(|line| line.len() <= 64));
    }
    // A PKCS#8 file of RSA is 26 octets and the PKCS#1 form.
    let der = STANDARD.decode(RSA.1.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let pkcs1 =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", STANDARD.encode(&der[26..]));
    assert_eq!(Key::from_pem("k.pem", pkcs1.as_bytes()).unwrap().public(), RSA.0.public());
    assert_eq!(RSA.0.fingerprint().len(), 64);
    assert_ne!(RSA.0.fingerprint(), ED25519_KEY.0.fingerprint());
}

#[test]
fn the_key_of_rfc_8463_is_published_as_it_stands_there() {
    // Appendix A.1 has the seed, A.2 the record; the 16 octets before the seed say "Ed25519, PKCS#8".
    let seed = STANDARD.decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").unwrap();
    let start = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = STANDARD.encode([&start[..], &seed].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    let signer = Signer::new(Key::from_pem("k", pem.as_bytes()).unwrap(), "football.example.com", "brisbane", "k");
    let record = DnsRecord::of(&signer);
    assert_eq!(record.name, "brisbane._domainkey.football.example.com");
    assert_eq!(record.value, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

/// Made for this test and used nowhere: too short to be trusted.
const SHORT: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQDRa838kaTMm68H+VSChNZoyN1mmCjP0b7VqRPzeokQ6AYmXj9V
1BCTcZFMndsKEIZCCf0e5geGOUFeFyyNB52wDju1IxfkvwYXLQwAE14oPahpVmdm
W4olEDlSH5fsHHjJARh7O1AawWsttDV7GDBtUbp9eh85MFF3TMThXe+WXwIDAQAB
AoGAY0HrUaheKbQoU2kzSuFXFjcN6NB5l3ZcMrx+fko3qNGwCINnFXD7okaTjXLM
HIsUdzxwwjJYop+EgeoN7ZIMhEfVFq4o6IVDwxLm1YfzDGB+xfFanfzRnzg02PUh
/3+yLTUJV3jU1McYuVADcR4HysFf6KP6AiCuMasB4nM+5/ECQQDrr/7MdIn/Zuoo
EnePX2gQRbqpM6gSqcUmeRnUNqlaZiVjO8K/M57YwPSkziNXaLwD6LzUGKG6zLRH
BaZAXMeDAkEA43hKdlrnxuvm9eS2InFnpmU3la0QlvoWjEY36l5e+tO3J9rN7Y/3
4Rpv2BixOl5stTqvKS1LEgYJUDBLHIHi9QJAOtaYDKC3Zrxhjpl1oaRWzWErBVyx
A9/AKSeobBMtWjUP9mMP7j3L1R7utEoGBqdN8MfkhCqWDZVXGDfv1jeTUwJABKMX
IYKI5w04EBsxe1JEgqfdkjeM9wbyHrnvud9ioEpgmXdka0tcCkK3tPgL5Ny36pnf
qD88IInu9quFXHdpYQJBAKZ01ydjzi8lsGF/o0hFICI6ViI0mbuXP4NSeSB8eXXL
uTYbtxkFaIOF5/lz9A261Xod4zZHfeD59krh7Xb6phA=
-----END RSA PRIVATE KEY-----
";

#[test]
fn keys_that_will_not_do_are_named_for_what_they_are() {
    let error = |pem: &str| Key::from_pem("keys/k.pem", pem.as_bytes()).unwrap_err();
    let elliptic = rcgen::KeyPair::generate().unwrap();
    for (pem, word) in [
        (SHORT.to_owned(), "fewer than 2048 bits"),
        (elliptic.serialize_pem(), "neither RSA nor Ed25519"),
        (elliptic.public_key_pem(), "a public key"),
        (RSA.1.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), "is encrypted"),
        (RSA.1.replacen("MII", "MIA", 1), "damaged"),
        ("PRIVATE KEY".to_owned(), "no private key"),
        (String::new(), "no private key"),
    ] {
        let error = error(&pem);
        assert!(error.message().contains(word) && error.message().contains("keys/k.pem"), "{word}: {error}");
        assert!(!error.helps().is_empty(), "{word}");
    }
}

#[test]
fn keys_are_shared_by_threads_and_show_nothing() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let signers = signers();
    shared(&signers[0]);
    let shown = format!("{signers:?}");
    assert!(shown.contains("Key(rsa-sha256, …)") && shown.contains("Key(ed25519-sha256, …)"), "{shown}");
    let message = sample(signers.clone());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(sample(signers.clone()), message));
        }
    });
}

#[test]
fn a_sealed_signer_is_the_same_key_or_none() {
    let root = tempfile::tempdir().unwrap();
    let settings = KeySettings { key_file: Some("k.pem".into()), ..KeySettings::of_selector("s") };
    let path = root.path().join("k.pem");
    std::fs::write(&path, &ED25519_KEY.1).unwrap();
    let signer = Signer::load(root.path(), &settings, "example.com").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let exposed = Signer::load(root.path(), &settings, "example.com").unwrap();
        assert!(exposed.warning().unwrap().helps()[0].contains("chmod 600 k.pem"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Signer::load(root.path(), &settings, "example.com").unwrap().warning().is_none());
    }
    let sealed = signer.sealed();
    assert_eq!(sealed.open(root.path()).unwrap().sealed(), sealed);
    let kept = serde_json::to_string(&sealed).unwrap();
    assert!(!kept.contains("PRIVATE") && kept.contains(&signer.key().fingerprint()));
    std::fs::write(&path, &RSA.1).unwrap();
    assert!(sealed.open(root.path()).unwrap_err().message().contains("another key"));
    std::fs::remove_file(&path).unwrap();
    assert!(sealed.open(root.path()).unwrap_err().message().contains("is gone"));
    let missing = Signer::load(root.path(), &settings, "example.com").unwrap_err();
    assert!(missing.helps()[0].contains("letterpress dkim keygen --selector s"));
}

/// A value as any writer may fold it: words, runs of white space, folds in the middle.
fn value() -> impl Strategy<Value = String> {
    proptest::collection::vec("[!-9;-~]{1,12}( |  |\t|\r\n |\r\n\t | \r\n )?", 0..8)
        .prop_map(|words| words.concat().trim_end_matches(['\r', '\n', '\t', ' ']).to_owned())
}

proptest! {
    #[test]
    fn any_message_verifies(
        values in proptest::collection::vec(value(), 14),
        order in Just((0..14).collect::<Vec<usize>>()).prop_shuffle(),
        body in "([ -~]{0,30}\r\n){0,8}[ -~]{0,10}",
        ends in 0usize..3,
    ) {
        const NAMES: [&str; 14] = [
            "From", "To", "SUBJECT", "Date", "Message-Id", "Reply-To ", "MIME-Version", "content-type", "List-ID",
            "List-Unsubscribe", "List-Unsubscribe-Post\t", "List-Post", "Feedback-ID", "X-Letterpress-Id",
        ];
        let fields: String = order.iter().map(|at| format!("{}:{}\r\n", NAMES[*at], values[*at])).collect();
        let message = signed(signers(), &format!("{fields}X-Other: x\r\n\r\n{body}{}", "\r\n".repeat(ends)), |_| true).unwrap();
        prop_assert_eq!(verify(&message), [Ok(()), Ok(())], "{}", String::from_utf8_lossy(&message));
    }
}
