//! Strikes copies: the edition of a reader's group, set when first needed, and the composer that writes the copy.

use std::collections::HashMap;
use std::rc::Rc;

use crate::address::Address;
use crate::diagnostic::Result;
use crate::edition::{Edition, Fields, Group, Template};
use crate::message::{Buffers, Composer, Message};

/// How many editions are kept. More groups than this are set again when needed: slow, and right.
const KEPT: usize = 256;

/// What turns a recipient into a message.
#[derive(Debug)]
pub struct Press {
    template: Template,
    composer: Composer,
    editions: HashMap<Group, Rc<Edition>>,
    buffers: Buffers,
    /// How many editions were set so far.
    pub set: usize,
}

impl Press {
    pub fn new(template: Template, composer: Composer) -> Self {
        Press { template, composer, editions: HashMap::new(), buffers: Buffers::default(), set: 0 }
    }

    pub fn template(&self) -> &Template {
        &self.template
    }

    pub fn composer(&self) -> &Composer {
        &self.composer
    }

    /// The edition for a reader's group.
    pub fn edition(&mut self, fields: &dyn Fields) -> Result<Rc<Edition>> {
        let group = self.template.group_of(fields);
        if let Some(edition) = self.editions.get(&group) {
            return Ok(Rc::clone(edition));
        }
        if self.editions.len() >= KEPT {
            self.editions.clear();
        }
        let edition = Rc::new(self.template.set(&group)?);
        self.set += 1;
        self.editions.insert(group, Rc::clone(&edition));
        Ok(edition)
    }

    /// Strikes a reader's copy into `message`.
    pub fn strike(&mut self, address: &Address, fields: &dyn Fields, message: &mut Message) -> Result<()> {
        let edition = self.edition(fields)?;
        self.composer.compose(&edition, address, fields, &mut self.buffers, message)
    }
}
