//! One hundred subscribers whose names, towns and addresses try everything. All addresses are valid; what is on the
//! wire for each is written down, not computed.

/// One subscriber, as given in the list file.
#[derive(Debug, Clone)]
pub(crate) struct Hostile {
    pub(crate) email: String,
    /// The address as it must stand in the envelope and in To.
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) town: String,
}

const NAMES: [&str; 92] = [
    // Specials of header syntax.
    "Ann, \"A\" <x>",
    "O'Neil; Ann: Lee",
    "Ann (Lee",
    "(comment)",
    "Ann@Lee",
    "<>",
    "ann@example.org <bob@example.org>",
    "undisclosed-recipients:;",
    "\"",
    "\\",
    "back\\\"slash\\\\",
    "C:\\new\\table",
    ".",
    ". dot",
    "From ",
    "From x@example.org Sun Nov 22",
    "--boundary",
    "=_b1",
    // Letters of the world.
    "Zoë",
    "名前",
    "❤\u{fe0f}",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦",
    "👩🏽\u{200d}🚀 Ada",
    "e\u{301}a\u{308}",
    "Z\u{351}\u{343}\u{346}a\u{360}l\u{322}go",
    "محمد عبد الله",
    "שָׁלוֹם",
    "Ann محمد 123",
    "ภาษาไทย",
    "नमस्ते",
    "İıŞş ẞß ΑΣ",
    "𝕬𝖓𝖓",
    "soft\u{ad}hyphen",
    "zero\u{200b}width",
    "\u{feff}BOM",
    "\u{fffd}",
    "\u{a0}Ann\u{a0}Lee\u{a0}",
    "Ann  Lee",
    "   ",
    "\u{3000}",
    // What looks like an encoding.
    "=?utf-8?b?QmNjOiB4QGV4YW1wbGUub3Jn?=",
    "=?utf-8?q?Ann?= =?utf-8?q?Lee?=",
    "=?UTF-8?Q?=0D=0ABcc:_x=40example.org?=",
    "=?x?x?x?=",
    "=3D=0D=0A",
    "ends with =",
    "Ann%0d%0aBcc:%20x@example.org",
    "&lt;b&gt; &amp;amp; &#60;",
    "&copy",
    // Line ends, control characters, and what reorders text.
    "Ann\r\nBcc: x@example.org",
    "Ann\nBcc: x@example.org",
    "Ann\rBcc: x@example.org",
    "\r\n.\r\nMAIL FROM:<x@example.org>",
    "\r\n\r\nA body of my own",
    "Ann\u{2028}Bcc: x@example.org",
    "Ann\u{2029}Bcc: x@example.org",
    "Ann\u{85}Bcc: x@example.org",
    "Ann\u{b}\u{c}Lee",
    "Ann\0Lee",
    "Ann\u{8}\u{7f}Lee",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "Ann\tLee",
    "\u{202e}gnp.exe",
    "Ann \u{2066}x\u{2069} Lee",
    "\u{200f}Ann\u{200e}",
    // Markup.
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "\"><mj-raw><b>x</b></mj-raw>",
    "</mj-text></mj-column>",
    "<a href=\"http://evil.example\">x</a>",
    "</title></style><!-- comment -->",
    "--> out <![CDATA[x]]>",
    "<?php echo 1 ?>",
    "javascript:alert(1)",
    "*bold* _it_ `code` [link](https://evil.example)",
    "# heading",
    // Templates and programs.
    "{{ subscriber.email }}",
    "{% raw %}",
    "{# note #}",
    "{{ __tera_context }}",
    "{{ unsubscribe_url }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "%s%n%x $1 \\1",
    "None",
    "null",
    "undefined",
    "=1+1",
    "@SUM(A1)",
    "=HYPERLINK(\"https://evil.example\",\"x\")",
    "0",
];

/// Written in the list, and on the wire.
const ADDRESSES: [(&str, &str); 16] = [
    ("\"a b\"@example.com", "\"a b\"@example.com"),
    ("\"a@b\"@example.com", "\"a@b\"@example.com"),
    ("\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com"),
    ("\"<x>, (y)\"@example.com", "\"<x>, (y)\"@example.com"),
    ("ann+news+more@example.com", "ann+news+more@example.com"),
    ("Ann.O'Hara@EXAMPLE.com", "Ann.O'Hara@example.com"),
    ("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"),
    ("%0d%0abcc@example.com", "%0d%0abcc@example.com"),
    ("{{x}}@example.com", "{{x}}@example.com"),
    ("-dash@example.com", "-dash@example.com"),
    ("=1+1@example.com", "=1+1@example.com"),
    ("null@example.com", "null@example.com"),
    ("a@bücher.example", "a@xn--bcher-kva.example"),
    ("b@BÜCHER.example.net", "b@xn--bcher-kva.example.net"),
    ("a@例え.example", "a@xn--r8jz45g.example"),
    ("x@a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.example.com", "x@a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.example.com"),
];

const TOWNS: [&str; 12] = [
    "Anytown",
    "São Paulo, \"SP\"",
    "<b>Bonn</b>",
    "{{ subscriber.town }}",
    "東京都",
    "R&D; A < B > C",
    "\"; DROP TABLE readers; --",
    "one\nline and another",
    "=3D=C3=BC",
    "<!-- x",
    "a\u{a0}b c",
    "]]>",
];

/// The hundred.
pub(crate) fn subscribers() -> Vec<Hostile> {
    let long = [
        "A".repeat(300),
        "é".repeat(300),
        "名".repeat(300),
        "word ".repeat(59) + "words",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦".repeat(40),
        "x".repeat(998),
        "Ω".repeat(120) + &"\"".repeat(60),
        format!("{} \\", "\\\"".repeat(70)),
    ];
    let local_part = "l".repeat(64);
    let domain = format!("{}.{}.{}.example.com", "d".repeat(63), "e".repeat(63), "f".repeat(40));
    let mut addresses: Vec<(String, String)> =
        ADDRESSES.iter().map(|&(email, wire)| (email.to_owned(), wire.to_owned())).collect();
    addresses
        .extend([format!("{local_part}@example.com"), format!("x@{domain}")].map(|address| (address.clone(), address)));
    let names = NAMES.iter().map(|&name| name.to_owned()).chain(long);
    let one = |(n, name): (usize, String)| {
        let plain = format!("h{n}@example.org");
        let (email, wire) = addresses.get(n).cloned().unwrap_or((plain.clone(), plain));
        Hostile { email, wire, name, town: TOWNS[n % TOWNS.len()].to_owned() }
    };
    names.enumerate().map(one).collect()
}

#[test]
fn there_are_one_hundred_and_their_addresses_are_valid() {
    use letterpress::address::Address;
    use std::collections::BTreeSet;

    let subscribers = subscribers();
    let different: BTreeSet<&str> = subscribers.iter().map(|hostile| hostile.wire.as_str()).collect();
    assert_eq!((subscribers.len(), different.len()), (100, 100));
    for Hostile { email, wire, .. } in &subscribers {
        assert_eq!(Address::parse(email).as_ref().map(Address::as_str), Ok(wire.as_str()), "{email}");
    }
}
