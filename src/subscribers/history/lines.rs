//! The lines of a changeset as they are written: by hand, since a million of them are. A test holds them against what reads
//! them.

/// Writes one line after the other into the same room.
#[derive(Debug, Default)]
pub(in super::super) struct Lines {
    text: Vec<u8>,
}

impl Lines {
    /// The line of a row that was added.
    pub(in super::super) fn added<'a>(
        &mut self,
        change: u64,
        line: u64,
        address: &str,
        after: impl Iterator<Item = (impl AsRef<str>, &'a str)>,
    ) -> &[u8] {
        self.begin(change, line, address);
        self.text.extend_from_slice(b",\"before\":null,\"after\":");
        self.object(after);
        self.end()
    }

    /// The line of a row in which columns were changed.
    pub(in super::super) fn changed<'a>(
        &mut self,
        change: u64,
        line: u64,
        address: &str,
        values: impl Iterator<Item = (impl AsRef<str>, &'a str, &'a str)> + Clone,
    ) -> &[u8] {
        self.begin(change, line, address);
        self.text.extend_from_slice(b",\"before\":");
        self.object(values.clone().map(|(name, before, _)| (name, before)));
        self.text.extend_from_slice(b",\"after\":");
        self.object(values.map(|(name, _, after)| (name, after)));
        self.end()
    }

    /// The line of a row that was deleted.
    pub(in super::super) fn deleted<'a>(
        &mut self,
        change: u64,
        line: u64,
        address: &str,
        before: impl Iterator<Item = (impl AsRef<str>, &'a str)>,
        raw: &str,
    ) -> &[u8] {
        self.begin(change, line, address);
        self.text.extend_from_slice(b",\"before\":");
        self.object(before);
        self.text.extend_from_slice(b",\"after\":null,\"raw\":");
        self.string(raw);
        self.end()
    }

    fn begin(&mut self, change: u64, line: u64, address: &str) {
        self.text.clear();
        self.text.extend_from_slice(b"{\"change\":");
        self.number(change);
        self.text.extend_from_slice(b",\"line\":");
        self.number(line);
        self.text.extend_from_slice(b",\"address\":");
        self.string(address);
    }

    /// In decimal digits.
    fn number(&mut self, number: u64) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        let mut rest = number;
        while at == digits.len() || rest > 0 {
            at -= 1;
            digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        self.text.extend_from_slice(&digits[at..]);
    }

    fn end(&mut self) -> &[u8] {
        self.text.extend_from_slice(b"}\n");
        &self.text
    }

    fn object<'a>(&mut self, values: impl Iterator<Item = (impl AsRef<str>, &'a str)>) {
        self.text.push(b'{');
        for (n, (name, value)) in values.enumerate() {
            if n > 0 {
                self.text.push(b',');
            }
            self.string(name.as_ref());
            self.text.push(b':');
            self.string(value);
        }
        self.text.push(b'}');
    }

    fn string(&mut self, text: &str) {
        // Without a way out in the middle, which keeps it fast.
        let marked = |b: u8| u8::from(!(b' '..=b'~').contains(&b)) | u8::from(b == b'"') | u8::from(b == b'\\');
        if text.bytes().fold(0, |any, b| any | marked(b)) == 0 {
            self.text.push(b'"');
            self.text.extend_from_slice(text.as_bytes());
            self.text.push(b'"');
        } else {
            // Writing a text into memory can't fail.
            let _ = serde_json::to_writer(&mut self.text, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, RowChange, entry};
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    type Cells = Vec<(String, String)>;

    fn map(cells: &Cells) -> Map<String, Value> {
        cells.iter().map(|(name, cell)| (name.clone(), Value::from(cell.as_str()))).collect()
    }

    fn pairs(cells: &Cells) -> impl Iterator<Item = (&str, &str)> {
        cells.iter().map(|(name, cell)| (name.as_str(), cell.as_str()))
    }

    proptest! {
        #[test]
        fn a_line_is_read_as_what_was_written(
            change: u64,
            line in prop_oneof![0u64..1000, any::<u64>()],
            address in "\\PC{0,20}|[ -~]{0,20}",
            before in proptest::collection::vec(("[a-z]{1,9}", "[ -~]{0,9}|\\PC{0,9}|[\0-\x1f]{0,3}"), 0..4),
            raw in "[ -~\\r\\n]{0,20}",
        ) {
            let after: Cells = before.iter().map(|(name, cell)| (name.clone(), format!("{cell}!"))).collect();
            let mut row = RowChange { change, line, address: address.clone(), before: None, after: Some(map(&after)), raw: None, forgotten: false };
            let mut lines = Lines::default();
            let read = |text: &[u8]| entry(text.trim_ascii_end());
            prop_assert_eq!(read(lines.added(change, line, &address, pairs(&after))), Entry::Row(row.clone()));
            row.before = Some(map(&before));
            let changed = before.iter().zip(&after).map(|((name, old), (_, new))| (name, old.as_str(), new.as_str()));
            prop_assert_eq!(read(lines.changed(change, line, &address, changed)), Entry::Row(row.clone()));
            (row.after, row.raw) = (None, Some(raw.clone()));
            prop_assert_eq!(read(lines.deleted(change, line, &address, pairs(&before), &raw)), Entry::Row(row));
        }
    }
}
