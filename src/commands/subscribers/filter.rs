//! Which rows are shown, and in which order.

use clap::Args;

use super::who;
use crate::commands::Session;
use crate::diagnostic::{Diagnostic, Result};
use crate::subscribers::{Columns, Defects, Field, Row, Rows, Segment, Sorter, Status, normal_name, survey, words};

#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Only readers with this status: active, pending, unsubscribed, bounced, complained
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// Only readers with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Only readers for whom this holds, as in "plan == 'pro' and has(name)"
    #[arg(long, value_name = "EXPR")]
    segment: Option<String>,
    /// In the order of this column; numbers by their size, empty ones last
    #[arg(long, value_name = "COLUMN")]
    sort: Option<String>,
    /// The other way round
    #[arg(long, requires = "sort")]
    reverse: bool,
    /// Only these columns, in this order
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
    /// So many rows at most
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
}

fn status(word: &str) -> Result<Status, String> {
    Status::parse(word).filter(|_| !word.trim().is_empty()).ok_or_else(|| Status::help(word))
}

/// The arguments, understood for the columns of a list.
pub(super) struct Filter<'a> {
    args: &'a FilterArgs,
    segment: Option<Segment>,
    tags: Option<usize>,
    sort: Option<Field>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(args: &'a FilterArgs, columns: &Columns, session: &Session) -> Result<Filter<'a>> {
        let no_column =
            |name: &str| Diagnostic::error(format!("the list has no column `{name}`")).help(columns.help(name));
        let sort = match args.sort.as_deref().map(normal_name) {
            Some(name) => Some(columns.field(&name).ok_or_else(|| no_column(&name))?),
            None => None,
        };
        let tags = columns.column("tags");
        if args.tag.is_some() && tags.is_none() {
            return Err(no_column("tags"));
        }
        let segment = args.segment.as_deref().map(|text| who::parse(text, columns, session)).transpose()?;
        Ok(Filter { args, segment, tags, sort })
    }

    fn takes(&self, row: &Row<'_>) -> bool {
        let tag = self.args.tag.as_deref().zip(self.tags);
        self.args.status.is_none_or(|status| row.status() == Some(status))
            && tag.is_none_or(|(tag, column)| words(row.column(column)).any(|word| word == tag))
            && self.segment.as_ref().is_none_or(|segment| segment.matches(row))
    }

    /// Hands every row that is asked for to `each`, and finds what is wrong with the list.
    pub(super) fn visit(
        &self,
        rows: Rows,
        again: Rows,
        each: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<Defects> {
        let Some(field) = self.sort else {
            return survey(rows, &mut |row| if self.takes(row) { each(row) } else { Ok(()) });
        };
        let mut sorter = Sorter::default();
        let defects = survey(rows, &mut |row| {
            if self.takes(row) {
                sorter.take(row, field)?;
            }
            Ok(())
        })?;
        sorter.visit(again, self.args.reverse, each)?;
        Ok(defects)
    }
}
