//! Quoted-printable (RFC 2045 section 6.7), written so that separately encoded pieces can be put one after another.
//!
//! Every piece begins and ends at a line start: a soft break (`=` CRLF) follows each piece whose line is not ended.
//! No line is longer than 76 octets, no character is split between lines, every octet is 7-bit, and lines that begin
//! with `.` or `From ` are encoded, for relays that get dots and mboxes wrong.

/// The longest line, without its CRLF.
const LINE: usize = 76;
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Encodes text with LF line ends and ends the last line with a soft break if it isn't ended, ready for a next piece.
pub fn encode_piece(text: &str, out: &mut Vec<u8>) {
    if encode(text, out) > 0 {
        out.extend_from_slice(b"=\r\n");
    }
}

/// Encodes text that ends the part: the last line is ended with CRLF.
pub fn encode_last(text: &str, out: &mut Vec<u8>) {
    if encode(text, out) > 0 {
        out.extend_from_slice(b"\r\n");
    }
}

/// Encodes from the start of a line; returns how many octets the unfinished last line has.
fn encode(text: &str, out: &mut Vec<u8>) -> usize {
    let bytes = text.as_bytes();
    let mut column = 0;
    let mut at = 0;
    while at < bytes.len() {
        // Most text is plain: copy runs at once.
        let room = LINE - 1 - column;
        let run = plain_run(&bytes[at..], room, column);
        if run > 0 {
            out.extend_from_slice(&bytes[at..at + run]);
            at += run;
            column += run;
            continue;
        }
        let byte = bytes[at];
        if byte == b'\n' {
            out.extend_from_slice(b"\r\n");
            column = 0;
            at += 1;
            continue;
        }
        let length = character_length(byte).min(bytes.len() - at);
        let unit = &bytes[at..at + length];
        let literal = is_plain(bytes, at, column);
        let width = if literal { 1 } else { 3 * length };
        // One octet is kept free for the soft break's own `=`.
        if column + width > LINE - 1 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
            continue;
        }
        if literal {
            out.push(byte);
        } else {
            for byte in unit {
                out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        column += width;
        at += length;
    }
    column
}

/// The octets that stand for themselves within a line: printable ASCII and the space, but not `=`.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        table[byte as usize] = byte != b'=';
        byte += 1;
    }
    table
};

/// How many octets from here can be copied as they are within `room`.
fn plain_run(bytes: &[u8], room: usize, column: usize) -> usize {
    if column == 0 && matches!(bytes.first(), Some(b'.' | b'F')) {
        return 0;
    }
    let within = &bytes[..room.min(bytes.len())];
    let run = within.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(within.len());
    // White space before a line end would be lost on the way: leave it to the slow path.
    match bytes.get(run) {
        Some(b'\n') | None => run - bytes[..run].iter().rev().take_while(|byte| **byte == b' ').count(),
        _ => run,
    }
}

/// Whether the octet may stand as it is at this column.
fn is_plain(bytes: &[u8], at: usize, column: usize) -> bool {
    match bytes[at] {
        b' ' | b'\t' => !matches!(bytes.get(at + 1), None | Some(b'\n')),
        b'.' => column > 0,
        b'F' => column > 0 || !bytes[at..].starts_with(b"From "),
        b'=' => false,
        byte => (b'!'..=b'~').contains(&byte),
    }
}

/// The length of the UTF-8 character that begins with this octet; a character is never split between lines.
fn character_length(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        _ => 1,
    }
}

/// What a part says: its text with LF line ends. Octets that are no quoted-printable stay as they are.
pub fn decode(encoded: &[u8]) -> String {
    let mut out = Vec::with_capacity(encoded.len());
    for line in encoded.split_inclusive(|byte| *byte == b'\n') {
        let body = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n"));
        let soft = body.and_then(|body| body.strip_suffix(b"="));
        decode_line(soft.or(body).unwrap_or(line), &mut out);
        if soft.is_none() && body.is_some() {
            out.push(b'\n');
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn decode_line(line: &[u8], out: &mut Vec<u8>) {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while at < line.len() {
        match (line[at], digit(line.get(at + 1)), digit(line.get(at + 2))) {
            (b'=', Some(high), Some(low)) => {
                out.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(text: &str) -> String {
        let mut out = Vec::new();
        encode_last(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dangerous_line_starts_and_ends_are_encoded() {
        assert_eq!(encoded("."), "=2E\r\n");
        assert_eq!(encoded("From me\n..\n"), "=46rom me\r\n=2E.\r\n");
        assert_eq!(encoded("Free\na \nb\t"), "Free\r\na=20\r\nb=09\r\n");
        assert_eq!(encoded("1=2"), "1=3D2\r\n");
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(pieces in prop::collection::vec("(\\PC|[ .=F\n\t]|From |é|名|❤️){0,60}", 0..6)) {
            let mut out = Vec::new();
            for piece in &pieces {
                encode_piece(piece, &mut out);
            }
            encode_last("", &mut out);
            let text = String::from_utf8(out).unwrap();
            let decoded = decode(text.as_bytes());
            prop_assert_eq!(decoded, pieces.concat());
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= 76 && line.is_ascii());
                prop_assert!(!line.starts_with('.') && !line.starts_with("From "));
                prop_assert!(!line.ends_with(' ') && !line.ends_with('\t'));
                prop_assert!(!decode(line.as_bytes()).contains('\u{FFFD}') || pieces.concat().contains('\u{FFFD}'), "a character was split");
            }
        }
    }
}
