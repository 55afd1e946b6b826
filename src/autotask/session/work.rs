//! For whom a request is made: who may still ask when little of the hour is left.

/// The class of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Work {
    /// Auto-sync: it is not missed when it is late.
    Background,
    /// Somebody waits for it.
    #[default]
    Person,
    /// `lmsyncctl doctor`: like a person's, and the way to try refused credentials once more after
    /// something was fixed in Autotask itself. A try is always left to it, and a connection that
    /// broke off is tried anew.
    Checkup,
}

impl Work {
    /// The tenant's use, in percent of its hour, at which this work stops, also in the middle of a
    /// reading. From 75 % on Autotask delays every call of every integration by a second (section 3
    /// of the Autotask facts); at 100 % it serves none of them.
    pub(in crate::autotask) fn stops_at_percent(self) -> u32 {
        match self {
            Work::Background => 75,
            Work::Person | Work::Checkup => 90,
        }
    }

    /// How many of the `cap` requests that the daemon allows itself in an hour this work may use.
    /// The last tenth is kept for persons; a cap below ten has no such reserve.
    pub(in crate::autotask) fn share_of(self, cap: u32) -> u32 {
        match self {
            Work::Background => cap - cap / 10,
            Work::Person | Work::Checkup => cap,
        }
    }
}
