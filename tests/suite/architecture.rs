//! The order of the modules, and the habits that keep it: read from the sources themselves.
//!
//! `src/lib.rs` lists the modules in the order in which data flows. A path that starts at the crate's root, or climbs
//! there by `super`, must name a module above the one it stands in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::publication::Publication;

/// Lines of a source file, its unit tests not counted.
const LONGEST_FILE: usize = 420;

/// The files that may meet the person and the process.
const OUTERMOST: [&str; 4] = ["commands/", "cli.rs", "report.rs", "main.rs"];

#[test]
fn no_import_points_down() {
    let order = modules(&read("src/lib.rs"));
    assert!(order.len() > 10, "src/lib.rs lists the modules; found {order:?}");
    let faults: Vec<String> = sources().iter().flat_map(|source| source.imports_against(&order)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_of_the_list_has_its_file_and_no_file_stands_outside() {
    let order: BTreeSet<String> = modules(&read("src/lib.rs")).into_iter().collect();
    let found: BTreeSet<String> =
        sources().iter().map(|source| source.module_path()[0].clone()).filter(|module| module != "lib").collect();
    assert_eq!(order, found);
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} does not open with //!", source.name);
    }
}

#[test]
fn files_stay_short_enough_to_be_read() {
    for source in sources() {
        let lines = source.without_tests().lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines before its tests", source.name);
    }
}

#[test]
fn the_library_neither_prints_nor_exits_nor_reads_the_environment() {
    for source in sources() {
        let outermost = OUTERMOST.iter().any(|allowed| source.name.starts_with(&format!("src/{allowed}")));
        let found = meets_the_process(&tokens(source.without_tests()));
        assert!(outermost || found.is_empty(), "{} uses {found:?}", source.name);
    }
}

#[test]
fn nothing_in_the_repository_depends_on_one_machine() {
    // Put together here, so that this file does not find itself.
    let folders = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/"));
    let hosts = [("crates", ".io"), ("pypi", ".org"), ("npmjs", ".org"), ("deb.debian", ".org"), ("ghcr", ".io")]
        .map(|(name, domain)| [name, domain].concat());
    for path in tracked_files() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        let is_lock = path == "Cargo.lock";
        for line in text.lines() {
            let folder = folders.iter().find(|folder| starts_a_path(line, folder));
            assert!(folder.is_none(), "{path} names a folder of one machine: {line}");
            let host = hosts.iter().find(|host| !is_lock && line.contains(host.as_str()));
            assert!(host.is_none(), "{path} names a registry: {line}");
        }
    }
}

#[test]
fn every_command_is_in_the_readme_and_every_module_in_the_architecture() {
    let help = Publication::new().run(["--help"]).success().stdout;
    let commands = commands(&help);
    assert!(commands.len() > 1, "no commands in {help}");
    let missing = |file: &str, names: &[String], form: &dyn Fn(&str) -> String| {
        let text = std::fs::read_to_string(root().join(file)).ok();
        let missing: Vec<&String> = names
            .iter()
            .filter(|name| text.as_ref().is_some_and(|text| !text.contains(&form(name.as_str()))))
            .collect();
        assert!(missing.is_empty(), "{file} does not mention {missing:?}");
    };
    missing("README.md", &commands, &|command| format!("letterpress {command}"));
    missing("ARCHITECTURE.md", &modules(&read("src/lib.rs")), &|module| format!("`{module}`"));
}

/// Whether `folder`, as in `/name/`, begins an absolute path in `line`, rather than standing inside a URL or a longer path.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/.-_~}$".contains(c)))
}

/// The names under "Commands:" in the help text.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files under version control; in an unpacked archive, all files that are not products.
fn tracked_files() -> Vec<String> {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output();
    match listed {
        Ok(listed) if listed.status.success() && !listed.stdout.is_empty() => {
            String::from_utf8_lossy(&listed.stdout).split_terminator('\0').map(str::to_owned).collect()
        }
        _ => {
            let products = ["target", ".git", "preview", "mailings", "keys", "outbox"].map(|name| root().join(name));
            let files = files_below(&root(), &products);
            files.iter().map(|path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()).collect()
        }
    }
}

fn files_below(folder: &Path, without: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if without.contains(&path) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// One file of `src/`.
struct Source {
    /// From the root of the repository, with `/`.
    name: String,
    text: String,
}

/// All of `src/` but the thin `main.rs`, which stands below everything.
fn sources() -> Vec<Source> {
    let all =
        files_below(&root().join("src"), &[]).into_iter().filter(|path| path.extension().is_some_and(|x| x == "rs"));
    let named = all.map(|path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"));
    named.filter(|name| name != "src/main.rs").map(|name| Source { text: read(&name), name }).collect()
}

impl Source {
    /// `src/commands/send.rs` as `["commands", "send"]`.
    fn module_path(&self) -> Vec<String> {
        let inner = self.name.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        inner.split('/').map(str::to_owned).collect()
    }

    /// The text up to its unit tests; nothing of a file that is all unit tests.
    fn without_tests(&self) -> &str {
        if self.name.ends_with("/tests.rs") {
            return "";
        }
        self.text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default()
    }

    fn imports_against(&self, order: &[String]) -> Vec<String> {
        let path = self.module_path();
        if path == ["lib"] {
            return Vec::new();
        }
        let place = |name: &str| order.iter().position(|module| module == name);
        let own = place(&path[0]);
        let imports = imports(&tokens(&self.text), &path).into_iter();
        let wrong = imports.filter(|import| place(import).is_none_or(|at| own.is_none_or(|own| at > own)));
        wrong.map(|import| format!("{} imports `{import}`, which is not above it", self.name)).collect()
    }
}

/// The modules of `lib.rs`, in order.
fn modules(lib: &str) -> Vec<String> {
    let tokens = tokens(lib);
    let declared = tokens.windows(3).filter(|three| three[0] == "mod" && three[2] == ";");
    declared.map(|three| three[1].clone()).collect()
}

/// The top-level names that paths in a file reach from the crate's root; `*` for all of them at once.
fn imports(tokens: &[String], path: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut inner: Vec<(usize, String)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => {
                depth += 1;
                if at >= 2 && tokens[at - 2] == "mod" {
                    inner.push((depth, tokens[at - 1].clone()));
                }
            }
            "}" => {
                inner.pop_if(|(opened, _)| *opened == depth);
                depth -= 1;
            }
            _ => {
                let starts_path = at == 0 || tokens[at - 1] != "::";
                let levels = path.len() + inner.len();
                let start = match token.as_str() {
                    "crate" => Some(levels),
                    "super" => Some(1),
                    "self" => Some(0),
                    _ => None,
                };
                if let Some(climbed) = start.filter(|_| starts_path) {
                    climb(tokens, at + 1, climbed, levels, &mut found);
                }
            }
        }
    }
    found
}

/// Follows a path, or a group of paths, behind `crate` or `super`. At `levels` climbed it is at the root and the next
/// name counts. Returns where it stopped.
fn climb(tokens: &[String], mut at: usize, climbed: usize, levels: usize, found: &mut Vec<String>) -> usize {
    let token = |at: usize| tokens.get(at).map(String::as_str);
    if token(at) != Some("::") {
        return at;
    }
    at += 1;
    match token(at) {
        Some("super") => climb(tokens, at + 1, climbed + 1, levels, found),
        Some("self") => climb(tokens, at + 1, climbed, levels, found),
        Some("{") => {
            at += 1;
            let mut nested = 0;
            let mut begins = true;
            while let Some(token) = token(at) {
                match token {
                    "}" if nested == 0 => return at + 1,
                    "}" => nested -= 1,
                    "{" => nested += 1,
                    "," if nested == 0 => begins = true,
                    "super" if begins => {
                        at = climb(tokens, at + 1, climbed + 1, levels, found);
                        begins = false;
                        continue;
                    }
                    name if begins => {
                        begins = false;
                        if climbed == levels && name != "self" {
                            found.push(name.to_owned());
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            at
        }
        Some(name) => {
            if climbed == levels {
                found.push(name.to_owned());
            }
            at + 1
        }
        None => at,
    }
}

/// What in a file prints, exits, or reads the environment.
fn meets_the_process(tokens: &[String]) -> Vec<String> {
    let macros = ["println", "eprintln", "print", "eprint", "dbg"];
    let paths = [
        ["process", "exit"],
        ["process", "abort"],
        ["env", "var"],
        ["env", "vars"],
        ["env", "var_os"],
        ["env", "vars_os"],
        ["env", "args"],
        ["env", "args_os"],
        ["io", "stdin"],
        ["io", "stdout"],
        ["io", "stderr"],
    ];
    let printed = tokens.windows(2).filter(|two| macros.contains(&two[0].as_str()) && two[1] == "!");
    let called =
        tokens.windows(3).filter(|three| three[1] == "::" && paths.contains(&[three[0].as_str(), three[2].as_str()]));
    printed.map(<[String]>::concat).chain(called.map(<[String]>::concat)).collect()
}

/// The source's words and signs, without comments and without the insides of literals.
fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
        at += match rest {
            ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
            ['/', '*', ..] => block_comment(rest),
            ['r' | 'b' | 'c', ..] if raw_string(rest).is_some() => raw_string(rest).unwrap_or(1),
            ['"', ..] => quoted(rest, '"'),
            // A lifetime has no second quote; a character has one right behind it, or a backslash.
            ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted(rest, '\''),
            [':', ':', ..] => {
                tokens.push("::".to_owned());
                2
            }
            [c, ..] if is_word(c) => {
                let word: String = rest.iter().take_while(|c| is_word(c)).collect();
                let length = word.chars().count();
                tokens.push(word);
                length
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                1
            }
            [] => 1,
        };
    }
    tokens
}

/// The length of a block comment, which may hold others.
fn block_comment(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] if depth == 1 => return at + 2,
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

/// The length of a literal between `quote`s.
fn quoted(chars: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` and their like, if one stands here.
fn raw_string(chars: &[char]) -> Option<usize> {
    let r = chars.iter().take(2).position(|c| *c == 'r')?;
    let hashes = chars[r + 1..].iter().take_while(|c| **c == '#').count();
    let mut at = r + 1 + hashes;
    if chars.get(at) != Some(&'"') {
        return None;
    }
    at += 1;
    while at < chars.len() {
        let closes = chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        at += 1;
        if closes {
            return Some(at + hashes);
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(source: &str, path: &[&str]) -> Vec<String> {
        imports(&tokens(source), &path.iter().map(|&part| part.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_way_to_the_root_is_seen() {
        for (source, path, found) in [
            ("use crate::cli::Cli;", &["message"][..], &["cli"][..]),
            ("use crate::{address::Address, cli::{self, Cli}, report};", &["message"], &["address", "cli", "report"]),
            ("fn f() { crate::cli::run() }", &["message"], &["cli"]),
            ("use crate::*;", &["message"], &["*"]),
            ("use super::cli;", &["message"], &["cli"]),
            ("use super::Entry;", &["message", "mime"], &[]),
            ("use super::super::cli::Cli;", &["message", "mime"], &["cli"]),
            ("use super::{Entry, super::cli};", &["message", "mime"], &["cli"]),
            ("mod tests { use super::*; fn f() { super::super::cli::run() } }", &["message"], &["cli"]),
            ("mod tests { use super::*; } use super::cli;", &["message"], &["cli"]),
            ("use self::super::cli;", &["message"], &["cli"]),
            ("macro_rules! m { () => { $crate::cli::run() } }", &["message"], &["cli"]),
            ("pub(crate) fn f() {} pub(super) fn g() {}", &["message"], &[]),
            ("/// [`crate::cli`]\n// crate::cli\n/* crate::cli /* nested */ crate::cli */", &["message"], &[]),
            ("const A: &str = \"crate::cli \\\" crate::cli\"; const B: &str = r#\"crate::cli\"#;", &["message"], &[]),
            ("fn f<'a>(x: &'a str) -> char { '\"' } use crate::cli;", &["message"], &["cli"]),
            ("let c = '\\''; use crate::cli;", &["message"], &["cli"]),
        ] {
            assert_eq!(reached(source, path), found, "{source}");
        }
    }

    #[test]
    fn a_downward_import_is_a_fault() {
        let order = modules("pub mod address;\n/// `mod x;`\npub mod message;\nmod cli;\n");
        assert_eq!(order, ["address", "message", "cli"]);
        let source = |text: &str| Source { name: "src/message/mime.rs".into(), text: text.into() };
        assert!(source("use crate::{address, message::Part}; use super::Part;").imports_against(&order).is_empty());
        assert_eq!(source("use crate::cli::Cli;").imports_against(&order).len(), 1);
        assert_eq!(source("use crate::Unknown;").imports_against(&order).len(), 1);
    }

    #[test]
    fn printing_and_reading_the_environment_are_seen() {
        let source = "fn f() { println!(\"x\"); std::env::var(\"X\"); std::process::exit(1); env!(\"X\"); }";
        assert_eq!(meets_the_process(&tokens(source)), ["println!", "env::var", "process::exit"]);
    }

    #[test]
    fn paths_of_one_machine_are_told_from_others() {
        assert!(starts_a_path("see \"/data/x\"", "/data/"));
        assert!(!starts_a_path("https://example.com/data/x", "/data/"));
        assert!(!starts_a_path("target/data/x ${HERE}/data/x", "/data/"));
    }

    #[test]
    fn commands_are_read_from_the_help() {
        let help = "Usage: x\n\nCommands:\n  send    Send\n          more words\n  help    Help\n\nOptions:\n  -q\n";
        assert_eq!(commands(help), ["send"]);
    }
}
