//! What a crash can leave, instant by instant: the journal of a real mailing cut at every octet, and the mailing carried on
//! from there.

use std::collections::BTreeSet;
use std::path::Path;

use letterpress::clock::Clock;
use letterpress::delivery::{RelaySettings, RelayUrl};
use letterpress::diagnostic::Diagnostic;
use letterpress::ledger::State;
use letterpress::mailing::{Driver, Ended, Interrupts, Mailing, Onlooker, PlanRow, Progress};
use letterpress::project::Project;
use letterpress::subscribers::Withdrawals;

use crate::publication::Publication;

const READERS: usize = 5;

/// The addresses to whom this run of a mailing wrote, and its states before and after.
struct Run {
    written_to: BTreeSet<String>,
    before: Vec<(String, State)>,
    after: Vec<State>,
}

/// Carries a mailing on with a relay that writes files into a new folder.
fn carry_on(root: &Path) -> Run {
    let project = Project::open(root).unwrap();
    let outbox = tempfile::tempdir().unwrap();
    let (mut mailing, mut writer) = opened(&project);
    let before = states(&mailing);
    let press = mailing.press(project.links().unwrap().0.key().clone(), root).unwrap();
    let relay = (RelayUrl::File(outbox.path().to_owned()), RelaySettings::default());
    let mut withdrawals = Withdrawals::load(&project.files()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut driver = Driver {
        press,
        relays: project.relays(vec![relay], |_| None).unwrap(),
        limits: project.limits(),
        patience: project.config.settings.send.patience().unwrap(),
        refusals: project.config.settings.limits.refusals,
        quota: None,
        withdrawals: &mut withdrawals,
        clock: Clock::System,
        runtime: runtime.handle().clone(),
        interrupts: Interrupts::default(),
    };
    let ended = mailing.drive(&mut writer, &mut driver, &mut NobodyLooksOn).unwrap();
    assert!(matches!(ended, Ended::Through));
    let written =
        std::fs::read_dir(outbox.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let address = |name: String| name.rsplit_once('-').unwrap().0.to_owned();
    let after = states(&mailing).into_iter().map(|(_, state)| state).collect();
    Run { written_to: written.map(address).collect(), before, after }
}

/// Opens the mailing once its lock is free. Another test's thread may be starting a program just now, which for a moment
/// has our files open too, and with them the lock that the last run has let go.
fn opened(project: &Project) -> (Mailing, letterpress::mailing::Writer) {
    loop {
        match Mailing::open_for_writing(&project.mailings(), "spring") {
            Ok(opened) => return opened,
            Err(error) if error.message().contains("being sent") => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

struct NobodyLooksOn;

impl Onlooker for NobodyLooksOn {
    fn progress(&mut self, _: &Progress) {}
    fn notice(&mut self, notice: &Diagnostic) {
        panic!("{}", notice.render(false));
    }
}

fn states(mailing: &Mailing) -> Vec<(String, State)> {
    let mut plan = mailing.plan().unwrap();
    let mut row = PlanRow::default();
    let mut states = Vec::new();
    while plan.read(&mut row).unwrap() {
        states.push((row.email().to_owned(), mailing.ledger.state(row.recipient)));
    }
    states
}

#[test]
fn from_a_journal_cut_at_any_octet_nobody_is_forgotten_and_nobody_gets_it_twice() {
    let letter = Publication::new()
        .article("spring", "Hello {{ subscriber.name }}")
        .readers(READERS)
        .setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    let journal = letter.path().join("mailings/spring/journal");
    let whole = std::fs::read(&journal).unwrap();
    let header = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let (mut doubts, mut resent) = (0, 0);
    for cut in header..=whole.len() {
        std::fs::write(&journal, &whole[..cut]).unwrap();
        let run = carry_on(letter.path());
        for ((address, before), after) in run.before.iter().zip(&run.after) {
            let again = run.written_to.contains(address);
            match before {
                // Whoever had it, or may have it, is not written to again.
                State::Accepted | State::InDoubt => assert!(!again && before == after, "{address}, cut at {cut}"),
                _ => assert!(again && *after == State::Accepted, "{address} is forgotten, cut at {cut}"),
            }
            doubts += usize::from(*before == State::InDoubt);
            resent += usize::from(again);
        }
    }
    assert!(doubts > 0 && resent > 0, "the cuts met every case: {doubts} doubts, {resent} copies");
}

#[test]
fn a_damaged_journal_stops_everything() {
    let letter = Publication::new().article("spring", "Hello").readers(3).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    let journal = letter.path().join("mailings/spring/journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, &bytes).unwrap();
    letter.run(["send", "--yes"]).code(1).stderr_has("damaged at octet");
    letter.run(["status"]).code(1).stderr_has("damaged at octet");
    assert_eq!(std::fs::read(&journal).unwrap(), bytes, "nothing is repaired by guessing");
}

#[test]
fn what_is_cut_off_a_torn_journal_is_told() {
    let letter = Publication::new().article("spring", "Hello").readers(3).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success().nowhere("cut off");
    let journal = letter.path().join("mailings/spring/journal");
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 1]).unwrap();
    letter.run(["send", "--yes"]).code(4).stderr_has("were no whole record and were cut off");
    letter.run(["send", "--yes"]).code(4).nowhere("cut off");
}

#[test]
fn a_sealed_mailing_that_was_edited_is_not_sent() {
    for (file, change) in [("recipients.csv", "reader9@example.org,Late,active\n"), ("sources.json", " ")] {
        let letter = Publication::new().article("spring", "Hello").readers(3).setting("relay.url", "file:outbox");
        letter.run(["send", "--yes"]).success();
        std::fs::remove_dir_all(letter.path().join("outbox")).unwrap();
        let path = format!("mailings/spring/{file}");
        let edited = letter.read(&path) + change;
        let letter = letter.file(&path, edited);
        letter.run(["send", "--yes"]).code(1).stderr_has("changed since it was sealed").stderr_has(file);
        assert!(letter.files("outbox").is_empty());
    }
    let letter = Publication::new().article("spring", "Hello").readers(3).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    let letter = letter.file(
        "mailings/spring/recipients.csv",
        "email,name,status,first_name\nreader1@example.org,Reader 1,active,Reader\n",
    );
    letter.run(["status", "--csv"]).code(1).stderr_has("recipients.csv is damaged");
}

#[test]
fn a_crash_while_sealing_leaves_no_mailing() {
    let letter = Publication::new().article("spring", "Hello").readers(2).setting("relay.url", "file:outbox");
    std::fs::create_dir_all(letter.path().join("mailings/.sealing-abc")).unwrap();
    letter.run(["status"]).code(1).stderr_has("nothing was sent");
    letter.run(["send", "--yes"]).success();
    assert_eq!(letter.files("outbox").len(), 2);
}
