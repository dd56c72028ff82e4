//! Any text as an article and as the theme's MJML: set in type and struck, or refused.
#![no_main]

mod sources;

use letterpress::edition::{Merging, Reader, Scratch, Template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (body, mjml) = input;
    let around = format!(
        "<mjml><mj-body><mj-section><mj-column><mj-text>{mjml}</mj-text>{mjml}{{{{ article.html }}}}</mj-column></mj-section></mj-body></mjml>"
    );
    let Some(sources) = sources::of(body, "S", &around, "{{ article.text }}") else { return };
    let Ok(template) = Template::new(sources, Merging::Gaps) else { return };
    match template.set(&template.group_of(&sources::Nobody)) {
        Ok(edition) => {
            let reader = Reader { fields: &sources::Nobody, unsubscribe_url: "https://example.com/u" };
            let (mut scratch, mut out) = (Scratch::default(), Vec::new());
            edition.html.strike_into(reader, &mut scratch, &mut out);
            edition.text.strike_into(reader, &mut scratch, &mut out);
            for line in out.split(|byte| *byte == b'\n') {
                assert!(line.len() <= 77 && line.is_ascii(), "{:?}", String::from_utf8_lossy(line));
            }
        }
        Err(error) => drop(error.render(false)),
    }
});
