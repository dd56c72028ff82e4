//! The forms in which header and body are hashed (RFC 6376 section 3.4): fields relaxed, the body simple.

/// One header field as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'a [u8],
    /// All behind the colon, folds included, without the last line end.
    pub value: &'a [u8],
}

/// Goes through the fields of a message.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        Fields { rest: message }
    }

    /// What follows the empty line, once all fields were taken.
    pub fn body(self) -> &'a [u8] {
        self.rest.strip_prefix(b"\r\n").unwrap_or_default()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        if self.rest.is_empty() || self.rest.starts_with(b"\r\n") {
            return None;
        }
        let mut end = 0;
        loop {
            let line = &self.rest[end..];
            end += line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |at| at + 1);
            // The next line belongs to this field when it begins with white space.
            if !matches!(self.rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
        let value = field.get(colon + 1..).unwrap_or_default();
        Some(Field { name: field[..colon].trim_ascii_end(), value: value.strip_suffix(b"\r\n").unwrap_or(value) })
    }
}

/// Appends a field in its relaxed form, with its line end: the name in lower case, the value in one line, each run of
/// white space in it one space, none around it.
pub fn relaxed(field: Field<'_>, out: &mut Vec<u8>) {
    out.extend(field.name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let mut gap = false;
    for byte in field.value {
        match byte {
            b' ' | b'\t' => gap = true,
            // Unfolding takes line ends out; the white space behind them stays.
            b'\r' | b'\n' => {}
            byte => {
                if gap && out.len() > start {
                    out.push(b' ');
                }
                gap = false;
                out.push(*byte);
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// The body without the line ends at its end: in the simple form exactly one follows, also for an empty body.
pub fn simple(mut body: &[u8]) -> &[u8] {
    while let Some(rest) = body.strip_suffix(b"\r\n") {
        body = rest;
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relaxed_header(message: &str) -> String {
        let mut out = Vec::new();
        Fields::of(message.as_bytes()).for_each(|field| relaxed(field, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_relaxed_as_the_rfc_shows_it() {
        // RFC 6376 section 3.4.5.
        let message = "A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(relaxed_header(message), "a:X\r\nb:Y Z\r\n");
        let mut fields = Fields::of(message.as_bytes());
        assert_eq!(fields.by_ref().count(), 2);
        assert_eq!(simple(fields.body()), b" C \r\nD \t E");
    }

    #[test]
    fn folds_and_runs_of_white_space_become_one_space() {
        for written in
            ["Subject: a b\r\n", "SUBJECT:a \t b  \r\n", "subject :\r\n a\r\n\tb\r\n", "Subject:  a\r\n   b\r\n"]
        {
            assert_eq!(relaxed_header(written), "subject:a b\r\n", "{written:?}");
        }
        assert_eq!(relaxed_header("A:\r\nB: \t \r\nC: x\r\n y"), "a:\r\nb:\r\nc:x y\r\n");
        assert_eq!(
            relaxed_header("List-Unsubscribe: <https://example.com/a>,\r\n <mailto:a@example.com>\r\n"),
            "list-unsubscribe:<https://example.com/a>, <mailto:a@example.com>\r\n"
        );
    }

    #[test]
    fn a_simple_body_ends_in_one_line_end() {
        for body in ["", "\r\n", "\r\n\r\n"] {
            assert_eq!(simple(body.as_bytes()), b"", "{body:?}");
        }
        for body in ["x", "x\r\n", "x\r\n\r\n\r\n"] {
            assert_eq!(simple(body.as_bytes()), b"x", "{body:?}");
        }
        assert_eq!(simple(b"x \r\n \r\n"), b"x \r\n ", "white space is no empty line");
    }

    #[test]
    fn a_message_without_a_body_has_none() {
        let mut fields = Fields::of(b"A: b\r\n");
        assert_eq!(fields.by_ref().count(), 1);
        assert_eq!(fields.body(), b"");
    }
}
