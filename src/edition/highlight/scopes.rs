//! From a language and its code to spans, by syntect's grammars: which words of a fence we know, and which of the many
//! scopes that a grammar tells apart are which of our few kinds.

use std::ops::Range;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use super::Kind;

pub type Span = (Range<usize>, Kind);

/// The words of a fence, and the grammar's name. Left out are grammars that take seconds for a few odd lines (make,
/// Markdown, MATLAB, Lisp, reStructuredText, PHP).
const LANGUAGES: [(&[&str], &str); 32] = [
    (&["bash", "sh", "shell", "zsh"], "Bourne Again Shell (bash)"),
    (&["bibtex", "bib"], "BibTeX"),
    (&["c", "h"], "C"),
    (&["clojure", "clj"], "Clojure"),
    (&["c++", "cpp", "cc", "hpp"], "C++"),
    (&["c#", "csharp", "cs"], "C#"),
    (&["css"], "CSS"),
    (&["d"], "D"),
    (&["diff", "patch"], "Diff"),
    (&["dot", "graphviz"], "Graphviz (DOT)"),
    (&["erlang", "erl"], "Erlang"),
    (&["go", "golang"], "Go"),
    (&["groovy", "gradle"], "Groovy"),
    (&["haskell", "hs"], "Haskell"),
    (&["html", "xhtml"], "HTML"),
    (&["java"], "Java"),
    (&["javascript", "js", "mjs", "cjs"], "JavaScript"),
    (&["json"], "JSON"),
    (&["latex", "tex"], "LaTeX"),
    (&["lua"], "Lua"),
    (&["objective-c", "objectivec", "objc"], "Objective-C"),
    (&["ocaml", "ml"], "OCaml"),
    (&["pascal", "delphi"], "Pascal"),
    (&["perl", "pl"], "Perl"),
    (&["python", "py"], "Python"),
    (&["r"], "R"),
    (&["ruby", "rb"], "Ruby"),
    (&["rust", "rs"], "Rust"),
    (&["scala"], "Scala"),
    (&["sql"], "SQL"),
    (&["xml", "svg", "rss", "atom"], "XML"),
    (&["yaml", "yml"], "YAML"),
];

/// What scopes are, the first that fits; `None` is plain, whatever stands around it.
const KINDS: [(&str, Option<Kind>); 22] = [
    ("comment", Some(Kind::Comment)),
    ("punctuation.definition.comment", Some(Kind::Comment)),
    // Code again, inside a text.
    ("meta.interpolation", None),
    ("source", None),
    ("text", None),
    ("constant", Some(Kind::Number)),
    ("string", Some(Kind::Text)),
    ("punctuation.definition.string", Some(Kind::Text)),
    // What is a word among the operators is found by its letters.
    ("keyword.operator", None),
    ("keyword", Some(Kind::Keyword)),
    ("storage", Some(Kind::Keyword)),
    ("variable.language", Some(Kind::Keyword)),
    ("entity.name.tag", Some(Kind::Keyword)),
    ("variable.function", Some(Kind::Name)),
    ("variable.annotation", Some(Kind::Name)),
    ("entity", Some(Kind::Name)),
    ("support", Some(Kind::Name)),
    ("markup.inserted", Some(Kind::Text)),
    ("markup.deleted", Some(Kind::Keyword)),
    ("markup.raw", Some(Kind::Text)),
    ("meta.diff.range", Some(Kind::Number)),
    ("meta.diff.header", Some(Kind::Comment)),
];

/// Key words that a language has got since its grammar was written.
const NEWER: [(&str, &[&str]); 1] = [("Rust", &["async", "await", "dyn"])];

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

static SCOPES: LazyLock<Vec<(Scope, Option<Kind>)>> = LazyLock::new(|| {
    KINDS.iter().filter_map(|(selector, kind)| Scope::new(selector).ok().map(|scope| (scope, *kind))).collect()
});

/// The language that a fence names by its first word, as [`spans`] wants it.
pub fn language(info: &str) -> Option<&'static str> {
    let word = info.trim().split(|c: char| c.is_whitespace() || matches!(c, ',' | '{')).next()?;
    let known = |(words, _): &&(&[&str], &str)| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    LANGUAGES.iter().find(known).map(|(_, name)| *name)
}

/// The spans of code in order; neither begins or ends with white space, and between two of one kind there is more than that.
pub fn spans(language: &str, code: &str) -> Option<Vec<Span>> {
    let syntax = SYNTAXES.find_syntax_by_name(language)?;
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let newer = NEWER.iter().find(|(name, _)| *name == language).map_or(&[][..], |(_, words)| words);
    let mut spans = Spans { code, newer, found: Vec::new() };
    let mut line_start = 0;
    for line in code.split_inclusive('\n') {
        let changes = state.parse_line(line, &SYNTAXES).ok()?;
        let mut from = 0;
        for (at, change) in changes {
            spans.add(line_start + from..line_start + at, &stack);
            from = at;
            stack.apply(&change).ok()?;
        }
        spans.add(line_start + from..line_start + line.len(), &stack);
        line_start += line.len();
    }
    Some(spans.found)
}

struct Spans<'a> {
    code: &'a str,
    newer: &'a [&'a str],
    found: Vec<Span>,
}

impl Spans<'_> {
    fn add(&mut self, range: Range<usize>, stack: &ScopeStack) {
        let Some(text) = self.code.get(range.clone()) else { return };
        match kind(stack, text) {
            Some(kind) => self.push(range, kind),
            None => {
                for newer in self.newer_words(text) {
                    self.push(range.start + newer.start..range.start + newer.end, Kind::Keyword);
                }
            }
        }
    }

    /// Where words stand in plain code that the grammar doesn't know.
    fn newer_words(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while !self.newer.is_empty() && at < text.len() {
            let rest = &text[at..];
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let start = at + rest.find(is_word).unwrap_or(rest.len());
            let word = text[start..].split(|c| !is_word(c)).next().unwrap_or_default();
            at = start + word.len();
            if self.newer.contains(&word) {
                found.push(start..at);
            }
        }
        found
    }

    fn push(&mut self, range: Range<usize>, kind: Kind) {
        let text = &self.code[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        let end = start + text.trim().len();
        if start == end {
            return;
        }
        match self.found.last_mut() {
            Some((last, last_kind)) if *last_kind == kind && self.code[last.end..start].trim().is_empty() => {
                last.end = end;
            }
            _ => self.found.push((start..end, kind)),
        }
    }
}

/// What a piece of code is by its scopes, the innermost first.
fn kind(stack: &ScopeStack, text: &str) -> Option<Kind> {
    let fits = |scope: &Scope| SCOPES.iter().find(|(selector, _)| selector.is_prefix_of(*scope));
    let (selector, kind) = stack.as_slice().iter().rev().find_map(fits)?;
    let is_word_operator = *selector == SCOPES[OPERATOR].0 && text.starts_with(|c: char| c.is_alphabetic());
    if is_word_operator { Some(Kind::Keyword) } else { *kind }
}

const OPERATOR: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(language: &str, code: &str) -> Vec<(String, Kind)> {
        let name = super::language(language).unwrap();
        spans(name, code).unwrap().into_iter().map(|(range, kind)| (code[range].to_owned(), kind)).collect()
    }

    fn of_kind(spans: &[(String, Kind)], kind: Kind) -> Vec<&str> {
        spans.iter().filter(|(_, found)| *found == kind).map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn every_language_and_every_scope_is_known_to_the_grammars() {
        for (words, name) in LANGUAGES {
            assert!(spans(name, "a\n").is_some(), "{name}");
            assert!(words.iter().all(|word| language(word) == Some(name)), "{name}: two languages have a word");
        }
        assert_eq!(SCOPES.len(), KINDS.len());
        assert_eq!(KINDS[OPERATOR].0, "keyword.operator");
    }

    #[test]
    fn a_fence_names_its_language_by_its_first_word() {
        for info in ["rust", "Rust", "rs,no_run", "rust ignore", " rust{1,2}"] {
            assert_eq!(language(info), Some("Rust"), "{info}");
        }
        for info in ["", "rusty", "text", "make", "{.rust}", "Rust!"] {
            assert_eq!(language(info), None, "{info}");
        }
    }

    #[test]
    fn rust_is_told_apart() {
        let spans = read(
            "rust",
            "/// Sends.\npub fn send(n: u32) -> bool {\n    let s = \"a\\n\"; // why\n    n > 0x10 && self.ok\n}\n",
        );
        assert_eq!(of_kind(&spans, Kind::Comment), ["/// Sends.", "// why"]);
        let keywords = of_kind(&spans, Kind::Keyword);
        assert!(["pub fn", "u32", "bool", "let", "self"].iter().all(|word| keywords.contains(word)), "{keywords:?}");
        assert_eq!(of_kind(&spans, Kind::Number), ["\\n", "0x10"]);
        assert_eq!(of_kind(&spans, Kind::Text), ["\"a", "\""]);
        assert_eq!(of_kind(&spans, Kind::Name), ["send"]);
    }

    #[test]
    fn words_that_the_grammar_is_too_old_for_are_known() {
        let spans = read("rust", "async fn f(a: &dyn T) { a.await; asynchronous; } // async\n");
        let keywords = of_kind(&spans, Kind::Keyword);
        assert_eq!(keywords, ["async fn", "dyn", "await"]);
        assert_eq!(of_kind(&spans, Kind::Comment), ["// async"]);
        assert_eq!(of_kind(&read("py", "dyn = 1\n"), Kind::Keyword), Vec::<&str>::new());
    }

    #[test]
    fn other_languages_are_told_apart() {
        let python = read("py", "def f(x):\n    \"\"\"Two\n    lines.\"\"\"\n    return not x  # no\n");
        assert_eq!(of_kind(&python, Kind::Keyword), ["def", "return not"]);
        assert_eq!(of_kind(&python, Kind::Comment), ["\"\"\"Two\n    lines.\"\"\"", "# no"]);
        let json = read("json", "{\"a\": [1, true, \"b\"]}\n");
        assert_eq!(of_kind(&json, Kind::Number), ["1", "true"]);
        let html = read("html", "<a href=\"x\">b</a><!-- c -->\n");
        assert!(of_kind(&html, Kind::Keyword).contains(&"a"), "{html:?}");
        assert_eq!(of_kind(&html, Kind::Comment), ["<!-- c -->"]);
        let sql = read("sql", "select name from t where n = 'x' -- y\n");
        assert!(of_kind(&sql, Kind::Keyword).contains(&"select"), "{sql:?}");
    }
}
