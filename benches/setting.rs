//! From an article to its edition, from a cold start to a finished dry run, and how many editions cost memory.
//!
//! `cargo bench --bench setting`. It takes the article that letterpress was made for, when it lies beside the project, or
//! else the sample. With `LETTERPRESS_BENCH_NODE_MODULES` naming a folder in which npm has installed mjml, the same MJML is
//! given to the `mjml` command too. It judges nothing: machines differ.

#[path = "shared/program.rs"]
#[expect(dead_code, reason = "other benchmarks measure more")]
mod program;
#[path = "shared/publication.rs"]
#[expect(dead_code, reason = "other benchmarks look at a copy")]
mod publication;
#[expect(dead_code, reason = "other benchmarks copy")]
mod shared;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use letterpress::article::Article;
use letterpress::article::import::import;
use letterpress::edition::{Fields, Merging, Sources, Template};
use letterpress::project::Project;

use publication::{ARTICLE, Publication};
use shared::{ratio, readers, show};

/// Somebody of whom nothing is known but the address.
struct Nobody(&'static str);

const NOBODY: Nobody = Nobody("ann@example.com");

impl Fields for Nobody {
    fn field(&self, name: &str) -> &str {
        if name == "email" { self.0 } else { "" }
    }
}

fn main() {
    let editions = readers(2000, 20);
    let rounds = (editions / 50).clamp(1, 40);
    let folder = tempfile::tempdir().expect("a folder");
    let article = article();
    let letter = Publication::new(folder.path().join("letter"), &article, 3);
    from_article_to_edition(letter.root(), &article, rounds);
    let cold = from_start_to_dry_run(letter.root(), rounds);
    against_npm_mjml(&letter.root().join("preview"), cold, rounds);
    many_editions(folder.path(), editions);
}

/// The real article as imported, or the sample.
fn article() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/input/article.txt");
    let Ok(text) = std::fs::read(&path) else {
        println!("the sample article ({} is not there)", path.display());
        return ARTICLE.to_owned();
    };
    println!("the article of {} octets for which letterpress was made", text.len());
    import("article.txt", &text).expect("it can be imported").to_file()
}

fn from_article_to_edition(root: &Path, article: &str, rounds: usize) {
    let project = Project::open(root).expect("a publication");
    let columns = project.audience().expect("readers").columns().clone();
    let read = Article::parse("content/letter.md", article.to_owned()).expect("an article");
    let sources = project.sources(read, &columns).expect("a theme");
    let set = |sources: Sources| {
        let template = Template::new(sources, Merging::Gaps).expect("it can be read");
        template.set(&template.group_of(&NOBODY)).expect("it can be set")
    };
    let whole = median(rounds, || {
        let article = Article::parse("content/letter.md", article.to_owned()).expect("an article");
        black_box(set(Sources { article, ..sources.clone() }));
    });
    show("from article to edition, in a running program", whole, 1);
    println!("    milliseconds: {:.1} (wanted: at most 15)", whole.as_secs_f64() * 1e3);
    let template = Template::new(sources, Merging::Gaps).expect("it can be read");
    let again = median(rounds, || drop(black_box(template.set(&template.group_of(&NOBODY)))));
    show("each further edition of it", again, 1);
}

fn from_start_to_dry_run(root: &Path, rounds: usize) -> Duration {
    let run = |arguments: &[&str]| {
        let mut program = Command::new(program::PROGRAM);
        let status = program.args(arguments).current_dir(root).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.expect("the program starts").success(), "{arguments:?}");
    };
    let help = median(rounds, || run(&["--version"]));
    show("the program, to say its version", help, 1);
    let cold = median(rounds, || run(&["send", "--dry-run", "--quiet"]));
    show("the program, to a finished dry run", cold, 1);
    println!("    milliseconds: {:.1} (wanted: at most 60)", cold.as_secs_f64() * 1e3);
    cold
}

/// The MJML of the dry run, given to npm's command.
fn against_npm_mjml(preview: &Path, cold: Duration, rounds: usize) {
    let Some(modules) = std::env::var_os("LETTERPRESS_BENCH_NODE_MODULES").map(PathBuf::from) else {
        println!("npm mjml: not compared; LETTERPRESS_BENCH_NODE_MODULES names no folder");
        return;
    };
    let mut previews = std::fs::read_dir(preview).expect("a preview").filter_map(Result::ok);
    let mjml = previews.next().expect("one").path().join("article.mjml");
    let html = mjml.with_extension("npm.html");
    let command = modules.join(".bin/mjml");
    let run = || {
        let status = Command::new(&command).arg(&mjml).arg("-o").arg(&html).stdout(Stdio::null()).status();
        assert!(status.expect("npm's mjml starts").success());
    };
    run();
    let npm = median(rounds.min(8), run);
    show("npm's mjml command on the same MJML", npm, 1);
    println!("    times as long as our whole dry run: {:.1} (wanted: 15)", ratio(npm, cold));
}

/// An edition for every reader: more than are kept.
fn many_editions(folder: &Path, most: usize) {
    let article = "# Spring\n\nHello {{ subscriber.email | upper }}, this is yours alone.\n";
    for (name, readers) in [("few", most / 10), ("many", most)] {
        let letter = Publication::new(folder.join(name), article, readers);
        let run = program::send(letter.root(), "discard:", &[]);
        show(&format!("{readers} editions for {readers} readers"), run.wall, readers);
        println!("    memory: {}", program::mebibytes(run.peak_kibibytes));
    }
}

/// The time in the middle: neither the luckiest round nor the most disturbed.
fn median(rounds: usize, mut round: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            round();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
