//! Sending over SMTP, against other senders in the same run: rates, round trips, processor time and memory.
//!
//! ```text
//! cargo bench --bench delivery                        everything, 20,000 messages of about 50 KB for each figure
//! cargo bench --bench delivery -- 5000                with fewer messages
//! cargo bench --bench delivery -- postfix distance    some parts only: postfix nodemailer sink distance memory
//! ```
//!
//! - `postfix`: into Postfix's `smtp-sink`, against its `smtp-source` (Debian's package `postfix`);
//! - `nodemailer`: into the same and into our sink, against nodemailer's pool, which needs node and
//!   `LETTERPRESS_BENCH_NODE_MODULES=…/node_modules` (or `node_modules/` here) with nodemailer in it;
//! - `sink`: into a sink of ours with CHUNKING, unsigned and signed, and bare RSA beside it;
//! - `distance`: through a proxy that delays, round trips, and lettre's pooled transport;
//! - `memory`: mailings to 10 thousand readers and to a million.
//!
//! What is not installed is skipped with a line that says so. Every rate of ours is the whole program's, from its start to
//! its end: it reads and checks the list, seals, strikes, sends and keeps its journal. The others only send. Of a few
//! rounds the best counts. All traffic stays on the loopback interface. The tests run it with a few messages to see that it
//! works. It judges nothing: machines differ.

#[path = "../shared/article.rs"]
mod article;
#[path = "../shared/distance.rs"]
mod distance;
mod figures;
mod nodemailer;
mod plan;
mod pool;
mod postfix;
#[path = "../shared/program.rs"]
mod program;
#[path = "../shared/publication.rs"]
mod publication;
mod signing;
mod sink;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use distance::Distant;
use figures::{compare, count, per_second, show};
use nodemailer::{Nodemailer, Work};
use plan::Plan;
use postfix::{SmtpSink, smtp_source};
use program::{Run, mebibytes, send};
use publication::{ARTICLE, Publication, copy_of};
use sink::{Offer, Sink};

/// The octets that a copy should have.
const OCTETS: usize = 50_000;

fn main() {
    let plan = Plan::from_arguments();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let article = article::of_size(ARTICLE, OCTETS, |article| copy_of(&folder.path().join("one"), article).len());
    let copy = copy_of(&folder.path().join("one"), &article);
    let bench = Bench { folder: folder.path().to_path_buf(), article, copy, plan };
    println!("{} messages of {} octets for a rate", bench.plan.messages, bench.copy.len());
    let part = |name: &str, part: fn(&Bench)| {
        if bench.plan.has(name) {
            println!();
            part(&bench);
        }
    };
    part("postfix", against_postfix);
    part("nodemailer", against_nodemailer);
    part("sink", into_our_sink);
    part("distance", at_a_distance);
    part("memory", memory);
}

/// What all parts use.
struct Bench {
    folder: PathBuf,
    article: String,
    copy: Vec<u8>,
    plan: Plan,
}

impl Bench {
    fn letter(&self, name: &str, readers: usize) -> Publication {
        Publication::new(self.folder.join(name), &self.article, readers)
    }

    /// The shortest of a few rounds.
    fn best<T>(&self, length: impl Fn(&T) -> Duration, round: impl Fn() -> T) -> T {
        let rounds = (0..self.plan.rounds).map(|_| round());
        rounds.min_by_key(|round| length(round)).expect("there is a round")
    }

    fn best_run(&self, letter: &Publication, to: SocketAddr, connections: usize) -> Run {
        self.best(|run: &Run| run.wall, || run(letter, to, connections))
    }
}

/// A whole mailing; one that was sent already is forgotten.
fn run(letter: &Publication, to: SocketAddr, connections: usize) -> Run {
    let _ = fs::remove_dir_all(letter.root().join("mailings"));
    let more = ["--connections".to_owned(), connections.to_string()];
    send(letter.root(), &format!("smtp://{to}?tls=none"), &more)
}

fn against_postfix(bench: &Bench) {
    println!("Into Postfix's smtp-sink");
    let Some(sink) = SmtpSink::start() else {
        return println!("  skipped: no smtp-sink; it comes with Postfix (apt-get install postfix)");
    };
    let messages = bench.plan.messages;
    let letter = bench.letter("postfix", messages);
    for (connections, wanted) in [(1, "1.7"), (4, "1.0"), (16, "1.0")] {
        let source = || smtp_source(sink.address(), connections, messages, bench.copy.len());
        let Some(source) = bench.best(|time: &Option<Duration>| time.unwrap_or(Duration::MAX), source) else {
            return println!("  skipped: smtp-source is missing or failed");
        };
        let ours = bench.best_run(&letter, sink.address(), connections);
        println!("  {connections} connection{}", if connections == 1 { "" } else { "s" });
        show("smtp-source", source, messages);
        show("letterpress", ours.wall, messages);
        compare(per_second(ours.wall, messages), per_second(source, messages), "smtp-source", wanted);
    }
}

fn against_nodemailer(bench: &Bench) {
    const CONNECTIONS: usize = 16;
    println!("Against nodemailer's pool, {CONNECTIONS} connections");
    let nodemailer = match Nodemailer::find(&bench.copy, &bench.folder) {
        Ok(nodemailer) => nodemailer,
        Err(reason) => return println!("  skipped: {reason}"),
    };
    let messages = bench.plan.messages;
    let unsigned = bench.letter("nodemailer", messages);
    let signed = signed(bench, "nodemailer-signed", messages, &["--ed25519"]);
    let sink = Sink::start(Offer::ALL);
    let smtp_sink = SmtpSink::start();
    let into_smtp_sink = smtp_sink.as_ref().map(|sink| (sink.address(), "smtp-sink", vec![(&unsigned, "", "3")]));
    let of_ours = vec![(&unsigned, "", "8"), (&signed, ", signed with Ed25519", "5")];
    for (address, name, letters) in into_smtp_sink.into_iter().chain([(sink.address(), "our sink", of_ours)]) {
        println!("  into {name}");
        // It is slow enough for a tenth to tell.
        let fewer = messages.div_ceil(10).max(CONNECTIONS);
        let theirs = |work| bench.best(|time| *time, || nodemailer.send(address, CONNECTIONS, fewer, work));
        let (composing, ready) = (theirs(Work::Composed), theirs(Work::Ready));
        show("nodemailer, composing each message", composing, fewer);
        show("nodemailer, the same octets each time", ready, fewer);
        for (letter, how, wanted) in letters {
            let ours = bench.best_run(letter, address, CONNECTIONS).wall;
            show(&format!("letterpress{how}"), ours, messages);
            for (theirs, name) in [(composing, "nodemailer, composing"), (ready, "nodemailer, the same octets")] {
                compare(per_second(ours, messages), per_second(theirs, fewer), name, wanted);
            }
        }
    }
}

/// A publication that signs.
fn signed(bench: &Bench, name: &str, readers: usize, kind: &[&str]) -> Publication {
    let letter = bench.letter(name, readers);
    signing::sign(letter.root(), kind);
    letter
}

fn into_our_sink(bench: &Bench) {
    println!("Into a sink of ours, with PIPELINING and CHUNKING");
    let messages = bench.plan.messages;
    let sink = Sink::start(Offer::ALL);
    let letter = bench.letter("unsigned", messages);
    for connections in [1, 4, 16] {
        let run = bench.best_run(&letter, sink.address(), connections);
        show(&format!("unsigned, connections: {connections}"), run.wall, messages);
        if let Some(processor) = run.processor {
            show("    processor time (wanted: 90 µs each)", processor, messages);
        }
        println!("      most memory {}, most connections at once {}", mebibytes(run.peak_kibibytes), sink.most_open());
    }
    check_taken(&sink, messages * bench.plan.rounds * 3);
    let letter = signed(bench, "ed25519", messages, &["--ed25519"]);
    show("Ed25519, connections: 16", bench.best_run(&letter, sink.address(), 16).wall, messages);
    let letter = signed(bench, "rsa", messages, &[]);
    let run = bench.best_run(&letter, sink.address(), 16);
    show("RSA with 2048 bits, connections: 16", run.wall, messages);
    let time = Duration::from_millis(u64::try_from(bench.plan.few(2000)).expect("few"));
    let bare = (0..bench.plan.rounds).map(|_| signing::bare_rsa(time)).fold(0.0, f64::max);
    println!("  bare RSA signatures on all cores {bare:>45.0} /s");
    let percent = per_second(run.wall, messages) / bare * 100.0;
    println!("    the rate of messages is {percent:.0} % of that (wanted: 85)");
}

/// What the program calls sent has to have come.
fn check_taken(sink: &Sink, messages: usize) {
    let taken = sink.taken();
    assert_eq!(taken, messages, "the sink took another number of messages than were sent");
}

fn at_a_distance(bench: &Bench) {
    let mut distances = [20, 80].map(|milliseconds| bench.plan.few(milliseconds)).to_vec();
    distances.dedup();
    for milliseconds in distances {
        let there_and_back = Duration::from_millis(u64::try_from(milliseconds).expect("a short time"));
        println!("A relay {milliseconds} ms away (there and back)");
        for (offer, name, messages, wanted) in [
            (Offer::ALL, "with CHUNKING", 400, "0.4"),
            (Offer::PIPELINING, "with PIPELINING only", 100, "1.6"),
            (Offer::NOTHING, "with neither", 40, "-"),
        ] {
            let messages = bench.plan.few(messages);
            let far = FarSink::new(offer, there_and_back);
            let letter = bench.letter("distance", messages);
            let run = run(&letter, far.address(), 1);
            check_taken(&far.sink, messages);
            far.show(&format!("letterpress {name}, 1 connection (wanted: {wanted})"), run.wall, messages);
        }
        let messages = bench.plan.few(40);
        let far = FarSink::new(Offer::ALL, there_and_back);
        let one = pool::send(far.address(), 1, messages, &bench.copy);
        far.show("lettre's pool, 1 connection", one, messages);
        let lettre = pool::send(far.address(), 4, messages, &bench.copy);
        show("lettre's pool, 4 connections", lettre, messages);
        for (offer, name, of_ours, wanted) in
            [(Offer::PIPELINING, "with PIPELINING only", 400, "3"), (Offer::ALL, "with CHUNKING", 2000, "15")]
        {
            let of_ours = bench.plan.few(of_ours);
            let far = FarSink::new(offer, there_and_back);
            let letter = bench.letter("distance", of_ours);
            let run = run(&letter, far.address(), 4);
            show(&format!("letterpress {name}, 4 connections"), run.wall, of_ours);
            compare(per_second(run.wall, of_ours), per_second(lettre, messages), "lettre's pool", wanted);
        }
    }
}

/// A sink behind a proxy.
struct FarSink {
    sink: Sink,
    distant: Distant,
    there_and_back: Duration,
}

impl FarSink {
    fn new(offer: Offer, there_and_back: Duration) -> FarSink {
        let sink = Sink::start(offer);
        let distant = Distant::new(sink.address(), there_and_back / 2).expect("a free port");
        FarSink { sink, distant, there_and_back }
    }

    fn address(&self) -> SocketAddr {
        self.distant.address()
    }

    /// Round trips for a message: as the proxy counted them, and as the clock would have them.
    fn show(&self, what: &str, time: Duration, messages: usize) {
        let each = |round_trips: f64| round_trips / count(messages);
        let counted = each(count(self.distant.round_trips()));
        let by_the_clock = each(time.as_secs_f64() / self.there_and_back.as_secs_f64());
        show(what, time, messages);
        println!("    round trips a message: {counted:.2} counted, {by_the_clock:.2} by the clock");
    }
}

fn memory(bench: &Bench) {
    println!("Memory, into a sink of ours, the sample article as it is (wanted: under 40 MiB, and flat)");
    let sink = Sink::start(Offer::ALL);
    for readers in [10_000, 1_000_000] {
        let readers = bench.plan.few(readers);
        let letter = Publication::new(bench.folder.join("memory"), ARTICLE, readers);
        let run = run(&letter, sink.address(), 4);
        check_taken(&sink, readers);
        show(&format!("{readers} readers: {}", mebibytes(run.peak_kibibytes)), run.wall, readers);
    }
}
