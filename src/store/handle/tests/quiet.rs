//! Runs that found nothing to do: one line for many, and each of them as if it had its own.

use std::fs;

use super::super::super::open::Settings;
use super::super::super::testing::quiet::{as_group, quiet};
use super::super::super::testing::{Answers, Place, at, commit, note};
use super::super::super::{Commit, Committed, Store, StoreError};
use crate::model::{ClientId, RunId};

/// A store with forty clients, each of which had a run already, and one night of all of them.
fn night(store: &Store, seconds: i64) -> Vec<Result<Committed, StoreError>> {
    let runs = (100..140).map(|client| quiet(store, client, seconds)).collect();
    as_group(store, note(store, "A1", &seconds.to_string()), runs)
}

#[test]
fn a_night_without_changes_is_one_line_of_less_than_100_bytes_a_client() {
    let place = Place::new();
    let (store, _) = place.open();
    for seconds in [0, 86_400] {
        let before = place.lines(1).len();
        let told = night(&store, seconds);
        let lines = place.lines(1);
        assert_eq!(lines.len(), before + 2, "the note, and the night");
        let line = &lines[before + 1];
        assert!(line.len() < 40 * 100, "{} bytes", line.len());
        let told: Vec<Committed> = told.into_iter().map(|told| told.expect("stored")).collect();
        let runs: Vec<RunId> = told.iter().filter_map(|told| told.run).collect();
        let last = store.runs(None, 40).expect("read");
        assert_eq!(last.iter().rev().filter_map(|run| run.id).collect::<Vec<_>>(), runs);
        assert!(told.iter().all(|told| told.seq == store.head().seq));
        for (client, run) in (100..140).zip(runs) {
            let client = ClientId(client);
            let record = store.run(run).expect("read").expect("there");
            assert!(record.whole && record.changes.is_empty());
            assert_eq!((record.run.client.id, record.run.counts.unchanged), (client, 32));
            let state = store.client(client).expect("read").expect("there");
            assert_eq!(state.last_synced, Some(record.run.ended));
            assert!(state.auto_sync && state.next_run > state.last_synced);
        }
    }
    let json = fs::read_to_string(place.dir().join("store.json")).expect("read");
    assert!(json.contains(r#""format":4"#), "{json}");
    let answers = Answers::of(&store);
    drop(store);
    // The same of the ledger alone, and of what is told by what the index has.
    fs::remove_dir_all(place.index()).expect("removed");
    drop(place.open());
    fs::remove_file(place.dir().join("store.json")).expect("removed");
    let (store, _) = place.open();
    assert_eq!(Answers::of(&store), answers);
    assert!(store.check().expect("checked").is_sound());
    let json = fs::read_to_string(place.dir().join("store.json")).expect("read");
    assert!(json.contains(r#""format":4"#), "{json}");
}

#[test]
fn of_a_line_each_run_is_refused_by_itself() {
    let place = Place::new();
    let (store, _) = place.open();
    let wrong = |mut commit: Commit| {
        commit.clients[0].before = commit.clients[0].after.clone();
        commit
    };
    let runs = vec![
        quiet(&store, 1, 0),
        wrong(quiet(&store, 2, 0)),
        quiet(&store, 3, 0),
        quiet(&store, 1, 0),
        quiet(&store, 4, 0),
    ];
    let told = as_group(&store, note(&store, "A1", "x"), runs);
    let runs: Vec<Option<u64>> =
        told.iter().map(|told| told.as_ref().ok()?.run.map(|run| run.0)).collect();
    assert_eq!(runs, [Some(1), None, Some(2), None, Some(3)]);
    for (number, client) in [(1, 2), (3, 1)] {
        let conflict = format!("client {client}");
        assert!(matches!(&told[number], Err(StoreError::Conflict(what)) if *what == conflict));
    }
    assert_eq!(store.client(ClientId(2)).expect("read"), None);
    assert_eq!(place.lines(1).len(), 2);
    // One alone has a line as ever.
    let runs = vec![quiet(&store, 9, 0), wrong(quiet(&store, 2, 0))];
    let told = as_group(&store, note(&store, "A1", "y"), runs);
    assert_eq!(told[0].as_ref().expect("stored").run, Some(RunId(4)));
    assert!(told[1].is_err());
    assert!(place.lines(1).last().is_some_and(|line| !line.contains("quiet")));
}

#[test]
fn what_else_is_written_keeps_its_place_among_quiet_runs() {
    let place = Place::new();
    let (store, _) = place.open();
    let edit = |item| Commit { at: commit().at, ..note(&store, item, "x") };
    let runs = vec![
        quiet(&store, 1, 0),
        quiet(&store, 2, 0),
        edit("A2"),
        quiet(&store, 3, 0),
        quiet(&store, 4, 7),
        quiet(&store, 5, 7),
    ];
    let told = as_group(&store, note(&store, "A1", "x"), runs);
    let told: Vec<(u64, Option<u64>)> = told
        .into_iter()
        .map(|told| told.map(|told| (told.seq, told.run.map(|run| run.0))).expect("stored"))
        .collect();
    let wanted = [(2, Some(1)), (2, Some(2)), (3, None), (4, Some(3)), (5, Some(4)), (5, Some(5))];
    assert_eq!(told, wanted);
    let answers = Answers::of(&store);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    assert_eq!(Answers::of(&place.open().0), answers);
}

#[test]
fn a_torn_line_of_runs_takes_none_of_them_half() {
    let place = Place::new();
    let (store, _) = place.open();
    night(&store, 0);
    store.commit_blocking(note(&store, "A2", "x")).expect("stored");
    let before = Answers::of(&store);
    night(&store, 86_400);
    drop(store);
    // The index as it was is gone too.
    fs::remove_dir_all(place.index()).expect("removed");
    fs::remove_file(place.record()).expect("removed");
    let mut text = fs::read_to_string(place.segment(1)).expect("read");
    text.truncate(text.len() - 40);
    fs::write(place.segment(1), text).expect("written");
    let (store, _) = place.open();
    let after = Answers::of(&store);
    assert_eq!((after.clients, after.runs), (before.clients, before.runs));
}

#[test]
fn a_lost_line_between_two_nights_costs_the_later_one_nothing() {
    let place = Place::new();
    let (store, _) = place.open();
    night(&store, 0);
    store.commit_blocking(note(&store, "A2", "x")).expect("stored");
    night(&store, 86_400);
    let before = Answers::of(&store);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    let mut lines = place.lines(1);
    lines[1] = lines[1].replace("Client", "##ient");
    place.put_lines(1, &lines);
    let accepts_loss = Settings { accepts_loss: true, ..Settings::default() };
    let (store, _) = Store::open_with(&place.dir(), at(20), accepts_loss).expect("it opens");
    assert_eq!(store.clients().expect("read"), before.clients);
    let last = store.runs(None, 40).expect("read");
    assert_eq!(last, before.runs[..40].iter().map(|run| run.run.clone()).collect::<Vec<_>>());
}

#[test]
fn pruning_and_the_past_know_of_quiet_runs() {
    let place = Place::new();
    let (store, _) = place.open();
    night(&store, 0);
    let first = store.clients().expect("read");
    night(&store, 86_400);
    let moment = at(80_000);
    assert_eq!(store.state_as_of(moment).expect("known").clients, first);
    let now = store.clients().expect("read");
    store.prune_blocking(moment, false).expect("pruned");
    assert_eq!(store.clients().expect("read"), now);
    assert_eq!(store.head().seq, 4);
    let answers = Answers::of(&store);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    let (store, _) = place.open();
    assert_eq!(Answers::of(&store).runs, answers.runs);
    assert!(store.check().expect("checked").is_sound());
}
