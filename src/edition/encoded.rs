//! Base64 as it stands in a message: made once, shared by all editions and copies that hold it.

use std::ops::Deref;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Lines of 76 with CRLF (RFC 2045 section 6.8). A clone shares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded(Arc<str>);

impl Encoded {
    pub fn of(bytes: &[u8]) -> Encoded {
        let text = STANDARD.encode(bytes);
        let mut out = String::with_capacity(text.len() + text.len() / 38 + 2);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(76));
            out.push_str(line);
            out.push_str("\r\n");
            rest = after;
        }
        Encoded(out.into())
    }

    /// How many bytes it stands for, within two.
    pub fn decoded_len(&self) -> usize {
        let lines = self.0.len().div_ceil(78);
        (self.0.len() - lines * 2) / 4 * 3
    }
}

impl Deref for Encoded {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Encoded(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_76_long_and_the_size_is_known() {
        for size in [0, 1, 56, 57, 58, 114, 1000] {
            let encoded = Encoded::of(&vec![7; size]);
            assert!(encoded.split("\r\n").all(|line| line.len() <= 76));
            assert!(encoded.decoded_len().abs_diff(size) <= 2, "{size}");
            let joined: String = encoded.split_whitespace().collect();
            assert_eq!(STANDARD.decode(joined).unwrap().len(), size);
        }
    }
}
