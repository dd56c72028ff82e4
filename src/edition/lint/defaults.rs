//! What `mj-all` and `mj-class` set for elements that stand elsewhere: whether it is one of the attributes that come out
//! otherwise than in other renderers, which can be told only when all elements are known.

use std::ops::Range;

use super::unlike;

/// An attribute as it was written.
pub struct Given<'m> {
    pub name: &'m str,
    pub value: String,
    pub at: Range<usize>,
}

/// What is set for many elements, and which elements there are of those that it matters to.
#[derive(Default)]
pub struct Defaults<'m> {
    /// With the class that has them; none: they are for all.
    set: Vec<(Option<String>, Given<'m>)>,
    elements: Vec<Element<'m>>,
}

struct Element<'m> {
    name: &'static str,
    classes: Vec<String>,
    /// The attributes of its own: they go before any default.
    own: Vec<&'m str>,
}

/// A default that comes out otherwise on an element that there is.
pub struct Conflict<'d> {
    pub element: &'static str,
    pub attribute: &'d str,
    pub at: Range<usize>,
    pub instead: &'static str,
}

impl<'m> Defaults<'m> {
    /// The attributes of an `mj-all` or `mj-class`.
    pub fn set(&mut self, element: &str, given: Vec<Given<'m>>) {
        let class = match element {
            "mj-all" => None,
            _ => Some(given.iter().find(|one| one.name == "name").map_or_else(String::new, |one| one.value.clone())),
        };
        self.set.extend(given.into_iter().filter(|one| one.name != "name").map(|one| (class.clone(), one)));
    }

    /// An element of the body.
    pub fn meet(&mut self, name: &'static str, given: &[Given<'m>]) {
        if !unlike::concerns(name) {
            return;
        }
        let classes = given.iter().find(|one| one.name == "mj-class").map(|one| one.value.as_str()).unwrap_or_default();
        let classes: Vec<String> = classes.split_ascii_whitespace().map(str::to_owned).collect();
        let own: Vec<&str> = given.iter().map(|one| one.name).collect();
        // A list of a thousand stories has one kind of element.
        if !self.elements.iter().any(|one| one.name == name && one.classes == classes && one.own == own) {
            self.elements.push(Element { name, classes, own });
        }
    }

    /// The first default that comes out otherwise.
    pub fn conflict(&self) -> Option<Conflict<'_>> {
        self.set.iter().find_map(|(class, given)| {
            let reaches = |one: &&Element<'_>| {
                class.as_ref().is_none_or(|class| one.classes.contains(class)) && !one.own.contains(&given.name)
            };
            self.elements.iter().filter(reaches).find_map(|one| {
                let instead = unlike::instead(one.name, given.name, &given.value)?;
                Some(Conflict { element: one.name, attribute: given.name, at: given.at.clone(), instead })
            })
        })
    }
}
