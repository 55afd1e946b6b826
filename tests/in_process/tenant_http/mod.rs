//! The fake tenant through real HTTP on loopback: what it answers, and each of its faults. One
//! file for each subject; `support` has the client, which knows nothing of lmsyncd's own.

mod edits;
mod endpoints;
mod faults;
mod filters;
mod limits;
mod lives;
mod money;
mod paging;
mod size;
mod stories;
mod support;
mod swagger;
mod variants;
