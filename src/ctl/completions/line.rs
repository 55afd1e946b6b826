//! The line that is being typed, taken apart as the shell will, and the way back: a value written
//! so that the shell reads it as one word.

/// In which quotes the cursor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// In none.
    None,
    /// Between `'` and `'`.
    Single,
    /// Between `"` and `"`.
    Double,
}

impl Quote {
    /// What a text behind this sign stands for.
    pub fn unquoted(self, text: &str) -> String {
        let sign = match self {
            Quote::None => "",
            Quote::Single => "'",
            Quote::Double => "\"",
        };
        take_apart(&format!("{sign}{text}")).word
    }
}

/// A line up to the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The words before the one that is being typed, the program's name first, without quotes.
    pub before: Vec<String>,
    /// The beginning of the word that is being typed, without quotes.
    pub word: String,
    /// The quotes that are still open in it.
    pub quote: Quote,
}

/// Takes a line apart. What bash would expand (`$x`, `*`) stays as it is.
pub fn take_apart(text: &str) -> Line {
    let mut before = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = Quote::None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Quote::None, ' ' | '\t' | '\n') => before.extend(word.take()),
            (Quote::None, '\'') => {
                quote = Quote::Single;
                word.get_or_insert_default();
            }
            (Quote::None, '"') => {
                quote = Quote::Double;
                word.get_or_insert_default();
            }
            (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
            (Quote::None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Quote::Double, '\\') => {
                let escapes = |next: &char| matches!(next, '$' | '`' | '"' | '\\');
                let kept = chars.next_if(escapes).unwrap_or('\\');
                word.get_or_insert_default().push(kept);
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    Line { before, word: word.unwrap_or_default(), quote }
}

/// A value as bash must find it behind the open quote; readline closes that itself.
pub fn quoted(value: &str, quote: Quote) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match quote {
            Quote::Single if c == '\'' => text.push_str("'\\''"),
            Quote::Double if matches!(c, '$' | '`' | '"' | '\\') => text.extend(['\\', c]),
            Quote::None if !is_plain(c) => text.extend(['\\', c]),
            _ => text.push(c),
        }
    }
    text
}

/// Whether the shell gives no meaning to a character. `:` and `=` have none either, but readline
/// begins a new word behind them where they are not quoted.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ',' | '/' | '+' | '@' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (Vec<String>, String, Quote) {
        let line = take_apart(text);
        (line.before, line.word, line.quote)
    }

    #[test]
    fn a_line_falls_into_words_as_in_a_shell() {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let cases = [
            ("lmsyncctl pending ", &["lmsyncctl", "pending"][..], "", Quote::None),
            ("lmsyncctl pending Ac", &["lmsyncctl", "pending"], "Ac", Quote::None),
            (r"lmsyncctl diff Acme\ De", &["lmsyncctl", "diff"], "Acme De", Quote::None),
            ("lmsyncctl diff \"Acme De", &["lmsyncctl", "diff"], "Acme De", Quote::Double),
            ("x 'Acme Dental' S", &["x", "Acme Dental"], "S", Quote::None),
            ("x 'it''s' \"a\\\"b\" '", &["x", "its", "a\"b"], "", Quote::Single),
            ("x notes=\"a b", &["x"], "notes=a b", Quote::Double),
        ];
        for (text, before, word, quote) in cases {
            assert_eq!(parts(text), (words(before), word.to_owned(), quote), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back_as_one_word(value in "[^\\n\\t\\x00]{1,20}") {
            let line = format!("x {}", quoted(&value, Quote::None));
            prop_assert_eq!(take_apart(&line).word, value.clone());
            for (quote, sign) in [(Quote::Single, '\''), (Quote::Double, '"')] {
                let line = take_apart(&format!("x {sign}{}{sign} ", quoted(&value, quote)));
                prop_assert_eq!(line.before, vec!["x".to_owned(), value.clone()]);
            }
        }

        #[test]
        fn bash_reads_it_so_too(value in "[ -~äß日]{1,20}") {
            let script = format!("printf %s {}", quoted(&value, Quote::None));
            let output = std::process::Command::new("bash")
                .args(["--norc", "-c", &script])
                .output();
            // Where there is no bash there is nothing to compare with.
            if let Ok(output) = output {
                prop_assert_eq!(String::from_utf8_lossy(&output.stdout), value);
            }
        }
    }
}
