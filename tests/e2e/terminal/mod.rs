//! What both programs show on a terminal and read from it: help, manual pages, completion, the
//! import dialog, the editor, pictures, the tour; and lmsyncctl against a scripted daemon.

mod completion;
mod ctl_socket;
mod demo;
mod dialog;
mod help;
mod man;
mod pictures;
mod sync_edit;
