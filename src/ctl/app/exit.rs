//! The exit statuses of lmsyncctl, as `--help` lists them. Which failure ends with which is for
//! [`Code`](crate::model::Code) and `CtlError` to say.

/// An exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The number.
    pub status: u8,
    /// What it means, in a few words; `docs/topics/exit-codes.md` has more.
    pub meaning: &'static str,
}

const fn exit(status: u8, meaning: &'static str) -> Exit {
    Exit { status, meaning }
}

/// Every exit status, in order.
pub const EXITS: [Exit; 10] = [
    exit(0, "done"),
    exit(1, "failed unexpectedly"),
    exit(2, "usage"),
    exit(3, "daemon not reachable"),
    exit(4, "not permitted"),
    exit(5, "no such client, contract or run"),
    exit(6, "refused by rule"),
    exit(7, "Autotask failed"),
    exit(8, "partly done"),
    exit(9, "busy, or timed out"),
];

/// The table in two columns, as it ends `lmsyncctl --help`.
pub fn table() -> String {
    let (left, right) = EXITS.split_at(EXITS.len() / 2);
    let rows = left.iter().zip(right).map(|(left, right)| {
        format!("  {}  {:<29} {}  {}\n", left.status, left.meaning, right.status, right.meaning)
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Code;

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
