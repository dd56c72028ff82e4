//! The values of arguments: what an author may write for each kind of parameter, and what the templates get.

use serde_json::{Value as Json, json};

use super::signature::{Kind, Parameter};
use crate::diagnostic::{Diagnostic, Result};
use crate::edition::escape::{ADDRESS, Place as Spot, escape, is_link};
use crate::edition::images::Images;
use crate::edition::tokens::Tokens;

/// Which part of the mail an argument is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Html,
    Text,
}

/// Whether template tags stand in an argument, so that it isn't known before Tera has run.
pub fn is_open(written: &str) -> bool {
    written.contains("{{") || written.contains("{%")
}

/// Holds an argument against the kind of its parameter, as far as it is known from the source.
///
/// # Errors
/// A value that the parameter doesn't take.
pub fn check(parameter: &Parameter, written: &str) -> Result<()> {
    let name = &parameter.name;
    let left_out = written.is_empty() && parameter.default.is_some();
    match parameter.kind {
        Kind::Text => Ok(()),
        _ if left_out => Ok(()),
        Kind::Number if number(written).is_none() => {
            Err(Diagnostic::error(format!("`{name}` takes a number")).help(format!("write it as in {name}=24")))
        }
        Kind::Flag if !matches!(written, "true" | "false") => {
            Err(Diagnostic::error(format!("`{name}` takes true or false")).help(format!("write it as in {name}=true")))
        }
        Kind::Url if !(is_open(written) || is_link(written) || written.starts_with('#')) => {
            Err(Diagnostic::error(format!("the link `{written}` leads nowhere from a mailbox"))
                .help("write the whole address, as in https://example.com/page"))
        }
        Kind::Image if is_open(written) && !written.starts_with("https://") => {
            Err(Diagnostic::error("an image with a merge field lies at an https address")
                .help(format!("write it as in {name}=\"https://example.com/{{{{ subscriber.picture }}}}.png\"")))
        }
        _ => Ok(()),
    }
}

/// What a template gets for an argument.
///
/// # Errors
/// An image that isn't there.
pub fn value(parameter: &Parameter, given: &str, part: Part, images: &Images, tokens: &mut Tokens) -> Result<Json> {
    Ok(match parameter.kind {
        Kind::Flag => Json::from(given == "true"),
        Kind::Number => number(given).or_else(|| parameter.default.clone()).unwrap_or_default(),
        Kind::Url if given.is_empty() && parameter.default.is_some() => Json::from(""),
        Kind::Url if part == Part::Text && !is_link(given) && !given.starts_with('#') => {
            Json::from(format!("{ADDRESS}{given}"))
        }
        Kind::Text | Kind::Url => Json::from(given),
        Kind::Image => image(given, images, tokens)?,
    })
}

/// An image as templates have it: what goes into `src`, its size, and an address that leads to it from the text.
fn image(name: &str, images: &Images, tokens: &mut Tokens) -> Result<Json> {
    let Some(image) = images.get(name) else {
        if name.is_empty() || name.starts_with("https://") {
            return Ok(json!({"url": name, "width": 0, "height": 0, "shown": 0, "link": name}));
        }
        return Err(Diagnostic::error(format!("there is no image `{name}`"))
            .help("name a JPEG, PNG or GIF file beside the article, or an https address"));
    };
    let (width, height) = image.size.unwrap_or_default();
    let link = if image.url.starts_with("https://") { image.url.as_str() } else { "" };
    // The address is ours and no value: `cid:` is none that a value may have.
    let url = tokens.hold(escape(Spot::Attribute, &image.url));
    Ok(json!({"url": url, "width": width, "height": height, "shown": width, "link": link}))
}

/// A number as it was meant: whole when it is.
fn number(written: &str) -> Option<Json> {
    let value = written.trim().parse::<f64>().ok().filter(|value| value.is_finite())?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
    let whole = (value.fract() == 0.0 && value.abs() < 1e9).then_some(value as i64);
    Some(whole.map_or_else(|| Json::from(value), Json::from))
}
