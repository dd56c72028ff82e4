//! Which column of an export becomes which column of the list: by preset, by name, or as the user says.

use super::super::column::{Columns, Field, is_name, normal_name};
use super::super::status::Status;
use super::layouts::WORDS;
use super::preset::Preset;
use super::standing::{Rule, Standing};
use super::table::Table;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};

/// What the user asks of an import, beside the files.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The program that the files are of, when their headings are not to decide.
    pub from: Option<&'static Preset>,
    /// Pairs of a column of the list and a heading of the files.
    pub map: Vec<(String, String)>,
    /// Also take the columns that the list doesn't have yet.
    pub keep_columns: bool,
    /// The status of readers of whom the files don't tell one.
    pub status: Option<Status>,
    /// Columns of the list with a value for every new reader for whom the files have none.
    pub set: Vec<(String, String)>,
    /// A tag for everybody who is imported.
    pub tag: Option<String>,
}

/// How the values of one column of the list are found in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The first of these columns that holds a value.
    Text(Vec<usize>),
    /// The same, as a moment in its international form.
    Moment(Vec<usize>),
    /// Tags, those of all columns.
    Tags(Vec<usize>),
    /// A name in parts.
    Joined(usize, usize),
}

/// The meaning of one table.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub(super) preset: &'static Preset,
    pub(super) email: Vec<usize>,
    pub(super) rule: Rule,
    /// By column of the list.
    pub(super) columns: Vec<(String, Source)>,
    /// Headings that are not imported.
    pub(super) left_out: Vec<String>,
}

const MOMENTS: [&str; 3] = ["subscribed_at", "consent_time", "confirmed_at"];

impl Mapping {
    /// Finds out what a table means. `list` is the list that it is for, when there is one.
    ///
    /// # Errors
    /// No column holds addresses, a heading that the user names isn't there, or nothing tells who is subscribed.
    pub(super) fn of(table: &Table, file: &str, wishes: &Wishes, list: Option<&Columns>) -> Result<Mapping> {
        let preset = wishes.from.unwrap_or_else(|| Preset::of(table));
        let mut chosen = Chosen { table, taken: vec![false; table.headings().len()], columns: Vec::new() };
        let mut email = Vec::new();
        let mut status = None;
        for (target, heading) in &wishes.map {
            let column = table.find_heading(heading).ok_or_else(|| no_heading(table, heading))?;
            chosen.taken[column] = true;
            match target.as_str() {
                "email" => email.push(column),
                "status" => status = Some(column),
                target => chosen.add(target, vec![column]),
            }
        }
        if email.is_empty() {
            let (_, names) = preset.columns[0];
            email = names.iter().filter_map(|name| table.find(&[name])).collect();
            // A plain table has one column of addresses; which of two is meant is the user's to say.
            if !preset.is_google() {
                email.truncate(1);
            }
        }
        if email.is_empty() {
            return Err(no_addresses(table, wishes.from));
        }
        email.iter().for_each(|column| chosen.taken[*column] = true);
        chosen.by_preset(preset, list);
        let unsaid = wishes.status.map(Standing::of).or(preset.unsaid);
        let rule = match status {
            Some(column) => Rule::of_column(column, WORDS, unsaid),
            None => Rule::new(preset.questions, table, file, unsaid),
        };
        let rule = if preset.is_plain() && !rule.decides() {
            // A list of one's own without such a column is a list of readers.
            Rule::new(&[], table, file, Some(Standing::Active))
        } else {
            rule
        };
        if !rule.decides() {
            return Err(undecided(table, preset));
        }
        rule.columns().for_each(|column| chosen.taken[column] = true);
        chosen.by_the_list(list);
        if wishes.keep_columns {
            chosen.keep();
        }
        let left_out =
            table.headings().iter().zip(&chosen.taken).filter(|(heading, taken)| !**taken && !heading.is_empty());
        let left_out = left_out.map(|(heading, _)| heading.clone()).collect();
        Ok(Mapping { preset, email, rule, columns: chosen.columns, left_out })
    }
}

/// The columns found so far.
struct Chosen<'a> {
    table: &'a Table,
    taken: Vec<bool>,
    columns: Vec<(String, Source)>,
}

impl Chosen<'_> {
    fn has(&self, target: &str) -> bool {
        self.columns.iter().any(|(known, _)| known == target)
    }

    fn add(&mut self, target: &str, columns: Vec<usize>) {
        columns.iter().for_each(|column| self.taken[*column] = true);
        let source = match target {
            "tags" => Source::Tags(columns),
            target if MOMENTS.contains(&target) => Source::Moment(columns),
            _ => Source::Text(columns),
        };
        match self.columns.iter_mut().find(|(known, _)| known == target) {
            Some((_, Source::Tags(known) | Source::Text(known) | Source::Moment(known))) => {
                let (Source::Tags(more) | Source::Text(more) | Source::Moment(more)) = source else { return };
                known.extend(more);
            }
            _ => self.columns.push((target.to_owned(), source)),
        }
    }

    /// The columns that the preset knows; one of the table may tell two of ours, as when someone signed up is when they
    /// agreed. First and last name are joined where the table has no whole name, and kept apart as well in a list that
    /// keeps them apart.
    fn by_preset(&mut self, preset: &Preset, list: Option<&Columns>) {
        let in_list = |name: &str| list.is_some_and(|list| matches!(list.field(name), Some(Field::Column(_))));
        let mut parts = [None, None];
        for (target, names) in &preset.columns[1..] {
            let found: Vec<usize> = names.iter().filter_map(|name| self.table.find(&[name])).collect();
            let Some(first) = found.first().copied() else { continue };
            match ["first_name", "last_name"].iter().position(|part| part == target) {
                Some(part) => {
                    parts[part] = parts[part].or(Some(first));
                    self.taken[first] = true;
                    if in_list(target) && !self.has(target) {
                        self.add(target, vec![first]);
                    }
                }
                None if !self.has(target) => self.add(target, found),
                None => {}
            }
        }
        // A list that keeps the parts needs no whole.
        let wants_name =
            list.is_none_or(|list| list.column("name").is_some() || !(in_list("first_name") || in_list("last_name")));
        if wants_name && !self.has("name") {
            match parts {
                [Some(first), Some(last)] => self.columns.insert(0, ("name".to_owned(), Source::Joined(first, last))),
                [Some(one), None] | [None, Some(one)] => {
                    self.columns.insert(0, ("name".to_owned(), Source::Text(vec![one])));
                }
                [None, None] => {}
            }
        }
    }

    /// The columns that the list has under the same name.
    fn by_the_list(&mut self, list: Option<&Columns>) {
        let Some(list) = list else { return };
        for column in 0..self.taken.len() {
            let name = self.table.name(column).to_owned();
            let known = matches!(list.field(&name), Some(Field::Column(_)));
            if !self.taken[column] && known && !self.has(&name) {
                self.add(&name, vec![column]);
            }
        }
    }

    /// All others that can, under their own names.
    fn keep(&mut self) {
        for column in 0..self.taken.len() {
            let name = self.table.name(column).to_owned();
            let ours = matches!(name.as_str(), "email" | "status");
            if !self.taken[column] && !ours && is_name(&name) && !self.has(&name) {
                self.add(&name, vec![column]);
            }
        }
    }
}

fn no_heading(table: &Table, heading: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("no column is called `{heading}`")).at(Place::file(table.label()));
    let headings = table.headings().iter().map(String::as_str);
    match did_you_mean(heading, headings.clone()) {
        Some(likely) => error.help(format!("did you mean `{likely}`?")),
        None => error.help(format!("its first line names: {}", headings.collect::<Vec<_>>().join(", "))),
    }
}

fn no_addresses(table: &Table, from: Option<&Preset>) -> Diagnostic {
    let headings: Vec<&str> = table.headings().iter().map(String::as_str).take(12).collect();
    let error = match from {
        Some(preset) => {
            Diagnostic::error(format!("this is no export of {}: no column holds the addresses", preset.title))
        }
        None => Diagnostic::error("no column is known to hold the addresses"),
    };
    let error = error.at(Place::file(table.label()));
    if headings.iter().any(|heading| heading.contains('@')) {
        return error.help("the first line must name the columns: put a line such as `email,name` above it");
    }
    error.help(format!("say which: `--map email=HEADING`; the first line names: {}", headings.join(", ")))
}

fn undecided(table: &Table, preset: &Preset) -> Diagnostic {
    let error = Diagnostic::error(format!("nothing in this {} export tells who is subscribed", preset.title))
        .at(Place::file(table.label()));
    let error = match preset.name {
        "mailchimp" => error.help("keep the file's own name: it begins with subscribed_, unsubscribed_ or cleaned_"),
        _ => error.help("export the column with the status too"),
    };
    error.help("or say it yourself: `--status active` when all of them are, `--status unsubscribed` when none is")
}

/// A column that the user names as ours.
pub fn target_name(text: &str) -> String {
    match normal_name(text).as_str() {
        "e_mail" | "email_address" => "email".to_owned(),
        name => name.to_owned(),
    }
}
