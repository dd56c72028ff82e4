//! Signing copies of 50 KB (DKIM), against the bare signatures of the cryptographic library on digests that are there
//! already.
//!
//! `cargo bench --bench sign`, or with another number of copies: `cargo bench --bench sign -- 5000`. One processor, nothing
//! sent. It judges nothing: machines differ.

mod shared;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256};
use letterpress::address::Address;
use letterpress::article::Article;
use letterpress::clock::Timestamp;
use letterpress::edition::{Edition, Fields, Merging, Template};
use letterpress::message::dkim::{Algorithm, Key, Signer};
use letterpress::message::{Buffers, Composer, Message};
use letterpress::project::Project;
use letterpress::unsubscribe::{self, Links, UnsubscribeSettings};

use shared::{ratio, readers, show, time_of_copying};

/// Somebody without a name.
struct Reader;

impl Fields for Reader {
    fn field(&self, _: &str) -> &'static str {
        ""
    }
}

fn main() {
    let copies = readers(2_000, 5);
    let (composer, edition) = sample();
    let (plain, size) = compose(&composer, &edition, copies);
    println!("{copies} copies of {size} octets");
    show("copying the same octets from cache to cache", time_of_copying(&vec![b'x'; size], copies), copies);
    show("hashing the same octets with SHA-256", hash(size, copies), copies);
    show("striking without a signature", plain, copies);
    for (name, algorithms) in [
        ("RSA with 2048 bits", &[Algorithm::Rsa][..]),
        ("Ed25519", &[Algorithm::Ed25519]),
        ("both", &[Algorithm::Rsa, Algorithm::Ed25519]),
    ] {
        let signer = |algorithm: &Algorithm| {
            let (key, _) = Key::generate(*algorithm).expect("a key is made");
            Signer::new(key, "example.com", "s", "s.pem")
        };
        let (composer, edition) = sample();
        let composer = composer.with_signers(algorithms.iter().map(signer).collect());
        let signed = compose(&composer, &edition, copies).0;
        let bare = algorithms.iter().map(|algorithm| sign_bare(*algorithm, copies)).sum::<Duration>();
        show(&format!("striking and signing, {name}"), signed, copies);
        show(&format!("bare signatures, {name}"), bare, copies);
        println!("  rate of striking and signing to that of bare signatures: {:.2}", ratio(bare, signed));
    }
}

/// The sample letter, made as long as a long newsletter, and what its copies share.
fn sample() -> (Composer, Edition) {
    let project = Project::open(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the project is a publication");
    let mut article = project.article(None).expect("it has an article");
    let longer = format!("{}{}", article.source, "\n\nA paragraph that says little, and says it again.".repeat(260));
    article = Article::parse(&article.file, longer).expect("it is still an article");
    let audience = project.audience().expect("it has readers");
    let sources = project.sources(article, audience.columns()).expect("it has a theme");
    let settings =
        UnsubscribeSettings { url: Some("https://example.com/u/{token}".to_owned()), ..UnsubscribeSettings::default() };
    let links = Links::new(unsubscribe::Key::from_bytes(&[7; 32]), &sources.publication.list_id, &settings);
    let composer = Composer::new(&sources.publication, links, "a", "0123456789abcdef", Timestamp::UNIX_EPOCH);
    let template = Template::new(sources, Merging::Gaps).expect("the sample can be set");
    let edition = template.set(&template.group_of(&Reader)).expect("the sample can be set");
    (composer, edition)
}

/// The time of all copies, and the octets of one.
fn compose(composer: &Composer, edition: &Edition, copies: usize) -> (Duration, usize) {
    let address = Address::parse("ann@example.com").expect("an address");
    let (mut buffers, mut message) = (Buffers::default(), Message::empty(&address));
    let mut strike = || {
        composer.compose(edition, &address, &Reader, &mut buffers, &mut message).expect("a copy is written");
        black_box(&message).bytes.len()
    };
    let size = strike();
    let begun = Instant::now();
    for _ in 0..copies {
        strike();
    }
    (begun.elapsed(), size)
}

/// What nobody who signs can do without.
fn hash(size: usize, copies: usize) -> Duration {
    let octets = vec![b'x'; size];
    let begun = Instant::now();
    for _ in 0..copies {
        black_box(digest(&SHA256, black_box(&octets)));
    }
    begun.elapsed()
}

fn sign_bare(algorithm: Algorithm, copies: usize) -> Duration {
    let digest = digest(&SHA256, b"a header");
    let sign: Box<dyn Fn()> = match algorithm {
        Algorithm::Rsa => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key is made");
            Box::new(move || {
                let mut out = [0; 256];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut out).expect("it signs");
                black_box(out);
            })
        }
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().expect("a key is made");
            Box::new(move || {
                black_box(pair.sign(digest.as_ref()));
            })
        }
    };
    let begun = Instant::now();
    (0..copies).for_each(|_| sign());
    begun.elapsed()
}
