//! Tests of the whole program: the real binary, against a relay and a referee of our own.

mod ab;
mod architecture;
mod commands;
mod crash;
#[path = "../../benches/shared/distance.rs"]
mod distance;
mod dkim;
mod editions;
mod hostile;
mod import;
mod images;
mod journal;
mod list;
mod logs;
mod pictures;
mod privacy;
mod publication;
mod referee;
mod relay;
mod report;
mod segments;
mod send;
mod settle;
mod show;
mod snapshot;
mod status;
mod stop;
mod storm;
mod terminal;
mod themes;
mod subscribers_import;
mod unicode;
mod unsubscribe;
mod writing;
