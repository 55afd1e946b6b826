//! What is read of Autotask: over real HTTP on loopback, or in process where requests are counted.

mod bad_rows;
mod batch;
mod batch_ahead;
mod kinds;
mod small_inputs;
mod tenant;
