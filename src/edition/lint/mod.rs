//! The lint: MJML that Tera produced, read strictly before mrml sees it, since mrml lets unknown names, wrong nesting and
//! senseless values pass in silence. What mrml and mjml read in different ways is mended here, or refused.
//!
//! Nothing is rendered here. Values that templates printed are still tokens; merge fields stay tokens to the end.

mod check;
mod components;
mod defaults;
mod form;
pub mod origin;
mod unlike;

pub use check::lint;
