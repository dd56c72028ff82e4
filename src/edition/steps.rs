//! Bounds for what templates do: how many steps their loops take, and how much they write.
//!
//! Tera can't be interrupted, and a few nested loops over ranges take longer than the universe is old. So every `for` gets
//! a call into its body that counts the turns, and refuses to go on after too many: the same ones on every machine,
//! however fast, and at the loop's place in its file.

use std::cell::Cell;
use std::io::{self, Write};

use tera::{Kwargs, State, Tera, TeraResult};

use super::shifts::Shifts;
use super::tags::{TagKind, tags};

/// Turns of all loops of an edition together. A letter with a table of a thousand rows takes some ten thousand.
const MOST_STEPS: u32 = 1_000_000;

/// What one template may write: many times what any mail program shows.
const MOST_OCTETS: usize = 16 << 20;

/// The function that counts.
const FUNCTION: &str = "letterpress_step";

thread_local! {
    /// An edition is set by one thread, and Tera's functions know nothing else of whom they work for.
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

/// Begins to count anew, for the edition that this thread is about to set.
pub fn begin() {
    LEFT.set(MOST_STEPS);
}

/// Teaches Tera to count.
pub fn register(tera: &mut Tera) {
    tera.register_function(FUNCTION, |_: Kwargs, _: &State<'_>| -> TeraResult<bool> {
        match LEFT.get().checked_sub(1) {
            Some(left) => LEFT.set(left),
            None => {
                return Err(tera::Error::message(format!("the templates' loops take more than {MOST_STEPS} turns")));
            }
        }
        Ok(false)
    });
}

/// The source with the count in every loop, and the way back to the positions before.
pub fn count_in(source: &str) -> (String, Shifts) {
    let mut out = String::with_capacity(source.len());
    let mut shifts = Shifts::default();
    let mut from = 0;
    for tag in tags(source).iter().filter(|tag| tag.kind == TagKind::Block && tag.keyword(source) == "for") {
        out.push_str(&source[from..tag.range.end]);
        from = tag.range.end;
        // What trims the white space after the loop's tag must still do so.
        let trims = if source[..tag.range.end - 2].ends_with('-') { "-" } else { "" };
        out.push_str(&format!("{{% if {FUNCTION}() %}}{{% endif {trims}%}}"));
        shifts.note(out.len(), from);
    }
    out.push_str(&source[from..]);
    (out, shifts)
}

/// Takes what a template writes, up to a limit.
#[derive(Debug, Default)]
pub struct Output {
    octets: Vec<u8>,
    /// There was more than the limit.
    pub overflowed: bool,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.octets.len() + bytes.len() > MOST_OCTETS {
            self.overflowed = true;
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too much"));
        }
        self.octets.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    pub fn into_text(self) -> String {
        String::from_utf8(self.octets).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::{reader, said, sources};
    use super::super::merge::Merging;
    use super::super::template::Template;
    use super::*;

    const MJML: &str = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ article.html }}</mj-text></mj-column></mj-section></mj-body></mjml>";

    fn error(body: &str) -> crate::diagnostic::Diagnostic {
        let template = Template::new(sources(body, "S", MJML, "t"), Merging::Gaps).unwrap();
        template.set(&template.group_of(&reader(["", "", "", ""]))).unwrap_err()
    }

    #[test]
    fn loops_in_loops_end_with_their_place() {
        let body = "a\n{% set r = range(end=100000) %}\n{% for a in r %}{% for b in r -%}{%- for c in r %}{% endfor %}{% endfor %}{% endfor %}";
        let error = error(body);
        assert!(error.message().contains("more than 1000000 turns"), "{error:?}");
        assert_eq!(error.place().unwrap().line, 6, "{}", error.render(false));
        assert_eq!(
            error.place().unwrap().excerpt,
            body.lines().nth(2).unwrap(),
            "the author's line, without the count"
        );
    }

    #[test]
    fn endless_output_ends() {
        let body = format!("{{% for a in range(end=20000) %}}{}{{% endfor %}}", "long ".repeat(200));
        let error = error(&body);
        assert_eq!(error.message(), "the template writes more than 16 MB");
        assert_eq!(error.place().unwrap().to_string(), "content/a.md");
    }

    #[test]
    fn ordinary_loops_and_places_after_them_stay_as_they_were() {
        let row = reader(["Ann", "pro", "Rome", "x, y"]);
        let body = "{% for a in range(end=3) -%}\n  {{ a }}{% for t in subscriber.tags %}-{{ t }}{% else %}none{% endfor %}\n{%- endfor %}.";
        let (_, text, _) = said(&sources(body, "S", MJML, "{{ article.text }}"), Merging::Gaps, &row).unwrap();
        assert_eq!(text, "0-x-y1-x-y2-x-y.\n");
        let foreign = error("{% for a in range(end=3) %}b{% endfor %} {{ subscriber.tags.nosuch.key }}\n");
        assert_eq!(foreign.place().unwrap().to_string(), "content/a.md:4:61", "{}", foreign.render(false));
        let raw = "{% raw %}{% for x in y %}{% endraw %}{# {% for x in y %} #}{{ \"{% for x in y %}\" }}";
        assert_eq!(count_in(raw).0, raw);
    }

    #[test]
    fn every_edition_has_its_own_count() {
        let body = "{% for a in range(end=900) %}{% for b in range(end=700) %}{% endfor %}{% endfor %}{{ subscriber.city | upper }}";
        let sources = sources(body, "S", MJML, "{{ article.text }}");
        for city in ["Rome", "Oslo", "Bonn"] {
            assert!(said(&sources, Merging::Gaps, &reader(["", "", city, ""])).is_ok(), "{city}");
        }
    }
}
