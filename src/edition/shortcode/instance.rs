//! Calls after Tera: their arguments are known, and each stands in the Markdown as one word.

use super::calls::{ARGUMENT, BODY_END, CALL, CALL_END};
use crate::edition::tokens::Tokens;

/// One call as it came out of Tera; in a loop a call has many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The number of the call in the article's source.
    pub call: usize,
    /// In the order of the call; gaps and printed values are tokens still.
    pub arguments: Vec<String>,
}

/// Takes calls out of what Tera rendered and leaves a token for each. `None` when a filter has changed one.
pub fn take(rendered: &str, tokens: &mut Tokens) -> Option<(String, Vec<Instance>)> {
    let mut out = String::with_capacity(rendered.len());
    let mut instances = Vec::new();
    let mut rest = rendered;
    while let Some((before, call)) = rest.split_once(CALL) {
        out.push_str(before);
        let (inside, after) = call.split_once(CALL_END)?;
        if let Some(number) = inside.strip_suffix(BODY_END) {
            out.push_str(&tokens.end(number.parse().ok()?));
        } else {
            let mut parts = inside.split(ARGUMENT);
            let call = parts.next()?.parse().ok()?;
            out.push_str(&tokens.shortcode(instances.len()));
            let arguments = parts.map(|argument| tokens.unheld(argument)).collect();
            instances.push(Instance { call, arguments });
        }
        rest = after;
    }
    out.push_str(rest);
    let left = |c: char| matches!(c, ARGUMENT | CALL_END | BODY_END);
    if out.contains(left) { None } else { Some((out, instances)) }
}
