//! Signing with DKIM: keys for the program, and how fast bare RSA is.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

use crate::program::PROGRAM;

/// Makes a key for the publication in `root`, and settings that use it.
pub fn sign(root: &Path, more: &[&str]) {
    let made = Command::new(PROGRAM)
        .args(["dkim", "keygen", "--selector", "bench"])
        .args(more)
        .current_dir(root)
        .stdin(Stdio::null())
        .output();
    let made = made.expect("the program starts");
    assert!(made.status.success(), "dkim keygen failed: {}", String::from_utf8_lossy(&made.stderr));
    let file = root.join("letterpress.toml");
    let settings = fs::read_to_string(&file).expect("settings");
    fs::write(&file, settings + "\n[dkim]\nselector = \"bench\"\n").expect("settings");
}

/// How many signatures a second RSA with 2048 bits gives on all cores, over as much as the signature of a mail covers.
pub fn bare_rsa(time: Duration) -> f64 {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let cores = available_parallelism().map_or(1, usize::from);
    let until = Instant::now() + time;
    let begun = Instant::now();
    let work = || {
        let (random, covered) = (SystemRandom::new(), [b'x'; 1000]);
        let mut signature = vec![0; key.public_modulus_len()];
        let mut count = 0;
        while Instant::now() < until {
            key.sign(&RSA_PKCS1_SHA256, &random, &covered, &mut signature).expect("a signature");
            count += 1;
        }
        count
    };
    let count: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    f64::from(count) / begun.elapsed().as_secs_f64()
}
