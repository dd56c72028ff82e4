//! Strikes copies: the edition of a reader's group, set when first needed, and the composer that writes the copy.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::address::Address;
use crate::diagnostic::Result;
use crate::edition::{Edition, Fields, Group, Templates};
use crate::message::{Buffers, Composer, Message};

/// How many editions are kept. More groups than this are set again when needed: slow, and right.
const KEPT: usize = 256;

/// What turns a recipient into a message. A clone shares all but its buffers, so every connection has one of its own.
#[derive(Debug)]
pub struct Press {
    shared: Arc<Shared>,
    /// The last copy's edition: most often the next one's too.
    last: Option<(Group, Arc<Edition>)>,
    buffers: Buffers,
}

#[derive(Debug)]
struct Shared {
    templates: Templates,
    composer: Composer,
    editions: RwLock<HashMap<Group, Arc<Edition>>>,
}

impl Clone for Press {
    fn clone(&self) -> Self {
        Press { shared: Arc::clone(&self.shared), last: None, buffers: Buffers::default() }
    }
}

impl Press {
    pub fn new(templates: impl Into<Templates>, composer: Composer) -> Self {
        let shared = Shared { templates: templates.into(), composer, editions: RwLock::default() };
        Press { shared: Arc::new(shared), last: None, buffers: Buffers::default() }
    }

    pub fn templates(&self) -> &Templates {
        &self.shared.templates
    }

    pub fn composer(&self) -> &Composer {
        &self.shared.composer
    }

    /// The edition for a reader's group.
    pub fn edition(&self, fields: &dyn Fields) -> Result<Arc<Edition>> {
        let Shared { templates, editions, .. } = &*self.shared;
        let group = templates.group_of(fields);
        if let Some(edition) = editions.read().unwrap_or_else(PoisonError::into_inner).get(&group) {
            return Ok(Arc::clone(edition));
        }
        // Two may set the same edition at once: the same work twice, and the same edition.
        let edition = Arc::new(templates.set(&group)?);
        let mut editions = editions.write().unwrap_or_else(PoisonError::into_inner);
        if editions.len() >= KEPT {
            editions.clear();
        }
        editions.insert(group, Arc::clone(&edition));
        Ok(edition)
    }

    /// Strikes a reader's copy into `message`.
    pub fn strike(&mut self, address: &Address, fields: &dyn Fields, message: &mut Message) -> Result<()> {
        if !self.last.as_ref().is_some_and(|(group, _)| self.shared.templates.is_of(fields, group)) {
            self.last = Some((self.shared.templates.group_of(fields), self.edition(fields)?));
        }
        let Some((_, edition)) = &self.last else { return Ok(()) };
        self.shared.composer.compose(edition, address, fields, &mut self.buffers, message)
    }
}
