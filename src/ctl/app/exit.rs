//! What the exit statuses of lmsyncctl mean: the table that `--help`, `help exit-codes` and the
//! manual page are made of. Which failure ends with which is for [`Code`] and `CtlError` to say.

use crate::model::Code;

/// An exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The number.
    pub status: u8,
    /// What it means, in a few words.
    pub short: &'static str,
    /// What it means, in full.
    pub long: &'static str,
}

const fn exit(status: u8, short: &'static str, long: &'static str) -> Exit {
    Exit { status, short, long }
}

/// Every exit status, in order.
pub const EXITS: [Exit; 10] = [
    exit(0, "done", "Done. Also: there was nothing to do."),
    exit(1, "failed unexpectedly", "Something failed that should not: a disk, a file, a fault."),
    exit(2, "usage", "The command line, or a value on it, makes no sense."),
    exit(3, "daemon not reachable", "lmsyncd cannot be reached, or went away."),
    exit(4, "not permitted", "This user may not open the socket, or may look but not change."),
    exit(
        5,
        "no such client, contract or run",
        "Nothing has that name, key or number, or several have.",
    ),
    exit(
        6,
        "refused by rule",
        "A rule refuses it: auto-sync is on, the field is Autotask's, a guard holds.",
    ),
    exit(7, "Autotask failed", "Autotask failed: credentials, permission, limit, unreachable."),
    exit(
        8,
        "done in part",
        "Done in part: rows were rejected (`sync`), or stored amounts differ (`reconcile`).",
    ),
    exit(9, "busy, or gave up waiting", "Busy, gave up waiting, or the daemon is stopping."),
];

/// The codes of failures that end with a status.
pub fn codes(status: u8) -> impl Iterator<Item = Code> {
    Code::ALL.into_iter().filter(move |code| code.exit_status() == status)
}

/// The table in two columns, as it ends `lmsyncctl --help`.
pub fn table() -> String {
    let (left, right) = EXITS.split_at(EXITS.len() / 2);
    let rows = left.iter().zip(right).map(|(left, right)| {
        format!("  {}  {:<29} {}  {}\n", left.status, left.short, right.status, right.short)
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_a_failure_has_is_in_the_table() {
        assert!(EXITS.iter().enumerate().all(|(place, exit)| usize::from(exit.status) == place));
        for code in Code::ALL {
            let status = code.exit_status();
            assert!(EXITS.iter().any(|exit| exit.status == status), "{}: {status}", code.name());
        }
    }

    #[test]
    fn the_table_fits_a_narrow_terminal() {
        assert!(table().lines().all(|line| line.len() <= 80), "{}", table());
    }
}
