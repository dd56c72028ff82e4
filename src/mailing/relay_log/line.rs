//! One line of a log that Postfix wrote through syslog: when, where, which program, what.
//!
//! Times come as syslog has always written them (`Nov 22 10:00:01`: no year, local time) and as RFC 3339 has them.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

/// A line of a Postfix program, such as `Nov 22 10:00:01 mx postfix-out/cleanup[71]: 4F2A: message-id=<…>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The time as it is written.
    pub time: &'a str,
    pub host: &'a str,
    /// The instance of Postfix: what stands before the first `/`.
    pub instance: &'a str,
    /// The program: what stands behind the last `/`.
    pub program: &'a str,
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// Reads a line; `None` when it is not from Postfix.
    pub fn parse(line: &'a str) -> Option<Line<'a>> {
        let (time, rest) = split_time(line)?;
        let (host, rest) = rest.trim_start().split_once(' ')?;
        let (tag, text) = rest.split_once(": ")?;
        let name = tag.split('[').next()?;
        let (instance, _) = name.split_once('/')?;
        let program = name.rsplit('/').next()?;
        let ours = instance.starts_with("postfix") || ["cleanup", "qmgr", "smtpd"].contains(&program);
        (ours && !name.contains(' ')).then_some(Line { time, host, instance, program, text })
    }

    /// The queue id that the line is about, and the rest. Short ids are hexadecimal, long ones have more letters.
    pub fn queue_id(&self) -> Option<(&'a str, &'a str)> {
        let (id, rest) = self.text.split_once(": ")?;
        let is_id = id.len() >= 5 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && id != "warning";
        (is_id && !["NOQUEUE", "error", "fatal", "panic", "statistics"].contains(&id)).then_some((id, rest))
    }
}

fn split_time(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    if bytes.first()?.is_ascii_digit() {
        return line.split_once(' ').filter(|(time, _)| time.len() >= 19 && time.as_bytes()[10] == b'T');
    }
    let is_classic = bytes.len() > 16 && bytes[3] == b' ' && bytes[6] == b' ' && bytes[9] == b':' && bytes[15] == b' ';
    is_classic.then(|| line.split_at_checked(15)).flatten()
}

/// How a written time becomes a moment.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Times without a year are taken to be as near to this as they can.
    pub near: Timestamp,
}

impl Calendar {
    /// The moment that is written, and where the clock was set back and the hour came twice, the earlier of the two.
    pub fn earliest(&self, time: &str) -> Option<Timestamp> {
        self.moment(time, true)
    }

    /// The same, with the later of the two.
    pub fn latest(&self, time: &str) -> Option<Timestamp> {
        self.moment(time, false)
    }

    fn moment(&self, time: &str, earlier: bool) -> Option<Timestamp> {
        if time.as_bytes().first()?.is_ascii_digit() {
            return with_colon(time).parse().ok();
        }
        let year = self.near.to_zoned(self.zone.clone()).year();
        let moments = (year - 1..=year + 1).filter_map(|year| {
            let written = format!("{year} {}", time.replace("  ", " 0"));
            let written = civil::DateTime::strptime("%Y %b %d %H:%M:%S", written).ok()?;
            let ambiguous = self.zone.to_ambiguous_timestamp(written);
            if earlier { ambiguous.earlier().ok() } else { ambiguous.later().ok() }
        });
        moments.min_by_key(|moment| moment.as_second().abs_diff(self.near.as_second()))
    }
}

/// `+0100` as `+01:00`.
fn with_colon(time: &str) -> String {
    match time.len().checked_sub(5).and_then(|at| time.split_at_checked(at)) {
        Some((before, zone)) if zone.starts_with(['+', '-']) && !zone.contains(':') => {
            format!("{before}{}:{}", &zone[..3], &zone[3..])
        }
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(near: &str) -> Calendar {
        Calendar { zone: TimeZone::get("Europe/Berlin").unwrap(), near: near.parse().unwrap() }
    }

    #[test]
    fn lines_of_postfix_are_told_from_others() {
        let line =
            Line::parse("Nov  2 10:00:01 mx1 postfix/cleanup[71]: 4F2A1B3C4D: message-id=<a@example.com>").unwrap();
        assert_eq!(
            (line.time, line.host, line.instance, line.program),
            ("Nov  2 10:00:01", "mx1", "postfix", "cleanup")
        );
        assert_eq!(line.queue_id(), Some(("4F2A1B3C4D", "message-id=<a@example.com>")));
        let line = Line::parse(
            "2026-11-22T10:00:01.123456+01:00 mx1 postfix-out/submission/smtpd[9]: 3Yz1kQ2H7fz1Bc: client=x",
        )
        .unwrap();
        assert_eq!((line.instance, line.program), ("postfix-out", "smtpd"));
        assert_eq!(line.queue_id().unwrap().0, "3Yz1kQ2H7fz1Bc");
        assert!(
            Line::parse("Nov  2 10:00:01 mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from x")
                .unwrap()
                .queue_id()
                .is_none()
        );
        for other in [
            "",
            "x",
            "Nov  2 10:00:01 mx1 sshd[9]: Accepted",
            "Nov  2 10:00:01 mx1",
            "é",
            "2026-11-22T10:00:01 mx1 x",
            "Nov é2 10:00:01 mx1 postfix/cleanup[71]: 4F2A1B3C4D: message-id=<a@example.com>",
        ] {
            assert_eq!(Line::parse(other), None, "{other}");
        }
    }

    #[test]
    fn times_without_a_year_are_near_the_attempt() {
        let near_new_year = calendar("2027-01-01T00:10:00Z");
        assert_eq!(near_new_year.earliest("Dec 31 23:59:00").unwrap().to_string(), "2026-12-31T22:59:00Z");
        assert_eq!(near_new_year.earliest("Jan  1 02:00:00").unwrap().to_string(), "2027-01-01T01:00:00Z");
        assert_eq!(calendar("2026-11-22T00:00:00Z").earliest("Feb 30 02:00:00"), None);
    }

    #[test]
    fn an_hour_that_comes_twice_is_known_by_both() {
        let calendar = calendar("2026-10-25T00:00:00Z");
        assert_eq!(calendar.earliest("Oct 25 02:30:00").unwrap().to_string(), "2026-10-25T00:30:00Z");
        assert_eq!(calendar.latest("Oct 25 02:30:00").unwrap().to_string(), "2026-10-25T01:30:00Z");
    }

    #[test]
    fn times_with_a_zone_need_no_guess() {
        let calendar = calendar("2020-01-01T00:00:00Z");
        for time in [
            "2026-11-22T10:00:01+01:00",
            "2026-11-22T10:00:01+0100",
            "2026-11-22T09:00:01Z",
            "2026-11-22T09:00:01.000000+00:00",
        ] {
            assert_eq!(calendar.latest(time).unwrap().to_string(), "2026-11-22T09:00:01Z", "{time}");
        }
    }
}
