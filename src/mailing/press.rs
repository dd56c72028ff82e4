//! Strikes copies: the edition of a reader's group, set when first needed, and the composer that writes the copy.

use std::sync::Arc;

use super::kept::{Kept, ROOM};
use crate::address::Address;
use crate::diagnostic::Result;
use crate::edition::{Edition, Fields, Group, Templates};
use crate::message::{Buffers, Composer, Message};

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
    editions: Kept,
}

impl Clone for Press {
    fn clone(&self) -> Self {
        Press { shared: Arc::clone(&self.shared), last: None, buffers: Buffers::default() }
    }
}

impl Press {
    pub fn new(templates: impl Into<Templates>, composer: Composer) -> Self {
        Press::with_room(templates.into(), composer, ROOM)
    }

    /// A press that keeps so many octets of editions in memory.
    fn with_room(templates: Templates, composer: Composer, room: usize) -> Self {
        let shared = Shared { templates, composer, editions: Kept::new(room) };
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
        let group = self.shared.templates.group_of(fields);
        self.edition_of(&group)
    }

    fn edition_of(&self, group: &Group) -> Result<Arc<Edition>> {
        let Shared { templates, editions, .. } = &*self.shared;
        if let Some(edition) = editions.get(group) {
            return Ok(edition);
        }
        // Two may set the same edition at once: the same work twice, and the same edition.
        let edition = Arc::new(templates.set(group)?);
        Ok(editions.put(group.clone(), edition))
    }

    /// Strikes a reader's copy into `message`.
    pub fn strike(&mut self, address: &Address, fields: &dyn Fields, message: &mut Message) -> Result<()> {
        if !self.last.as_ref().is_some_and(|(group, _)| self.shared.templates.is_of(fields, group)) {
            let group = self.shared.templates.group_of(fields);
            let edition = self.edition_of(&group)?;
            self.last = Some((group, edition));
        }
        let Some((_, edition)) = &self.last else { return Ok(()) };
        self.shared.composer.compose(edition, address, fields, &mut self.buffers, message)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::article::Article;
    use crate::edition::{Images, Merging, Sources, Template, Theme, ThemeSettings};
    use crate::publication::{Publication, PublicationSettings};
    use crate::unsubscribe::{Key, Links, UnsubscribeSettings};

    struct Of(usize, Address);

    impl Of {
        fn reader(n: usize) -> Of {
            Of(n, Address::parse(&format!("r{n}@example.com")).unwrap())
        }
    }

    impl Fields for Of {
        fn field(&self, name: &str) -> &str {
            if name == "email" { self.1.as_str() } else { ["Rome", "Oslo", "Bonn", "Graz", "Nice"][self.0 % 5] }
        }
    }

    fn press(room: usize) -> Press {
        let settings: PublicationSettings =
            toml::from_str("name = 'N'\nfrom = 'a@example.com'\npostal_address = 'P'").unwrap();
        let publication = Publication::from_settings(settings).unwrap();
        let article = Article::parse("content/a.md", "# T\n\nSun in {{ subscriber.city | upper }}.\n".to_owned());
        let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ article.html }}</mj-text></mj-column></mj-section></mj-body></mjml>";
        let files: BTreeMap<String, String> =
            [("article.mjml".into(), mjml.into()), ("article.txt".into(), "{{ article.text }}".into())].into();
        let links = Links::new(
            Key::from_bytes(&[1; 32]),
            &publication.list_id,
            &UnsubscribeSettings { url: Some("https://example.com/u/{token}".into()), ..Default::default() },
        );
        let composer = Composer::new(&publication, links, "a", "0123456789abcdef", jiff::Timestamp::UNIX_EPOCH);
        let sources = Sources {
            publication,
            article: article.unwrap(),
            theme: Theme { files, ..Theme::default() },
            stories: Vec::new(),
            settings: ThemeSettings::default(),
            images: Images::new(),
            attachments: Vec::new(),
            columns: vec!["email".into(), "city".into()],
        };
        Press::with_room(Template::new(sources, Merging::Gaps).unwrap().into(), composer, room)
    }

    fn strike(press: &mut Press, n: usize) -> Vec<u8> {
        let reader = Of::reader(n);
        let mut message = Message::empty(&reader.1);
        press.strike(&reader.1, &reader, &mut message).unwrap();
        message.bytes
    }

    #[test]
    fn copies_are_the_same_however_few_editions_are_kept() {
        let mut ample = press(ROOM);
        let wanted: Vec<Vec<u8>> = (0..10).map(|n| strike(&mut ample, n)).collect();
        assert!(wanted.iter().any(|copy| String::from_utf8_lossy(copy).contains("Sun in OSLO.")));
        // Room for none and for about two: workers drive editions out from under one another.
        for room in [0, 2 * ample.edition(&Of::reader(0)).unwrap().octets() + 500] {
            let press = press(room);
            std::thread::scope(|scope| {
                for worker in 0..3 {
                    let (mut press, wanted) = (press.clone(), &wanted);
                    scope.spawn(move || {
                        for step in 0..10 {
                            let n = (step * (worker + 1)) % 10;
                            assert_eq!(strike(&mut press, n), wanted[n]);
                        }
                    });
                }
            });
        }
    }
}
