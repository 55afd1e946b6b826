//! Every point at which the disk can fail: of all that a store does, each change of a file in turn
//! fails, is torn, is lost, or is the one at which the power fails.
//!
//! Afterwards, what was acknowledged is there, nothing is there in part, what reported failure is not
//! carried out, and no word denies a loss. What the store then goes on from is on the disk, too: the
//! power fails once more.
//!
//! `LMSYNCD_TEST_POINTS=all` tries each fault at each point; without it every point is tried, but each
//! with some of the faults only.

mod cases;

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use self::cases::IN_BACKUP;
use super::Store;
use crate::store::archive::restore;
use crate::store::testing::disk::{EIO, Fault, Installed, SimulatedDisk, Unsynced};
use crate::store::testing::{Answers, Place, copy, fill};
use crate::store::{Opening, StoreError};

/// A disk that is full.
const ENOSPC: i32 = nix::libc::ENOSPC;

/// What a store is asked to do.
struct Case {
    name: &'static str,
    /// What it is made of, once.
    before: fn() -> Place,
    /// How many commits that holds, at least and at most.
    holds: (u64, u64),
    /// Whether only the index holds what a line of it held.
    needs_index: bool,
    /// What it does, in the folder.
    act: fn(&Path, &mut Told),
}

/// What was told by the store before it ended.
#[derive(Debug, Default)]
struct Told {
    /// The last commit that was acknowledged.
    stored: u64,
    /// The last that was tried.
    tried: u64,
    /// What became of a pruning.
    pruned: Option<End>,
    /// What became of a restore.
    restored: Option<End>,
    /// Daily backups, and what became of them.
    backups: Vec<(PathBuf, End)>,
    /// Acts that were noted.
    acts: usize,
}

/// What was told of the end of something.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Done,
    Failed,
    /// It failed, and may be found done later.
    Open,
}

impl End {
    fn of<T>(result: &Result<T, StoreError>) -> End {
        match result {
            Ok(_) => End::Done,
            Err(StoreError::NotTakenBack { .. }) => End::Open,
            Err(_) => End::Failed,
        }
    }
}

/// What each number of commits comes to.
static ANSWERS: LazyLock<BTreeMap<u64, Answers>> = LazyLock::new(|| {
    let place = Place::new();
    let (store, _) = place.open();
    (0..16)
        .map(|seq| {
            fill(&store, u64::from(seq > 0));
            (seq, Answers::of(&store))
        })
        .collect()
});

/// One run of a case.
struct Run {
    place: Place,
    disk: Installed,
    told: Told,
}

impl Run {
    /// Runs a case in a copy of the folder that it begins with, with one fault.
    fn of(case: &Case, before: &Path, number: usize, fault: Fault) -> Run {
        let place = Place::new();
        copy(before, place.dir().parent().expect("a folder"));
        let disk = SimulatedDisk::under(&place.dir());
        disk.arm(number, fault);
        let (stored, tried) = case.holds;
        let mut told = Told { stored, tried, ..Told::default() };
        (case.act)(&place.dir(), &mut told);
        Run { place, disk, told }
    }

    /// Opens what is left, and holds it to what was told. `lost` is whether the disk lied, and `dark`
    /// whether nobody was told of a failure, as the power had failed.
    fn judge(self, case: &Case, lost: bool, dark: bool) {
        let Run { place, disk, told } = self;
        let (store, opening) = match place.try_open() {
            Ok(opened) => opened,
            Err(error) => {
                assert!(lost || case.name == "repair", "it opens: {error}");
                let is_refusal =
                    matches!(error, StoreError::Damaged { .. } | StoreError::Emptied { .. });
                assert!(is_refusal, "{error}");
                return;
            }
        };
        let seq = store.head().seq;
        let is_restored = seq == IN_BACKUP && told.restored.is_some();
        match told.restored {
            Some(End::Done) => assert!(is_restored || lost, "the restore was told as done"),
            Some(End::Failed) => assert!(dark || !is_restored, "a failed restore is carried out"),
            Some(End::Open) | None => {}
        }
        let denies = opening.remarks().iter().any(|remark| {
            remark.contains("nothing is lost") || remark.contains("no contract and no note is lost")
        });
        if !is_restored {
            assert!(seq >= told.stored || lost && !denies, "{seq} of {}: {opening:?}", told.stored);
            assert!(seq <= told.tried, "{seq}, and {} was the last", told.tried);
        }
        match told.pruned {
            Some(End::Done) => assert!(lost || store.since().is_some(), "pruned, and is not"),
            Some(End::Failed) => assert!(dark || store.since().is_none(), "failed, and is pruned"),
            Some(End::Open) | None => {}
        }
        for (path, written) in &told.backups {
            match written {
                End::Done if !lost => {
                    let file = File::open(path).expect("a backup that was told as written");
                    restore::read_through(file, path).expect("whole");
                }
                End::Failed => assert!(dark || !path.exists(), "a backup that failed is there"),
                End::Done | End::Open => {}
            }
        }
        let (acts, _) = store.acts().expect("read");
        assert!(lost || acts.len() >= told.acts, "{acts:?} of {}", told.acts);
        holds_all(&store, &opening);
        // What it goes on from is on the disk.
        fill(&store, 1);
        disk.stop();
        drop(store);
        disk.lose_power(Unsynced::Gone, false);
        let (store, opening) = place.try_open().expect("it opens after another loss of power");
        assert_eq!(store.head().seq, seq + 1);
        holds_all(&store, &opening);
    }
}

/// Whether the store answers as one with so many commits does.
fn holds_all(store: &Store, opening: &Opening) {
    let (mut is, mut should) = (Answers::of(store), ANSWERS[&store.head().seq].clone());
    let is_short = store.since().is_some();
    for answers in [&mut is, &mut should] {
        // Where the lines stand is not the same.
        (answers.head.records, answers.head.digest) = (0, String::new());
        if is_short {
            (answers.histories, answers.runs) = (Vec::new(), Vec::new());
        }
    }
    assert_eq!(is, should, "{opening:?}");
    assert_eq!(store.check().expect("checked").faults, [""; 0], "{opening:?}");
}

/// The faults that are tried, and what of the unsynced is there afterwards.
fn faults(number: usize) -> Vec<(Fault, Option<(Unsynced, bool)>)> {
    let seed = number as u64;
    let some = Unsynced::InPart;
    vec![
        (Fault::Fails(EIO), None),
        (Fault::PowerFails, Some((Unsynced::Gone, true))),
        (Fault::FailsForGood(ENOSPC), None),
        (Fault::PowerFails, Some((some(seed), false))),
        (Fault::FailsDone, None),
        (Fault::IsLost, Some((Unsynced::Gone, true))),
        (Fault::PowerFails, Some((Unsynced::Gone, false))),
        (Fault::Fails(ENOSPC), Some((Unsynced::Gone, false))),
        (Fault::PowerFails, Some((some(!seed), true))),
        (Fault::FailsDone, Some((some(seed), false))),
        (Fault::IsLost, Some((Unsynced::Gone, false))),
        (Fault::FailsForGood(EIO), Some((Unsynced::Gone, true))),
    ]
}

/// Tries a case with each fault at each change.
fn every_point(case: &Case) {
    let template = (case.before)();
    let before = template.dir();
    let before = before.parent().expect("a folder");
    let all = env::var("LMSYNCD_TEST_POINTS").is_ok_and(|which| which == "all");
    let mut runs = 0;
    for number in 0.. {
        let faults = faults(number);
        // Each point meets one of the twelve, and each fault every twelfth point, unless all are asked
        // for.
        let chosen = faults.iter().enumerate().filter(|(at, _)| all || at % 12 == number % 12);
        let mut met = false;
        for (_, (fault, power)) in chosen {
            let run = Run::of(case, before, number, *fault);
            let Some(what) = run.disk.met() else { continue };
            met = true;
            runs += 1;
            run.disk.heal();
            if let Some((unsynced, keeps_index)) = power {
                run.disk.lose_power(*unsynced, *keeps_index || case.needs_index);
            }
            let (lost, dark) = (*fault == Fault::IsLost, *fault == Fault::PowerFails);
            let judged = std::panic::AssertUnwindSafe(|| run.judge(case, lost, dark));
            if let Err(panic) = std::panic::catch_unwind(judged) {
                let why = crate::model::panic_message(&*panic);
                let point = format!("change {number}, {what}: {fault:?}, {power:?}");
                panic!("{}: {point}: {why}", case.name);
            }
        }
        if !met {
            break;
        }
    }
    assert!(runs > 10, "{}: only {runs} faults were met", case.name);
    let told = writeln!(std::io::stderr(), "{}: {runs} failing changes", case.name);
    told.expect("told");
}
