//! The names of user-defined fields: chosen in the configuration, known only at run time.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The local name of a user-defined field, such as `account_manager`: lower-case letters, digits
/// and underscores, at most [`UdfName::LONGEST`] of them. As a field it is `udf.account_manager`.
///
/// Names are kept for the life of the process, so that a [`crate::model::Field`] stays a small value that
/// is copied. There are as many as the configuration, now or once, names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UdfName(&'static str);

impl UdfName {
    /// The longest name, in bytes.
    pub const LONGEST: usize = 40;

    /// The name, if it is one.
    pub fn new(text: &str) -> Option<UdfName> {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let fits = (1..=UdfName::LONGEST).contains(&text.len()) && text.bytes().all(plain);
        if !fits {
            return None;
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let full = format!("udf.{text}");
        let name = match names.get(full.as_str()) {
            Some(name) => *name,
            None => {
                let name: &'static str = Box::leak(full.into_boxed_str());
                names.insert(name);
                name
            }
        };
        Some(UdfName(name))
    }

    /// The name as that of a field, with `udf.` in front.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The name as the configuration gives it, without `udf.`.
    pub fn local(self) -> &'static str {
        self.0.strip_prefix("udf.").unwrap_or(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_and_kept_once() {
        let name = UdfName::new("account_manager").expect("a name");
        assert!(std::ptr::eq(name.as_str(), UdfName::new("account_manager").expect("it").as_str()));
        for bad in ["", "Account", "a b", "a.b", &"x".repeat(41)] {
            assert_eq!(UdfName::new(bad), None, "{bad}");
        }
    }
}
