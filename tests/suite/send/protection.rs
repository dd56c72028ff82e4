//! Who listens on the way learns nothing, and who stands in the way is refused.

use super::{SEND, everyone, letter, publication};
use crate::publication::Publication;
use crate::relay::{Action, Certificate, Relay, Step, on};

const PASSWORD: &str = "Tr0ub4dor&3/+ %";

/// Runs a mailing that must be refused: no message and no credentials may have left.
#[track_caller]
fn refused(letter: &Publication, relay: &Relay, url: &str) {
    letter.run(["send", "--yes", "--relay", url]).code(1).nowhere(PASSWORD);
    let record = relay.record();
    assert!(record.messages.is_empty(), "nothing may be sent");
    assert!(record.logins().is_empty(), "no credentials may be sent");
    assert!(record.connections.iter().all(|connection| connection.count("AUTH") + connection.count("MAIL") == 0));
}

#[test]
fn with_a_good_certificate_everything_goes_over_tls() {
    for builder in [Relay::starttls(Certificate::Good), Relay::tls(Certificate::Good)] {
        let relay = builder.login("ann", PASSWORD).start();
        let letter = letter(&relay, 3);
        letter.run(SEND).success().nowhere(PASSWORD);
        assert_eq!(relay.taken_by(), everyone(3));
        let record = relay.record();
        assert!(record.messages.iter().all(|message| message.tls));
        assert!(record.logins().iter().all(|login| login.tls && login.password == PASSWORD && login.user == "ann"));
        assert_eq!(record.logins().len(), 1);
        relay.assert_no_faults();
    }
}

#[test]
fn bad_certificates_are_refused() {
    for certificate in [Certificate::WrongHost, Certificate::Expired, Certificate::SelfSigned] {
        for builder in [Relay::starttls(certificate), Relay::tls(certificate)] {
            let relay = builder.login("ann", PASSWORD).start();
            refused(&publication(2), &relay, &relay.url());
        }
    }
}

#[test]
fn an_authority_that_nobody_named_is_not_trusted() {
    for (builder, scheme) in [(Relay::starttls(Certificate::Good), "smtp"), (Relay::tls(Certificate::Good), "smtps")] {
        let relay = builder.login("ann", PASSWORD).start();
        refused(&publication(2), &relay, &relay.url_with(scheme, ""));
    }
}

#[test]
fn a_relay_without_starttls_is_refused_and_not_told_the_password() {
    let relay = Relay::plain().login("ann", PASSWORD).start();
    let letter = publication(2);
    refused(&letter, &relay, &relay.url_with("smtp", ""));
    refused(&letter, &relay, &relay.url_with("smtp", "tls=starttls"));
}

#[test]
fn a_starttls_that_is_turned_down_never_falls_back() {
    let relay = Relay::starttls(Certificate::Good).login("ann", PASSWORD).start();
    relay.rule(on(Step::StartTls).reply("454 4.7.0 Not available"));
    refused(&publication(2), &relay, &relay.url());
}

#[test]
fn words_slipped_in_before_the_handshake_are_not_believed() {
    let injected = b"250-relay.example.net\r\n250-AUTH PLAIN\r\n250 SIZE 1\r\n";
    let relay = Relay::starttls(Certificate::Good).login("ann", PASSWORD).start();
    relay.rule(on(Step::StartTls).act(Action::Inject(injected.to_vec())));
    refused(&publication(2), &relay, &relay.url());
}

#[test]
fn plaintext_is_for_this_machine_only() {
    let letter = publication(2);
    // Addresses of no machine (RFC 5737): a client that tried would wait for its deadline and say so.
    for url in ["smtp://192.0.2.1:2525?tls=none", "smtp://ann:secret@relay.example.net?tls=none"] {
        let refused = letter.run(["send", "--yes", "--relay", url]).code_in(&[1, 2]).nowhere("secret");
        assert!(!refused.stderr.contains("timed out") && refused.stderr.contains("tls=none"), "{refused:?}");
    }
    assert!(letter.files("mailings").is_empty(), "nothing is sealed");
}

#[test]
fn a_relay_url_that_cannot_be_meant_is_refused() {
    let letter = publication(2);
    for url in [
        "http://127.0.0.1",
        "smtp://",
        "smtp://127.0.0.1:99999",
        "smtp://127.0.0.1?tls=maybe",
        "smtp://127.0.0.1?tsl=none",
        "smtp://127.0.0.1/path",
        "smtps://127.0.0.1?tls=none",
        "smtps://127.0.0.1?ca=no-such-file.pem",
        "127.0.0.1:25",
        "",
    ] {
        letter.run(["send", "--yes", "--relay", url]).code_in(&[1, 2]).nowhere("panicked");
        assert!(letter.files("mailings").is_empty(), "nothing is sealed for {url:?}");
    }
}

#[test]
fn passwords_are_neither_shown_nor_kept() {
    let relay = Relay::plain().login("ann", PASSWORD).start();
    let encoded = relay.url();
    let letter = publication(2);
    let secrets = [PASSWORD, "Tr0ub4dor"];
    for arguments in [vec!["send", "--dry-run"], vec!["send"], vec!["send", "--yes"], vec!["send", "--yes", "--json"]] {
        let verbose = [arguments, vec!["--verbose", "--relay", encoded.as_str()]].concat();
        let output = letter.run(verbose).code_in(&[0, 2, 5]);
        for secret in secrets {
            assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{output:?}");
        }
    }
    assert_eq!(relay.taken_by(), everyone(2));
    assert_eq!(relay.record().logins()[0].password, PASSWORD);
    for file in letter.files("") {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("Tr0ub4dor"), "the password stands in {}", file.display());
    }
}

#[test]
fn a_wrong_password_is_not_shown_either() {
    let relay = Relay::plain().login("ann", "right").start();
    let url = format!("smtp://ann:Wr0ngOne@{}?tls=none", relay.address());
    letter(&relay, 1)
        .run(["send", "--yes", "--verbose", "--relay", &url])
        .code(1)
        .nowhere("Wr0ngOne")
        .stderr_has("535");
    assert!(relay.taken().is_empty());
}

#[test]
fn a_relay_that_wants_a_password_that_we_have_not_stops_the_mailing() {
    let relay = Relay::plain().login("ann", "right").start();
    let url = format!("smtp://{}?tls=none", relay.address());
    publication(2).run(["send", "--yes", "--relay", &url]).code(1).stderr_has("530");
    assert_eq!(relay.connections(), 1);
}
