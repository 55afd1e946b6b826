//! The configuration and the credentials, and what a person reads where they are wrong.

mod credentials;
mod errors;
