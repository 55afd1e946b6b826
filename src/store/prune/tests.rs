//! Pruning: what goes, what stays as it is, and every state that a crash may leave.
