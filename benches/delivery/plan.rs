//! What the command line asks for.

/// What is asked for.
pub struct Plan {
    pub messages: usize,
    pub rounds: usize,
    parts: Vec<String>,
    /// The tests only look whether it works.
    tried: bool,
}

impl Plan {
    pub fn from_arguments() -> Plan {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let tried = !arguments.iter().any(|argument| argument == "--bench");
        let words = arguments.into_iter().filter(|argument| !argument.starts_with('-'));
        let (numbers, parts): (Vec<String>, Vec<String>) = words.partition(|word| word.parse::<usize>().is_ok());
        let messages = numbers.first().and_then(|number| number.parse().ok());
        let messages = messages.unwrap_or(if tried { 20 } else { 20_000 }).max(10);
        Plan { messages, rounds: if tried { 1 } else { 3 }, parts, tried }
    }

    pub fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|asked| asked == part)
    }

    /// A number of its own, for what does not go by the number of messages; less of it when tried.
    pub fn few(&self, number: usize) -> usize {
        if self.tried { number.div_ceil(1000).max(2) } else { number }
    }
}
