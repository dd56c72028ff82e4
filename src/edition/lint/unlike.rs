//! Attributes that come out of mrml otherwise than out of mjml 5.4, and what to write in their place. Found by setting every
//! attribute with every kind of value in both and comparing the pictures; docs/themes.md lists them too.

/// Element, attribute, the one value that matters (any, when empty), and what does the same in both.
pub const UNLIKE: &[(&str, &str, &str, &str)] = &[
    ("mj-hero", "mode", "fluid-height", "leave it out, and give the hero a `height`"),
    ("mj-hero", "inner-padding", "", INSIDE),
    ("mj-hero", "inner-padding-top", "", INSIDE),
    ("mj-hero", "inner-padding-right", "", INSIDE),
    ("mj-hero", "inner-padding-bottom", "", INSIDE),
    ("mj-hero", "inner-padding-left", "", INSIDE),
    ("mj-image", "border-top", "", WHOLE_BORDER),
    ("mj-image", "border-right", "", WHOLE_BORDER),
    ("mj-image", "border-bottom", "", WHOLE_BORDER),
    ("mj-image", "border-left", "", WHOLE_BORDER),
    ("mj-section", "gutter", "", "write `padding` on the columns"),
    ("mj-wrapper", "gap", "", "write `padding-top` on the sections after the first"),
    ("mj-table", "border", "", "write the border in the style of the cells"),
    ("mj-table", "cellspacing", "", "write `padding` in the style of the cells"),
    ("mj-social", "border", "", "draw the border into the pictures"),
    ("mj-social-element", "border", "", "draw the border into the picture"),
    ("mj-social-element", "icon-position", "right", "leave it out: the picture stands before the words"),
    ("mj-accordion-title", "font-weight", "", "write <b> around the words"),
    ("mj-accordion-title", "padding-top", "", WHOLE_PADDING),
    ("mj-accordion-title", "padding-bottom", "", WHOLE_PADDING),
    ("mj-accordion-title", "padding-left", "", WHOLE_PADDING),
];

const INSIDE: &str = "write `padding` on what stands in the hero";
const WHOLE_BORDER: &str = "write `border`, which goes all around";
const WHOLE_PADDING: &str = "write `padding` for all sides, as in padding=\"8px 16px\"";

/// Whether any attribute of an element would come out otherwise.
pub fn concerns(element: &str) -> bool {
    UNLIKE.iter().any(|(of, ..)| *of == element)
}

/// What to write instead of an attribute that would come out otherwise.
pub fn instead(element: &str, attribute: &str, value: &str) -> Option<&'static str> {
    let concerns = |one: &str| if one.is_empty() { value != "none" } else { one == value };
    UNLIKE
        .iter()
        .find(|(of, name, one, _)| *of == element && *name == attribute && concerns(one))
        .map(|(_, _, _, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::lint::components;

    #[test]
    fn what_is_refused_is_in_mjml() {
        for (element, attribute, value, _) in UNLIKE.iter().copied() {
            let form = components::find(element).and_then(|component| component.attribute(attribute));
            assert!(form.is_some_and(|form| value.is_empty() || form.fits(value)), "{element} {attribute}");
        }
        assert!(instead("mj-hero", "mode", "fixed-height").is_none());
        assert!(
            instead("mj-table", "border", "none").is_none() && instead("mj-table", "border", "1px solid").is_some()
        );
    }
}
