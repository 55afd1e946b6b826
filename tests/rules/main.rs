//! Rules that the code and the files beside it keep. Nothing of lmsyncd runs here: the files are
//! read as text.

mod architecture;
mod autotask_read_only;
mod documents;
mod inner;
mod prose;
mod units;
