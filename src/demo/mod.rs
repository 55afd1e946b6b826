//! Everything that shows lmsyncd without a real Autotask: `tenant`, a fake tenant that behaves as
//! truly as possible like Autotask's REST API.

pub mod tenant;
