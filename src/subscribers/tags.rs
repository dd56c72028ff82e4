//! The words of a column such as `tags`: parted by commas, semicolons or spaces, whichever the cell uses.

/// The words of a cell.
pub fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([',', ';', ' ']).filter(|word| !word.is_empty())
}

/// The cell with another word, parted as its words are.
pub(super) fn with(cell: &str, word: &str) -> String {
    if words(cell).any(|known| known == word) {
        return cell.to_owned();
    }
    let cell = cell.trim();
    if cell.is_empty() { word.to_owned() } else { format!("{cell}{}{word}", separator(cell)) }
}

/// The cell without a word; its other words stay as they are.
pub(super) fn without(cell: &str, word: &str) -> String {
    if !words(cell).any(|known| known == word) {
        return cell.to_owned();
    }
    let others: Vec<&str> = words(cell).filter(|known| *known != word).collect();
    others.join(separator(cell))
}

/// What stands between the words of a cell.
fn separator(cell: &str) -> &'static str {
    let found = [", ", "; ", ",", ";"].into_iter().find(|separator| cell.contains(separator));
    found.unwrap_or(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_come_and_go_as_the_cell_parts_them() {
        for (cell, more) in [("", "x"), ("a", "a x"), ("a b", "a b x"), ("a, b", "a, b, x"), ("a;b", "a;b;x")] {
            assert_eq!(with(cell, "x"), more);
            assert_eq!(without(more, "x"), cell);
        }
        assert_eq!(with("a,x", "x"), "a,x");
        assert_eq!(without(" a ,, b", "x"), " a ,, b");
        assert_eq!(without("x, a, xx", "x"), "a, xx");
    }

    proptest! {
        #[test]
        fn a_word_that_came_is_there_and_one_that_went_is_not(cell in "[ab,; ]{0,12}", word in "[abc]{1,2}") {
            prop_assert!(words(&with(&cell, &word)).any(|known| known == word));
            prop_assert!(!words(&without(&cell, &word)).any(|known| known == word));
            let kept: Vec<String> = words(&cell).map(str::to_owned).collect();
            let after = with(&cell, &word);
            prop_assert!(kept.iter().all(|known| words(&after).any(|word| word == known)));
        }
    }
}
