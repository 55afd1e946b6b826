//! What these tests stand on: the tenant called without a socket (`transport`), a daemon without a
//! socket on it (`daemon`), and a reader of the tenant (`reading`).

pub mod reading;
pub mod test_daemon;
pub mod transport;
