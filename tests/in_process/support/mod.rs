//! What these tests stand on: the tenant called without a socket (`transport`), a daemon without a
//! socket on it (`house`), and a reader of the tenant (`reading`).

pub mod house;
pub mod reading;
pub mod transport;
