//! Why a reader is in a segment or not, part by part.

use serde::Serialize;

use super::Segment;
use super::condition::{Condition, Test};
use crate::subscribers::row::Row;

/// One part of an expression, and whether it holds for a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The part as written.
    pub part: String,
    /// How its parts are joined: `all`, `any`, `not` or `segment`; `condition` where there are none.
    pub kind: &'static str,
    pub holds: bool,
    /// What in the row decides it, for a part without parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}

impl Segment {
    /// Why a reader is in it or not. Unlike [`Segment::matches`] it looks at every part.
    pub fn explain(&self, row: &Row<'_>) -> Explanation {
        self.explain_part(&self.condition, row)
    }

    fn explain_part(&self, condition: &Condition, row: &Row<'_>) -> Explanation {
        let text = self.texts.get(condition.text).map_or("", |written| written.text.as_str());
        let (kind, parts) = match &condition.test {
            Test::All(parts) => ("all", parts.as_slice()),
            Test::Any(parts) => ("any", parts.as_slice()),
            Test::Not(part) => ("not", std::slice::from_ref(&**part)),
            Test::Segment(part) => ("segment", std::slice::from_ref(&**part)),
            _ => ("condition", [].as_slice()),
        };
        Explanation {
            part: text.get(condition.range.clone()).unwrap_or_default().to_owned(),
            kind,
            holds: condition.holds(row),
            because: condition.because(row),
            parts: parts.iter().map(|part| self.explain_part(part, row)).collect(),
        }
    }
}
