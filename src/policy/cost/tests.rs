//! The worked examples of the money model, and its properties.

mod agreements;
mod examples;
mod kit;
mod properties;
mod shapes;
