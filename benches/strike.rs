//! Striking copies from an edition, against copying the same bytes in memory, against rendering for each reader, which is
//! what the edition saves, and against what Rust programs usually do. The sample article as it is, and with a copy of 70 KB.
//!
//! `cargo bench --bench strike`, or with another number of copies: `cargo bench --bench strike -- 50000`. One processor, no
//! files, no journal: only what the library does for one copy after another. It judges nothing: machines differ.

#[path = "shared/article.rs"]
mod article;
#[path = "reference/rendering.rs"]
mod rendering;
mod shared;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use letterpress::address::Address;
use letterpress::article::Article;
use letterpress::clock::Timestamp;
use letterpress::edition::{Fields, Merging, Sources, Template};
use letterpress::mailing::Press;
use letterpress::message::{Buffers, Composer, Message};
use letterpress::project::Project;
use letterpress::unsubscribe::{Key, Links, UnsubscribeSettings};

use rendering::Rendering;
use shared::{ratio, readers, show, time_of_copying};

const MAILING: &str = "0123456789abcdef0123456789abcdef";

/// The octets of a long copy.
const OCTETS: usize = 70_000;

/// Somebody of the list.
struct Reader {
    address: Address,
    name: &'static str,
}

impl Fields for Reader {
    fn field(&self, field: &str) -> &str {
        match field {
            "email" => self.address.as_str(),
            "name" => self.name,
            "first_name" => self.name.split(' ').next().unwrap_or_default(),
            _ => "",
        }
    }
}

fn main() {
    // mrml recurses.
    let large_stack = std::thread::Builder::new().stack_size(1 << 26);
    large_stack.spawn(compare).expect("a thread").join().expect("it ends");
}

fn compare() {
    let copies = readers(200_000, 50);
    let everyone: Vec<Reader> = (0..1000).map(reader).collect();
    let sources = sources();
    let size_of = |article: &str| strike(&with_article(&sources, article), &everyone, 1).1;
    let long = article::of_size(&sources.article.source, OCTETS, size_of);
    for sources in [&sources, &with_article(&sources, &long)] {
        compare_one(sources, &everyone, copies);
    }
}

fn compare_one(sources: &Sources, everyone: &[Reader], copies: usize) {
    // Rendering is hundreds of times slower: the fewer are enough.
    let rendered = (copies / 200).max(2);
    let replaced = (copies / 50).max(2);
    let size = strike(sources, everyone, 1).1;
    let octets = vec![b'x'; size];
    let striking = best(|| strike(sources, everyone, copies).0);
    let copying = best(|| time_of_copying(&octets, copies));
    let rendering = render(sources, everyone, rendered);
    let reference = Rendering::new(sources);
    let (usual, usual_size) = make(everyone, rendered, |name, address| reference.render_for(name, address));
    let (simple, _) = make(everyone, replaced, |name, address| reference.replace_for(name, address));
    let each = |time: Duration, times: usize| time / u32::try_from(times).unwrap_or(u32::MAX);
    let times_as_fast = |other: Duration| ratio(other, each(striking, copies));

    println!("{copies} copies of {size} octets");
    show("striking from one edition", striking, copies);
    println!("    copies a second: {:.0}", ratio(Duration::from_secs(1), each(striking, copies)));
    show("copying the same octets from cache to cache", copying, copies);
    println!("    times as long: {:.1} (wanted: at most 3, at 70 KB)", ratio(striking, copying));
    show(&format!("rendering for each reader ({rendered} copies)"), rendering, rendered);
    println!("    times as fast: {:.0}", times_as_fast(each(rendering, rendered)));
    show(&format!("Tera, mrml, lettre's builder ({rendered}, {usual_size} octets)"), usual, rendered);
    println!("    times as fast: {:.0} (wanted: 250)", times_as_fast(each(usual, rendered)));
    show(&format!("HTML made once, lettre's builder ({replaced} copies)"), simple, replaced);
    println!("    times as fast: {:.0} (wanted: 80)", times_as_fast(each(simple, replaced)));
}

/// The shortest of a few rounds: the others were disturbed.
fn best(round: impl Fn() -> Duration) -> Duration {
    (0..3).map(|_| round()).min().unwrap_or_default()
}

/// So many messages as others make them. Gives the time and the octets of the last.
fn make(everyone: &[Reader], copies: usize, message: impl Fn(&str, &str) -> Vec<u8>) -> (Duration, usize) {
    let begun = Instant::now();
    let mut size = 0;
    for reader in everyone.iter().cycle().take(copies) {
        size = black_box(message(reader.field("first_name"), reader.address.as_str())).len();
    }
    (begun.elapsed(), size)
}

/// The copies of one edition, as a mailing strikes them. Gives the time and the octets of a copy.
fn strike(sources: &Sources, everyone: &[Reader], copies: usize) -> (Duration, usize) {
    let template = Template::new(sources.clone(), Merging::Gaps).expect("the sample can be set");
    let mut press = Press::new(template, composer(sources));
    let mut message = Message::empty(&everyone[0].address);
    press.strike(&everyone[0].address, &everyone[0], &mut message).expect("the sample can be struck");
    let begun = Instant::now();
    for reader in everyone.iter().cycle().take(copies) {
        press.strike(&reader.address, reader, &mut message).expect("the sample can be struck");
        black_box(&message);
    }
    (begun.elapsed(), message.bytes.len())
}

/// The same copies with templates, Markdown and MJML rendered for every reader.
fn render(sources: &Sources, everyone: &[Reader], copies: usize) -> Duration {
    let composer = composer(sources);
    let mut message = Message::empty(&everyone[0].address);
    let begun = Instant::now();
    for reader in everyone.iter().cycle().take(copies) {
        let template = Template::new(sources.clone(), Merging::ChoicesOnly).expect("the sample can be set");
        let edition = template.set(&template.group_of(reader)).expect("the sample can be set");
        composer
            .compose(&edition, &reader.address, reader, &mut Buffers::default(), &mut message)
            .expect("a copy is written");
        black_box(&message);
    }
    begun.elapsed()
}

/// The publication and the article that this project is.
fn sources() -> Sources {
    let project = Project::open(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the project is a publication");
    let article = project.article(None).expect("it has an article");
    let audience = project.audience().expect("it has readers");
    project.sources(article, audience.columns()).expect("it has a theme")
}

/// The same with another text.
fn with_article(sources: &Sources, article: &str) -> Sources {
    let file = sources.article.file.clone();
    Sources { article: Article::parse(&file, article.to_owned()).expect("an article"), ..sources.clone() }
}

fn composer(sources: &Sources) -> Composer {
    let settings = UnsubscribeSettings {
        url: Some("https://example.com/unsubscribe/{token}".to_owned()),
        mailto: Address::parse("leave@example.com").ok(),
        key_file: None,
    };
    let links = Links::new(Key::from_bytes(&[7; 32]), &sources.publication.list_id, &settings);
    Composer::new(&sources.publication, links, &sources.article.slug, MAILING, Timestamp::UNIX_EPOCH)
}

fn reader(n: usize) -> Reader {
    let names = ["Ann Lee", "Zoë Österberg", "", "名前", "Gustavo van der Berg"];
    let address = Address::parse(&format!("reader{n}@example.com")).expect("an address");
    Reader { address, name: names[n % names.len()] }
}
