//! The sample article, longer.

/// `article` with its plain paragraphs said again, in order, until there are `more` of them.
pub fn lengthened(article: &str, more: usize) -> String {
    let is_plain =
        |part: &&str| part.starts_with(|c: char| c.is_alphabetic()) && !part.contains("{{") && part.len() > 200;
    let plain: Vec<&str> = article.split("\n\n").filter(is_plain).collect();
    let said_again: Vec<&str> = plain.into_iter().cycle().take(more).collect();
    format!("{}\n\n{}\n", article.trim_end(), said_again.join("\n\n"))
}

/// `article` so long that its copy has about `octets`. `size_of` tells the size of an article's copy.
pub fn of_size(article: &str, octets: usize, size_of: impl Fn(&str) -> usize) -> String {
    const STEP: usize = 40;
    let (bare, longer) = (size_of(article), size_of(&lengthened(article, STEP)));
    let paragraphs = octets.saturating_sub(bare) * STEP / longer.saturating_sub(bare).max(1);
    lengthened(article, paragraphs)
}
