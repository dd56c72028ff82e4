//! What a relay offers in its answer to EHLO, as far as it matters here (RFC 1870, 2920, 3030).

/// The extensions that we use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Several commands may go out before the first is answered.
    pub pipelining: bool,
    /// A message may go out as BDAT, with no answer to wait for before it.
    pub chunking: bool,
    /// Whether MAIL may say how large the message is.
    pub size: bool,
    /// The largest message that the relay takes, in octets, when it says so.
    pub largest: Option<u64>,
}

impl Capabilities {
    /// Reads the words behind the reply codes of an EHLO answer, the first line of which is the relay's name.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut found = Capabilities::default();
        for line in lines.into_iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let keyword = words.next().unwrap_or_default();
            if keyword.eq_ignore_ascii_case("PIPELINING") {
                found.pipelining = true;
            } else if keyword.eq_ignore_ascii_case("CHUNKING") {
                found.chunking = true;
            } else if keyword.eq_ignore_ascii_case("SIZE") {
                found.size = true;
                // RFC 1870 section 4: 0 says that there is no fixed limit.
                found.largest = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case_and_the_name_is_none() {
        let read = Capabilities::parse(["chunking.example.net", "pipelining", "Size 1000", "AUTH PLAIN", "CHUNKING"]);
        assert_eq!(read, Capabilities { pipelining: true, chunking: true, size: true, largest: Some(1000) });
        assert_eq!(Capabilities::parse(["PIPELINING", "SIZE 0"]), Capabilities { size: true, ..Default::default() });
        assert_eq!(Capabilities::parse(["x", "SIZE many"]).largest, None);
    }
}
