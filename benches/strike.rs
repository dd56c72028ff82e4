//! Striking copies from an edition, against copying the same bytes in memory, and against rendering for each reader, which
//! is what the edition saves.
//!
//! `cargo bench --bench strike`, or with another number of copies: `cargo bench --bench strike -- 50000`. One processor, no
//! files, no journal: only what the library does for one copy after another. It judges nothing: machines differ.

mod shared;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use letterpress::address::Address;
use letterpress::clock::Timestamp;
use letterpress::edition::{Fields, Merging, Sources, Template};
use letterpress::mailing::Press;
use letterpress::message::{Buffers, Composer, Message};
use letterpress::project::Project;
use letterpress::unsubscribe::{Key, Links, UnsubscribeSettings};

use shared::{ratio, readers, show, time_of_copying};

const MAILING: &str = "0123456789abcdef0123456789abcdef";

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
    let copies = readers(200_000, 50);
    // Rendering is hundreds of times slower: the fewer are enough.
    let rendered = (copies / 1000).max(2);
    let sources = sources();
    let everyone: Vec<Reader> = (0..1000).map(reader).collect();
    let (striking, size) = strike(&sources, &everyone, copies);
    let rendering = render(&sources, &everyone, rendered);
    let copying = time_of_copying(&vec![b'x'; size], copies);
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    let (each, rendered_each) = (striking.as_secs_f64() / copies as f64, rendering.as_secs_f64() / rendered as f64);

    println!("{copies} copies of {size} octets");
    show("striking from one edition", striking, copies);
    show("copying the same octets from cache to cache", copying, copies);
    show(&format!("rendering for each reader ({rendered} copies)"), rendering, rendered);
    println!("  copies struck a second: {:.0}", 1.0 / each);
    println!("  times as long as copying: {:.1}", ratio(striking, copying));
    println!("  times as fast as rendering for each: {:.0}", rendered_each / each);
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
