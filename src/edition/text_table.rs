//! Tables in the text part: columns of spaces where they fit, and else row by row, each cell behind the head of its column.

use unicode_width::UnicodeWidthStr;

use super::tokens::Tokens;
use super::wrap::{WIDTH, mark, mark_verbatim};

/// A table as it is gathered.
#[derive(Debug)]
pub struct Table {
    pub rows: Vec<Vec<String>>,
    /// The first row is the head.
    pub header: bool,
}

impl Table {
    /// The table as logical lines, with what stands before the first and before the others.
    pub fn lines(&self, first: &str, rest: &str, tokens: &Tokens) -> Vec<String> {
        // With a merge field in a cell its width isn't known.
        let is_open = self.rows.iter().flatten().any(|cell| tokens.any_in(cell));
        let room = WIDTH.saturating_sub(rest.width());
        match self.grid(room).filter(|_| !is_open) {
            Some(lines) => {
                let indents = std::iter::once(first).chain(std::iter::repeat(rest));
                lines.iter().zip(indents).map(|(line, indent)| mark_verbatim(&format!("{indent}{line}"))).collect()
            }
            None => self.records(rest),
        }
    }

    /// Row by row.
    fn records(&self, indent: &str) -> Vec<String> {
        let empty = Vec::new();
        let (heads, rows) =
            if self.header { self.rows.split_first().unwrap_or((&empty, &[])) } else { (&empty, self.rows.as_slice()) };
        let mut lines = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                lines.push(mark_verbatim(indent.trim_end()));
            }
            for (column, cell) in row.iter().enumerate() {
                let head = heads.get(column).filter(|head| !head.is_empty());
                let text = head.map_or_else(|| cell.clone(), |head| format!("{head}: {cell}"));
                lines.push(mark(indent, &format!("{indent}  "), &text));
            }
        }
        lines
    }

    /// The rows as columns of spaces, with a rule under the head; `None` when they don't fit.
    fn grid(&self, room: usize) -> Option<Vec<String>> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        if widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1) > room {
            return None;
        }
        let line = |row: &Vec<String>| {
            let cells =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = self.rows.iter().map(line).collect();
        if self.header && !lines.is_empty() {
            lines.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "));
        }
        Some(lines)
    }
}
