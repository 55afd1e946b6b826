//! What goes wrong between the daemon and Autotask: faults that begin and end, seeded.

use std::time::Duration;

use fastrand::Rng;
use lmsyncd::demo::tenant::{Entity, Fault, FaultRule, Tenant};

use super::wire::Wire;

/// Requests that other integrations may make in an hour, of 10,000.
const OTHERS: std::ops::Range<u64> = 3000..10_500;

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// A fault of the tenant.
    Fault(FaultRule),
    /// Other integrations make so many requests an hour.
    Others(u64),
    /// Long pages lose rows on the way.
    ShortPages,
}

/// What is wrong at the moment, and until when.
#[derive(Debug, Default)]
pub struct Weather {
    active: Vec<(Trouble, Duration)>,
}

impl Trouble {
    /// Something that may go wrong, and for how long.
    pub fn any(rng: &mut Rng) -> (Trouble, Duration) {
        let minutes = match rng.u8(..20) {
            0..10 => rng.u64(5..120),
            10..17 => rng.u64(120..1200),
            _ => rng.u64(1200..3000),
        };
        (Trouble::of_any_kind(rng), Duration::from_secs(minutes * 60))
    }

    fn of_any_kind(rng: &mut Rng) -> Trouble {
        let rule = match rng.u8(..24) {
            0 | 1 => Fault::CutConnection.into(),
            2 | 3 => Fault::WrongAuth.into(),
            4 => Fault::RateLimited.amount(rng.u64(1..900)),
            5 => Fault::HourlyLimit.into(),
            6 => return Trouble::Others(rng.u64(OTHERS)),
            7 => Fault::BusyHour.into(),
            8 => Fault::Restricted.on(an_entity(rng)),
            9 => Fault::NoRows.on(an_entity(rng)),
            10 => return Trouble::ShortPages,
            11 => Fault::CutAnswer.into(),
            12 => Fault::TruncatedJson.into(),
            13 => Fault::TransientError.into(),
            14 => Fault::ErrorsIn200.into(),
            15 => Fault::IgnoredFilter.into(),
            16 => Fault::NoPermission.on(an_entity(rng)),
            17 => Fault::Forbidden.on(an_entity(rng)),
            18 => Fault::NoCosts.into(),
            19 => Fault::HtmlNotFound.into(),
            20 => Fault::ZoneMoved.into(),
            21 => Fault::Slow.amount(rng.u64(100..150_000)),
            22 => Fault::NumericAccess.into(),
            // A glitch: over by itself after some requests, in the middle of a run.
            _ => {
                let glitches = [
                    Fault::CutConnection,
                    Fault::TruncatedJson,
                    Fault::TransientError,
                    Fault::RateLimited,
                    Fault::WrongAuth,
                    Fault::CutAnswer,
                ];
                glitches[rng.usize(..glitches.len())].times(rng.u32(1..12))
            }
        };
        Trouble::Fault(rule)
    }

    fn begin(self, tenant: &Tenant, wire: &Wire) {
        match self {
            Trouble::Fault(rule) => tenant.faults().set(rule),
            Trouble::Others(_) => {}
            Trouble::ShortPages => wire.lose_rows(true),
        }
    }

    fn end(self, tenant: &Tenant, wire: &Wire) {
        match self {
            Trouble::Fault(rule) => tenant.faults().clear_one(rule.fault),
            Trouble::Others(_) => {}
            Trouble::ShortPages => wire.lose_rows(false),
        }
    }

    /// Whether an answer may leave out what is there, or bring what was not asked for.
    fn lies(self) -> bool {
        match self {
            Trouble::Fault(rule) => {
                matches!(rule.fault, Fault::Restricted | Fault::NoRows | Fault::IgnoredFilter)
            }
            Trouble::Others(_) => false,
            Trouble::ShortPages => true,
        }
    }

    /// Whether what an answer leaves out is not allowed to be seen, and Autotask says so.
    fn closes(self) -> bool {
        let Trouble::Fault(rule) = self else { return false };
        matches!(rule.fault, Fault::NoPermission | Fault::Forbidden)
    }

    fn name(self) -> String {
        match self {
            Trouble::Fault(rule) => rule.to_string(),
            Trouble::Others(requests) => format!("others make {requests} requests an hour"),
            Trouble::ShortPages => "long pages lose rows".to_owned(),
        }
    }
}

impl Weather {
    /// Lets something go wrong until `until`. Says what; none where it already does.
    pub fn begin(
        &mut self,
        trouble: Trouble,
        until: Duration,
        tenant: &Tenant,
        wire: &Wire,
    ) -> Option<String> {
        let is_same = |other: &Trouble| match (other, &trouble) {
            (Trouble::Fault(one), Trouble::Fault(other)) => one.fault == other.fault,
            (Trouble::Others(_), Trouble::Others(_)) => true,
            (Trouble::ShortPages, Trouble::ShortPages) => true,
            _ => false,
        };
        if self.active.iter().any(|(other, _)| is_same(other)) {
            return None;
        }
        trouble.begin(tenant, wire);
        self.active.push((trouble, until));
        Some(trouble.name())
    }

    /// Ends what is over by `now`. Says what.
    pub fn clear(&mut self, now: Duration, tenant: &Tenant, wire: &Wire) -> Vec<String> {
        let (over, active) = self.active.drain(..).partition(|(_, until)| *until <= now);
        self.active = active;
        let over: Vec<(Trouble, Duration)> = over;
        for (trouble, _) in &over {
            trouble.end(tenant, wire);
        }
        over.into_iter().map(|(trouble, _)| trouble.name()).collect()
    }

    /// When the next thing is over.
    pub fn next_end(&self) -> Option<Duration> {
        self.active.iter().map(|(_, until)| *until).min()
    }

    /// Whether nothing is wrong.
    pub fn is_calm(&self) -> bool {
        self.active.is_empty()
    }

    /// Whether answers may be wrong without saying so.
    pub fn lies(&self) -> bool {
        self.active.iter().any(|(trouble, _)| trouble.lies())
    }

    /// Whether Autotask tells that something must not be read.
    pub fn closes(&self) -> bool {
        self.active.iter().any(|(trouble, _)| trouble.closes())
    }

    /// Requests of other integrations in the last hour.
    pub fn others(&self) -> u64 {
        let others = self.active.iter().filter_map(|(trouble, _)| match trouble {
            Trouble::Others(requests) => Some(*requests),
            _ => None,
        });
        others.max().unwrap_or(0)
    }
}

fn an_entity(rng: &mut Rng) -> Entity {
    let entities = [
        Entity::Contracts,
        Entity::Companies,
        Entity::ContractServices,
        Entity::ContractServiceUnits,
        Entity::ContractServiceBundles,
        Entity::ContractRetainers,
        Entity::Services,
        Entity::Currencies,
    ];
    entities[rng.usize(..entities.len())]
}
