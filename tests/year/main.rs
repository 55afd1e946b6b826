//! A year of a daemon that nobody looks after, on a clock that the test moves: hundreds of clients
//! with auto-sync on, people who change things in Autotask and here, and whatever may go wrong in
//! between, all from a seed. After everything that happens it is judged whether all still holds
//! (`invariants`); `proofs` shows that what does not hold is noticed.
//!
//! ```text
//! world, events, judge           days, what happens on them, and what is looked at after each
//!  ├ upstream, edits             Autotask, people there, and the account of it
//!  ├ history, money, expected    what lines are, day by day, and what contracts must say for it
//!  ├ operator, settings          people here, and what the daemon acknowledged to them
//!  ├ faults, clock, wire         what goes wrong; time; every request, written down
//!  ├ life                        one daemon from its start to its end
//!  └ invariants, effects, snapshot, trace
//!                                what must hold; what a restart must leave; what happened
//! ```

#![cfg(feature = "demo")]
#![expect(clippy::arithmetic_side_effects, reason = "a test that cannot count fails")]

#[path = "../in_process/support/transport.rs"]
mod transport;

mod clock;
mod edits;
mod effects;
mod events;
mod expected;
mod faults;
mod history;
mod invariants;
mod judge;
mod life;
mod money;
mod operator;
mod proofs;
mod settings;
mod snapshot;
mod trace;
mod upstream;
mod wire;
mod world;

use std::env;
use std::fmt::Write as _;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use trace::first_difference;
use world::{Scale, World};

/// A fifth of the year goes by sooner than with the system's.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What `cargo test` lives through: few clients, so that it is soon over also without optimisation.
const SMALL: Scale = Scale { clients: 10, days: 365 };

/// The size that an MSP has.
const FULL: Scale = Scale { clients: 300, days: 365 };

/// The size of which a hundred seeds are lived through.
const MIDDLE: Scale = Scale { clients: 40, days: 365 };

/// How often what must have been judged in a year of one client, at the least: a check that never
/// looks proves nothing.
const RUNS_A_CLIENT: u64 = 150;

/// Lives through the year of a seed. Gives its trace, or what was broken and how to see it again.
fn live(seed: u64, scale: Scale, aloud: bool) -> Result<World, String> {
    let mut world = World::begin(seed, scale);
    world.trace.aloud = aloud;
    let lived = world.switch_all_on().and_then(|()| world.live(scale.days));
    let lived = lived.and_then(|()| world.end());
    match lived {
        Ok(()) => Ok(world),
        Err(broken) => Err(told(seed, scale, &world, &broken.to_string())),
    }
}

fn told(seed: u64, scale: Scale, world: &World, broken: &str) -> String {
    let Scale { clients, days } = scale;
    let zone = env::var("TZ").map(|zone| format!("TZ={zone} ")).unwrap_or_default();
    let tail = world.trace.tail();
    format!(
        "seed {seed} fails after this:\n{tail}{broken}\nto see it again:\n  {zone}\
         LMSYNCD_YEAR_SEED={seed} LMSYNCD_YEAR_CLIENTS={clients} LMSYNCD_YEAR_DAYS={days} \
         cargo test --test year -- --ignored one_seed --nocapture\n"
    )
}

/// A year of a seed, in which enough must have happened for it to prove anything.
fn pass(seed: u64, scale: Scale) -> World {
    let world = live(seed, scale, false).unwrap_or_else(|told| panic!("{told}"));
    let clients = scale.clients as u64;
    let (counts, judged, traffic) =
        (&world.counts, &world.watch.judged, world.ground.wire.traffic());
    let seen = format!("{counts:?} {judged:?} {traffic:?} {} refused", world.desk.refused);
    assert!(judged.runs >= clients * RUNS_A_CLIENT, "{seen}");
    assert!(judged.punctual >= clients * RUNS_A_CLIENT, "{seen}");
    assert!(judged.contracts > judged.runs, "{seen}");
    assert!(judged.tombstones > 10 && counts.faults > 30 && counts.edits > 300, "{seen}");
    assert!(counts.kills > 5 && counts.restarts > 3 && counts.steps > 3, "{seen}");
    assert!(world.desk.refused > 5 && world.desk.acknowledged > 100, "{seen}");
    world
}

#[test]
fn a_year_of_seed_1() {
    pass(1, SMALL);
}

#[test]
fn a_year_of_seed_2() {
    pass(2, SMALL);
}

#[test]
fn a_year_of_seed_3() {
    pass(3, SMALL);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let scale = Scale { clients: 12, days: 40 };
    let lives: Vec<World> = [5, 5, 6]
        .into_iter()
        .map(|seed| live(seed, scale, false).unwrap_or_else(|told| panic!("{told}")))
        .collect();
    let [one, same, other] = [0, 1, 2].map(|place: usize| lives[place].trace.hashes());
    assert!(one.len() > 300, "{} lines", one.len());
    assert_eq!(first_difference(one, same), None);
    assert!(first_difference(one, other).is_some());
}

/// `cargo test --test year -- --ignored a_full_year`, as `.ci/run` does.
#[test]
#[ignore = "takes several minutes"]
fn a_full_year() {
    pass(1, FULL);
}

/// `cargo test --test year -- --ignored a_hundred_seeds`
#[test]
#[ignore = "takes long"]
fn a_hundred_seeds() {
    let (next, failed) = (AtomicU64::new(100), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= 200 {
                        return;
                    }
                    let lived = catch_unwind(|| live(seed, MIDDLE, false).map(drop));
                    let lived = lived.unwrap_or_else(|_| Err(format!("seed {seed} panics\n")));
                    if let Err(told) = lived {
                        failed.lock().expect("the list").push((seed, told));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().expect("the list");
    failed.sort();
    let told = failed.iter().fold(String::new(), |mut all, (_, told)| {
        let _ = writeln!(all, "{told}");
        all
    });
    assert!(failed.is_empty(), "{told}{} of 100 seeds fail", failed.len());
}

/// Lives through the year of one seed, and says what happens: see the command that a failure shows.
#[test]
#[ignore = "for looking into the seed LMSYNCD_YEAR_SEED"]
fn one_seed() {
    let number = |name: &str, or: u64| match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => or,
    };
    let scale = Scale {
        clients: usize::try_from(number("LMSYNCD_YEAR_CLIENTS", 10)).expect("in range"),
        days: u32::try_from(number("LMSYNCD_YEAR_DAYS", 365)).expect("in range"),
    };
    let lived = live(number("LMSYNCD_YEAR_SEED", 1), scale, true);
    lived.map(drop).unwrap_or_else(|told| panic!("{told}"));
}
