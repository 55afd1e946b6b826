//! The worked examples of the money model, and its properties.

#![expect(clippy::arithmetic_side_effects, reason = "a test that cannot count fails")]

mod agreements;
mod examples;
mod kit;
mod properties;
mod shapes;
