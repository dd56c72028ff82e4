//! The journal cut and damaged at every octet.

use super::*;
use crate::ledger::{Event, Ledger, State};

const ID: &str = "0123456789abcdef";

fn sample() -> Vec<Record> {
    let record = |recipient, event, code, reply: &str| Record {
        recipient,
        event,
        relay: 1,
        at: 1_790_000_000_000,
        code,
        reply: reply.to_owned(),
    };
    vec![
        record(0, Event::Claimed, 0, ""),
        record(0, Event::Accepted, 250, "2.0.0 Ok: queued as 4F2A"),
        record(1, Event::Claimed, 0, ""),
        record(1, Event::Deferred, 451, "4.3.0 try later"),
        record(2, Event::Claimed, 0, ""),
        record(2, Event::Rejected, 550, "5.1.1 <x@example.org>: unknown"),
        record(1, Event::Claimed, 0, ""),
    ]
}

fn written() -> Vec<u8> {
    let mut bytes = Journal::header(ID);
    sample().iter().for_each(|record| record.encode_into(&mut bytes));
    bytes
}

/// Opens a journal with these octets; gives the ledger, the file's length after it, and the records.
fn opened(bytes: &[u8]) -> Result<(Ledger, u64, Vec<Record>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    std::fs::write(&path, bytes).unwrap();
    let mut ledger = Ledger::new(3);
    let mut records = Vec::new();
    let journal = Journal::open(&path, ID, |record| {
        records.push(record.to_owned());
        ledger.apply(record)
    })?;
    drop(journal);
    Ok((ledger, std::fs::metadata(&path).unwrap().len(), records))
}

#[test]
fn cut_at_every_octet_it_opens_with_the_whole_records_before_the_cut() {
    let bytes = written();
    let header = Journal::header(ID).len();
    for cut in header..=bytes.len() {
        let (ledger, length, records) = opened(&bytes[..cut]).unwrap();
        assert_eq!(records, sample()[..records.len()], "cut at {cut}");
        assert!(length <= cut as u64 && opened(&bytes[..usize::try_from(length).unwrap()]).unwrap().2 == records);
        // Whoever was claimed in what is left is never pending again.
        for recipient in 0..3 {
            let claimed = records.iter().any(|record| record.recipient == recipient);
            assert_eq!(ledger.state(recipient) == State::Pending, !claimed, "cut at {cut}, recipient {recipient}");
        }
    }
    for cut in 0..header {
        assert!(opened(&bytes[..cut]).is_err(), "a journal without its header is refused");
    }
}

#[test]
fn damage_at_any_octet_is_an_error_and_never_a_shorter_history() {
    let bytes = written();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        let error = opened(&damaged).err();
        assert!(error.is_some_and(|error| error.message().contains("damaged at octet")), "octet {at}");
    }
}

#[test]
fn zeros_after_the_end_are_a_torn_end() {
    let mut bytes = written();
    bytes.extend_from_slice(&[0; 4096]);
    assert_eq!(opened(&bytes).unwrap().2, sample());
}

#[test]
fn another_mailings_journal_is_refused() {
    let bytes = [Journal::header("other"), Vec::new()].concat();
    assert!(opened(&bytes).unwrap_err().message().contains("another mailing"));
}

#[test]
fn an_impossible_history_is_refused() {
    let mut bytes = written();
    sample()[1].encode_into(&mut bytes);
    assert!(opened(&bytes).unwrap_err().message().contains("can't follow"));
}

#[test]
fn what_is_appended_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    create(&path, ID).unwrap();
    let mut journal = Journal::open(&path, ID, |_| Ok(())).unwrap();
    for record in sample() {
        journal.append(&record);
    }
    journal.commit().unwrap();
    let mut read = Vec::new();
    Journal::read(&path, ID, |record| {
        read.push(record.to_owned());
        Ok(())
    })
    .unwrap();
    assert_eq!(read, sample());
}

#[cfg(unix)]
#[test]
fn a_journal_removed_while_in_use_stops_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    create(&path, ID).unwrap();
    let mut journal = Journal::open(&path, ID, |_| Ok(())).unwrap();
    std::fs::remove_file(&path).unwrap();
    journal.append(&sample()[0]);
    assert!(journal.commit().is_err());
    assert!(journal.commit().is_err(), "and it stays stopped");
}

#[test]
fn what_was_cut_off_is_told_and_a_whole_journal_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let opened = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Journal::open(&path, ID, |_| Ok(())).unwrap().warning()
    };
    let whole = written();
    assert_eq!(opened(&whole), None);
    let torn = opened(&whole[..whole.len() - 1]).unwrap();
    assert!(torn.message().contains("the last 23 octets of "), "{torn}");
    let zeros = opened(&[whole, vec![0; 4096]].concat()).unwrap();
    assert!(zeros.message().contains("the last 4096 octets of "), "{zeros}");
}

#[test]
fn a_torn_end_longer_than_any_record_is_damage() {
    let mut bytes = written();
    let length = u16::MAX;
    bytes.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    bytes.resize(bytes.len() + 4096, 7);
    assert!(opened(&bytes).unwrap_err().message().contains("damaged at octet"));
}

#[test]
fn a_follower_reads_only_what_was_appended_and_waits_for_the_end_of_a_torn_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let whole = written();
    let header = Journal::header(ID).len();
    for cut in header..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let mut follower = Follower::open(&path, ID).unwrap();
        let mut read = Vec::new();
        let mut each = |record: &Read<'_>| {
            read.push(record.to_owned());
            Ok(())
        };
        follower.read(&mut each).unwrap();
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(&whole[cut..]).unwrap();
        follower.read(&mut each).unwrap();
        assert_eq!(read, sample(), "cut at {cut}");
    }
    let mut follower = Follower::open(&path, ID).unwrap();
    follower.read(|_| Ok(())).unwrap();
    std::fs::write(&path, &whole[..header]).unwrap();
    assert!(follower.read(|_| Ok(())).unwrap_err().message().contains("became shorter"));
}
