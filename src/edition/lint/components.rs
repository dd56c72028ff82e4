//! The elements of MJML: which attributes they take, in what form, and what may stand in them. The facts are in
//! `components.txt`, whose lines read `ELEMENT [text]: CHILDREN` and, indented, `ATTRIBUTE FORM`.

use std::sync::OnceLock;

use super::form::Form;

const TABLE: &str = include_str!("components.txt");

/// An element of MJML.
#[derive(Debug)]
pub struct Component {
    pub name: &'static str,
    /// Its content is text or HTML, and no MJML.
    pub is_text: bool,
    /// The elements that may stand in it.
    pub children: Vec<&'static str>,
    attributes: Vec<(&'static str, Form)>,
}

impl Component {
    pub fn attribute(&self, name: &str) -> Option<&Form> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, form)| form)
    }

    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &Form)> {
        self.attributes.iter().map(|(name, form)| (*name, form))
    }
}

/// Every element.
pub fn all() -> &'static [Component] {
    static ALL: OnceLock<Vec<Component>> = OnceLock::new();
    ALL.get_or_init(|| read(TABLE))
}

/// An element by its name.
pub fn find(name: &str) -> Option<&'static Component> {
    all().iter().find(|component| component.name == name)
}

fn read(table: &'static str) -> Vec<Component> {
    let mut components: Vec<Component> = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(attribute) = line.strip_prefix("  ") {
            let Some((name, form)) = attribute.split_once(' ') else { continue };
            if let Some(component) = components.last_mut() {
                component.attributes.push((name, Form::read(form)));
            }
        } else if let Some((head, children)) = line.split_once(':') {
            let (name, is_text) = head.strip_suffix(" text").map_or((head, false), |name| (name, true));
            let children = children.split_ascii_whitespace().collect();
            components.push(Component { name, is_text, children, attributes: Vec::new() });
        }
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        assert_eq!(all().len(), 32);
        let text = find("mj-text").unwrap();
        assert!(text.is_text && text.children.is_empty());
        assert_eq!(text.attribute("align"), Some(&Form::OneOf(vec!["left", "right", "center", "justify"])));
        assert!(find("mj-section").unwrap().children.contains(&"mj-column"));
        assert!(find("mj-foo").is_none());
        let names: Vec<&str> = all().iter().map(|component| component.name).collect();
        for child in all().iter().flat_map(|component| &component.children) {
            assert!(*child == "*" || *child == "mj-selector" || names.contains(child), "{child}");
        }
    }
}
