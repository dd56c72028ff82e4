//! What is set in type, once, for a group of readers: an [`Edition`], from which every copy is struck by copying.
//!
//! [`Template`] reads article and theme and finds what they say about the reader; setting a group runs
//! Tera → Markdown → MJML → HTML and text once; the finished parts are encoded and cut at their gaps.
//! Headers, boundaries and who is written to are not known here.

pub mod attachments;
pub mod dates;
pub mod escape;
pub mod images;
pub mod quoted_printable;

#[cfg(test)]
mod law;

mod anchors;
mod autolink;
mod blocks;
mod clean;
mod encoded;
mod finish;
#[cfg_attr(not(feature = "highlight"), path = "highlight/none.rs")]
mod highlight;
mod html;
mod lint;
mod markdown;
mod markup;
mod merge;
mod names;
mod nodes;
mod originals;
mod minify;
mod mjml;
mod pieces;
mod shifts;
mod shortcode;
mod steps;
mod stories;
mod tags;
mod tally;
mod template;
mod templates;
mod terms;
mod text;
mod text_shortcodes;
mod text_table;
pub mod theme;
mod tokens;
mod wrap;

pub use attachments::Attachment;
pub use encoded::Encoded;
pub use images::{Images, InlineImage};
pub use merge::{Choice, Merging};
pub use pieces::{Fields, Part, Phrase, Piece, Reader, Scratch};
pub use tally::{Count, Tally};
pub use template::{Group, SUBJECT_GROUP, Sources, Template};
pub use templates::{Templates, is_language};
pub use theme::{Theme, ThemeSettings};

use crate::diagnostic::Diagnostic;

/// An article set in type for a group of readers. Immutable.
#[derive(Debug, Clone)]
pub struct Edition {
    pub subject: Phrase,
    pub preheader: Phrase,
    /// The HTML part, encoded and cut.
    pub html: Part,
    /// The plain text part, encoded and cut.
    pub text: Part,
    /// Images that travel inside the message.
    pub images: Vec<InlineImage>,
    /// Files that travel with it, to be saved.
    pub attachments: Vec<Attachment>,
    /// The MJML that the theme made, for looking at.
    pub mjml: String,
    pub language: String,
    pub warnings: Vec<Diagnostic>,
}

impl Edition {
    /// About how much memory it takes, so that what is kept can be bounded. What images and attachments hold is shared by all
    /// editions and doesn't count.
    pub fn octets(&self) -> usize {
        let files = size_of_val(&*self.images) + size_of_val(&*self.attachments);
        let parts = self.html.octets() + self.text.octets() + self.subject.octets() + self.preheader.octets();
        size_of::<Edition>() + parts + files + self.mjml.len() + self.warnings.len() * size_of::<Diagnostic>()
    }
}
