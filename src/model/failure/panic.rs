//! What a panic says. It is a fault of the program, and costs only the work that it happened in.

use std::any::Any;

/// The most characters of it that are told.
const SHOWN: usize = 200;

/// The words of a panic, in one line.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("it panicked");
    text.lines().next().unwrap_or_default().chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn the_first_line_is_told_and_what_is_no_text_is_told_as_such() {
        let of = |panic: fn()| panic_message(&*catch_unwind(panic).expect_err("a panic"));
        assert_eq!(of(|| panic!("one\ntwo")), "one");
        assert_eq!(of(|| panic!("row {}", 7)), "row 7");
        assert_eq!(of(|| std::panic::panic_any(7)), "it panicked");
    }
}
