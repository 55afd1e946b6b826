//! Every value that the model can hold reads back, through JSON and through bincode, or is refused;
//! what this program does not know is refused by name.

use chrono::NaiveDate;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;

use super::super::codec;
use super::super::v1::RunEntryV1;
use super::*;
use crate::model::{
    BillingCycle, HeldChange, HeldChanges, Ignored, ItemFlags, ItemKind, Kind, Pause,
    PendingApproval, PendingState, Quarantine, Rejection, UdfName,
};
use crate::store::testing;

fn any_key() -> impl Strategy<Value = ItemKey> {
    (select(&ItemKind::ALL), 0..i64::MAX).prop_map(|(kind, id)| ItemKey::new(kind, id))
}

fn any_moment() -> impl Strategy<Value = DateTime<Utc>> {
    (-2_000_000_000i64..200_000_000_000, select(vec![0, 1, 500_000_000, 999_999_999]))
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).expect("in range"))
}

fn any_value(field: Field) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Text => ".{0,40}".prop_map(Value::Text).boxed(),
        Kind::Number => (any::<i64>(), 0u32..10)
            .prop_map(|(number, scale)| Value::Number(Decimal::new(number, scale)))
            .boxed(),
        Kind::Date => (0i32..3_000_000)
            .prop_map(|day| Value::Date(NaiveDate::from_num_days_from_ce_opt(day).expect("a day")))
            .boxed(),
        Kind::Cycle => any::<i64>()
            .prop_map(|n| {
                let known = [BillingCycle::Monthly, BillingCycle::None, BillingCycle::OneTime];
                Value::Cycle(*known.get(n as usize).unwrap_or(&BillingCycle::Unknown(n)))
            })
            .boxed(),
        Kind::Impact => select(vec!["unspecified", "low", "medium", "high"])
            .prop_map(|text| Kind::Impact.parse(text).expect("an impact"))
            .boxed(),
        Kind::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
        Kind::Days => any::<u32>().prop_map(Value::Days).boxed(),
        Kind::Tags => proptest::collection::btree_set("[a-z]{1,8}", 0..4)
            .prop_map(|tags| Value::Tags(tags.into_iter().collect()))
            .boxed(),
    }
}

fn any_field() -> impl Strategy<Value = Field> {
    let udf = "[a-z][a-z0-9_]{0,2}";
    let udf = udf.prop_map(|name| Field::Udf(UdfName::new(&name).expect("a name")));
    prop_oneof![4 => select(&Field::ALL), 1 => udf]
}

fn any_fields() -> impl Strategy<Value = Fields> {
    let field = any_field();
    let pair = field.prop_flat_map(|field| any_value(field).prop_map(move |v| (field, v)));
    vec(pair, 0..8).prop_map(|pairs| pairs.into_iter().collect())
}

prop_compose! {
    fn any_contract()(
        key in any_key(), client: i64, parent in option::of(any_key()),
        origin in select(vec![Origin::Autotask, Origin::Unlinked, Origin::Local]),
        source in any_fields(), overrides in any_fields(), local in any_fields(),
        created in any_moment(), synced in option::of(any_moment()), changed in any_moment(),
        vanished in option::of(any_moment()),
    ) -> Contract {
        let client = ClientId(client);
        Contract {
            key, client, parent, origin, source, overrides, local, created, synced, changed,
            vanished,
        }
    }
}

prop_compose! {
    fn any_client()(
        id: i64, name in ".{0,20}", auto_sync: bool,
        at in option::of((0u32..86_400, select(vec![0u32, 1, 250_000_000]))),
        moments in vec(option::of(any_moment()), 5), failures: u32,
        last_error in option::of((select(&Code::ALL), ".{0,30}")),
    ) -> ClientState {
        ClientState {
            client: ClientRef { id: ClientId(id), name },
            auto_sync,
            at: at.and_then(|(s, n)| NaiveTime::from_num_seconds_from_midnight_opt(s, n)),
            last_tried: moments[0],
            last_synced: moments[1],
            last_full: moments[2],
            last_changed: moments[3],
            next_run: moments[4],
            failures,
            last_error: last_error.map(|(code, message)| LastError { code, message }),
        }
    }
}

prop_compose! {
    fn any_run()(
        id in 1..u64::MAX, client: i64, name in ".{0,20}", started in any_moment(),
        ended in any_moment(), counts in vec(any::<u32>(), 6), uid: Option<u32>, pid: Option<u32>,
        trigger in select(vec![Trigger::Manual, Trigger::Auto]),
        result in select(vec![RunResult::Ok, RunResult::Partial, RunResult::Held, RunResult::Failed]),
        error in option::of((select(&Code::ALL), ".{0,30}")),
        rejects in btree_map(any_key(), (option::of(any_key()), "[a-zA-Z]{1,9}", ".{0,30}"), 0..4),
    ) -> Run {
        Run {
            id: Some(RunId(id)),
            client: ClientRef { id: ClientId(client), name: name.clone() },
            trigger,
            actor: Actor { uid, name, pid },
            started,
            ended,
            result,
            counts: Counts {
                created: counts[0], updated: counts[1], unchanged: counts[2], vanished: counts[3],
                rejected: counts[4],
            },
            requests: counts[5],
            error: error.map(|(code, message)| LastError { code, message }),
            rejects: rejects
                .into_iter()
                .map(|(key, (parent, field, reason))| Reject { key, parent, field, reason })
                .collect(),
        }
    }
}

prop_compose! {
    fn any_flags()(
        item in any_key(), client: i64,
        ignored in option::of((option::of(0i32..3_000_000), option::of(".{0,20}"), ".{0,9}", any_moment())),
        hold in option::of((any::<u64>(), ".{0,9}", any_moment())),
        quarantine in option::of((".{0,9}", ".{0,20}", any_moment())),
    ) -> ItemFlags {
        let day = |day| NaiveDate::from_num_days_from_ce_opt(day).expect("a day");
        ItemFlags {
            key: item,
            client: ClientId(client),
            ignored: ignored.map(|(until, reason, by, at)| {
                Ignored { until: until.map(day), reason, by, at }
            }),
            hold: hold.map(|(run, by, at)| PendingApproval { run: RunId(run), by, at }),
            quarantine: quarantine.map(|(field, reason, since)| Quarantine { field, reason, since }),
        }
    }
}

prop_compose! {
    fn any_item()(
        item in any_key(), parent in option::of(any_key()), state in 0usize..4,
        (field, from, to) in any_field().prop_flat_map(|field| {
            (Just(field), option::of(any_value(field)), option::of(any_value(field)))
        }),
        reason in option::of(".{0,20}"),
    ) -> HeldChange {
        let state = PendingState::ALL.into_iter().filter(|state| state.can_apply()).nth(state);
        HeldChange {
            key: item,
            parent,
            state: state.expect("four can be applied"),
            changes: vec![FieldChange { field, from, to }],
            reason,
        }
    }
}

prop_compose! {
    fn any_held()(
        (client, run, since) in (any::<i64>(), any::<u64>(), any_moment()),
        items in vec(any_item(), 0..4),
        rejected in option::of((".{0,9}", any_moment(), option::of(".{0,20}"))),
    ) -> HeldChanges {
        HeldChanges {
            client: ClientId(client),
            run: RunId(run),
            since,
            items,
            rejected: rejected.map(|(by, at, reason)| Rejection { by, at, reason }),
        }
    }
}

prop_compose! {
    fn any_pause()(
        (client, until) in (option::of(any::<i64>()), option::of(any_moment())),
        (by, at, ended) in (".{0,9}", any_moment(), option::of(any_moment())),
    ) -> Pause {
        Pause { client: client.map(ClientId), until, by, at, ended }
    }
}

/// A stored value after a way through JSON and one through bincode.
fn stored<T: codec::Stored + PartialEq + std::fmt::Debug>(value: T) -> T {
    let json = serde_json::to_vec(&value).expect("written");
    let read: T = serde_json::from_slice(&json).expect("read");
    assert_eq!(read, value);
    codec::decode(&codec::encode(&read).expect("encoded")).expect("decoded")
}

proptest! {
    #[test]
    fn a_contract_reads_back(live in any_contract()) {
        prop_assert_eq!(contract(&stored(contract_v1(&live))), Ok(live));
    }

    #[test]
    fn a_client_reads_back(live in any_client()) {
        prop_assert_eq!(client(&stored(client_v1(&live))), Ok(live));
    }

    #[test]
    fn flags_read_back(live in any_flags()) {
        prop_assert_eq!(flags(&stored(flags_v1(&live))), Ok(live));
    }

    #[test]
    fn held_changes_read_back(live in any_held()) {
        let memo = stored(held_v1(&live));
        prop_assert_eq!(held(&memo), Ok(live.clone()));
        prop_assert!(pause(&memo).is_err());
        let key = memo_key(&memo).expect("readable");
        prop_assert_eq!(key, MemoKey::Held(live.client, live.run));
        prop_assert_eq!(MemoKey::read(&key.to_string()), Ok(key));
    }

    #[test]
    fn a_pause_reads_back(live in any_pause()) {
        let memo = stored(pause_v1(&live));
        prop_assert_eq!(pause(&memo), Ok(live.clone()));
        prop_assert!(held(&memo).is_err());
        let key = memo_key(&memo).expect("readable");
        prop_assert_eq!(key, MemoKey::Pause(live.client));
        prop_assert_eq!(MemoKey::read(&key.to_string()), Ok(key));
    }

    #[test]
    fn a_change_reads_back(
        item in any_key(),
        (field, from, to) in any_field().prop_flat_map(|field| {
            (Just(field), option::of(any_value(field)), option::of(any_value(field)))
        }),
    ) {
        let live = FieldChange { field, from, to };
        let back = change(&change_v1(item, &live));
        prop_assert_eq!(back, Ok(Change { key: item, change: live }));
    }

    #[test]
    fn a_run_reads_back(live in any_run(), seq: u64) {
        let number = live.id.expect("numbered").0;
        let entry = RunEntryV1 { run: run_v1(&live, number), seq, place: None };
        prop_assert_eq!(run(&stored(entry).run), Ok(live));
    }
}

#[test]
fn user_defined_fields_and_frozen_contracts_have_their_names() {
    let udf = UdfName::new("account_manager").map(Field::Udf).expect("a name");
    let mut live = testing::contract("A1", 5, "x");
    live.origin = Origin::Unlinked;
    live.source.insert(udf, Value::Text("Dana".to_owned()));
    live.overrides.insert(udf, Value::Text("Kim".to_owned()));
    let stored = contract_v1(&live);
    assert_eq!(stored.origin, "unlinked");
    let pair = |who: &str| ("udf.account_manager".to_owned(), who.to_owned());
    assert!(stored.source.contains(&pair("Dana")));
    assert_eq!(stored.overrides, [pair("Kim")]);
    assert_eq!(contract(&stored), Ok(live));
    // One way to write it here too.
    for name in ["UDF.account_manager", "udf.account-manager", "udf.", "account_manager"] {
        assert!(field(name).is_err(), "{name}");
    }
}

#[test]
fn money_keeps_its_own_digits() {
    let stored = contract_v1(&testing::contract("A1", 5, "x"));
    assert!(stored.source.contains(&("billing_cost".to_owned(), "482.60".to_owned())));
    let back = contract(&stored).expect("read");
    assert_eq!(back.text(Field::BillingCost), "482.60");
}

#[test]
fn what_this_program_does_not_know_is_refused_by_name() {
    let good = contract_v1(&testing::contract("A1", 5, "x"));
    let pair = |name: &str, text: &str| vec![(name.to_owned(), text.to_owned())];
    let refused = |spoil: &dyn Fn(&mut ContractV1)| {
        let mut spoilt = good.clone();
        spoil(&mut spoilt);
        contract(&spoilt).expect_err("unknown").to_string()
    };
    assert_eq!(
        refused(&|c| c.source = pair("colour", "red")),
        "this program knows no field `colour`"
    );
    // Kinder reading is for people: a store has one way to write a name.
    assert_eq!(
        refused(&|c| c.source = pair("Start-Date", "2026-01-01")),
        "this program knows no field `Start-Date`"
    );
    assert_eq!(
        refused(&|c| c.source = pair("units", "many")),
        "field `units`: `many` is not a number, such as 482.60"
    );
    assert_eq!(
        refused(&|c| c.origin = "import".to_owned()),
        "this program knows no origin `import`"
    );
    assert_eq!(refused(&|c| c.key = "Z1".to_owned()), "this program knows no item key `Z1`");
    assert_eq!(
        refused(&|c| c.created = "yesterday".to_owned()),
        "this program knows no moment `yesterday`"
    );

    let mut flags_v1 = flags_v1(&testing::flags("S9", 5, "x"));
    flags_v1.ignored.as_mut().expect("there").until = Some("soon".to_owned());
    assert_eq!(
        flags(&flags_v1).expect_err("unknown").to_string(),
        "this program knows no day `soon`"
    );

    let mut memo_v1 = held_v1(&testing::held(5, 12, "x"));
    memo_v1.holding.as_mut().expect("there").items[0].state = "held".to_owned();
    assert_eq!(
        held(&memo_v1).expect_err("unknown").to_string(),
        "this program knows no state of an item that is held `held`"
    );
    memo_v1.holding = None;
    assert_eq!(
        memo_key(&memo_v1).expect_err("nothing").to_string(),
        "a memo is neither a holding nor a pause"
    );
    assert_eq!(
        MemoKey::read("quota/5").expect_err("unknown").to_string(),
        "this program knows no memo key `quota/5`"
    );

    let mut run_v1 = run_v1(&testing::run(5), 1);
    run_v1.trigger = "webhook".to_owned();
    assert_eq!(
        run(&run_v1).expect_err("unknown").to_string(),
        "this program knows no trigger `webhook`"
    );
}
