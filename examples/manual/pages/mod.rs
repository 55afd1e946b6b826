//! The manual pages, as texts.

mod config;
mod ctl;
mod daemon;
mod set;

/// A manual page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file, such as `lmsyncd.8`.
    pub file: String,
    /// Its text, in the macros of man(7).
    pub text: String,
}

/// Every page.
pub fn all() -> Vec<Page> {
    let mut pages = ctl::pages();
    pages.push(daemon::page());
    pages.push(config::page());
    pages
}
