//! Rows for a spreadsheet: CSV in which no value is taken for a formula.

use std::borrow::Cow;

use super::record::quote;

/// One line of CSV. A value that a spreadsheet would compute gets a `'` before it (OWASP ASVS 1.2.10).
pub fn spreadsheet_line<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<String> = values.into_iter().map(|value| quote(&harmless(value), b',').into_owned()).collect();
    fields.join(",")
}

fn harmless(value: &str) -> Cow<'_, str> {
    // The wide forms too, which some spreadsheets read as the plain ones.
    if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{value}"))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_a_formula() {
        let line = spreadsheet_line(["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "a=b", "a,\"b\"", ""]);
        assert_eq!(line, "'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",'＝1,a=b,\"a,\"\"b\"\"\",");
    }
}
