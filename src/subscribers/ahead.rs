//! A thread that finds the records of a file ahead of who reads them, so that finding them and looking at them take turns no
//! more. What it finds, and in which order, is what would be found without it.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::block::Block;
use super::record::Raw;
use super::records::Records;
use crate::diagnostic::{Diagnostic, Result};

/// So many blocks may wait to be read.
const WAITING: usize = 2;

/// The end at which the records are read. When it is dropped, the thread ends at its next block.
#[derive(Debug)]
pub(super) struct Ahead {
    blocks: Receiver<Result<Block>>,
    /// Blocks that were read go back, to be filled anew.
    used: Sender<Block>,
    block: Block,
    next: usize,
}

impl Ahead {
    /// Lets a thread find all records from where `records` stand. `column` is that in which addresses are looked for.
    /// `None`: there is no room for another thread.
    pub(super) fn begin(records: Records, column: usize) -> Option<Ahead> {
        let (sender, blocks) = sync_channel(WAITING);
        let (used, receiver) = channel();
        let work = move || find(records, column, &sender, &receiver);
        thread::Builder::new().name("records".to_owned()).spawn(work).ok()?;
        Some(Ahead { blocks, used, block: Block::default(), next: 0 })
    }

    /// Goes to the next record. Behind the last one: where the file ends, byte and line. There, and at an error, it is not
    /// asked again.
    ///
    /// # Errors
    /// What [`Records::read`] says of a file.
    pub(super) fn step(&mut self) -> Result<Option<(u64, u64)>> {
        self.next += 1;
        if self.next < self.block.len() {
            return Ok(None);
        }
        // At the end nobody takes it back.
        let _ = self.used.send(std::mem::take(&mut self.block));
        self.block = self.blocks.recv().map_err(|_| lost())??;
        self.next = 0;
        Ok(self.block.is_empty().then_some(self.block.end))
    }

    /// The record gone to.
    pub(super) fn record(&self) -> Option<Raw<'_>> {
        self.block.get(self.next)
    }
}

/// Finds block after block until the file ends, in an empty one, or nobody wants more.
fn find(mut records: Records, column: usize, blocks: &SyncSender<Result<Block>>, used: &Receiver<Block>) {
    loop {
        let mut block = used.try_recv().unwrap_or_default();
        let found = records.read_block(&mut block, column);
        let is_last = found.is_err() || block.is_empty();
        if blocks.send(found.map(|()| block)).is_err() || is_last {
            return;
        }
    }
}

fn lost() -> Diagnostic {
    Diagnostic::error("the thread that reads the list ended before the list did").help("run the command again")
}
