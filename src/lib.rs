//! letterpress: a newsletter is a folder; an article is set in type once, struck for each reader of the list, handed
//! to a relay, and what became of every copy is known.
//!
//! The modules stand in the order in which data flows. A module uses only modules above it in this list; a test
//! (`tests/suite/architecture.rs`) reads the list and refuses an import that points down. Library code neither prints
//! nor exits nor reads the environment; only [`commands`] and [`cli`], at the bottom, meet the person and the process.
#![forbid(unsafe_code)]

pub mod address;
pub mod clock;
pub mod diagnostic;
pub mod durable;
pub mod share;

pub mod publication;
pub mod article;
pub mod edition;
pub mod subscribers;
pub mod unsubscribe;
pub mod message;
pub mod check;
pub mod dns;
pub mod delivery;
pub mod ledger;
pub mod mailing;
pub mod preview;

pub mod config;
pub mod report;
pub mod project;
pub mod commands;
pub mod cli;
