//! A sample of each event, to try the notify command with. Its client is made up, and it is marked
//! as a test.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::model::{
    ClientId, ClientRef, Code, Currency, Effect, Event, EventItem, EventName, Field, FieldChange,
    ItemKey, ItemKind, PendingState, RunId, Value,
};

/// The id of the made-up client: no company has it.
const NOBODY: ClientId = ClientId(-1);

/// A sample of an event, as it would be told at `now`.
pub(in crate::engine) fn sample(name: EventName, now: DateTime<Utc>) -> Event {
    let message = format!("test: a sample of the event {}, nothing happened", name.name());
    let event = Event { test: true, ..Event::new(name, now, message) };
    match name {
        EventName::RunChanged | EventName::RunHeld | EventName::ClientNew => about_an_item(event),
        EventName::RunFinished | EventName::Switched => Event { client: Some(client()), ..event },
        EventName::RunFailed => Event {
            alert: true,
            since: Some(now),
            client: Some(client()),
            run_id: Some(RunId(1)),
            code: Some(Code::Unreachable),
            ..event
        },
        EventName::AuthBlocked => {
            Event { alert: true, since: Some(now), code: Some(Code::AuthFailed), ..event }
        }
        EventName::StoreFailed => {
            Event { alert: true, since: Some(now), code: Some(Code::StoreFailed), ..event }
        }
        EventName::Recovered
        | EventName::BudgetLow
        | EventName::Overdue
        | EventName::OutletFailed
        | EventName::AccessLimited => Event { alert: true, since: Some(now), ..event },
        EventName::Reloaded | EventName::StoreRepaired => event,
    }
}

fn client() -> ClientRef {
    ClientRef { id: NOBODY, name: "Example Ltd".to_owned() }
}

/// The event with a rate that rises.
fn about_an_item(event: Event) -> Event {
    let is_held = event.name == EventName::RunHeld;
    let rises = Effect {
        currency: Currency::new("USD"),
        from: None,
        per_year: Decimal::from(90),
        once: Decimal::ZERO,
    };
    let amount = |cents| Some(Value::Number(Decimal::new(cents, 2)));
    let item = EventItem {
        key: ItemKey { kind: ItemKind::Service, id: 1 },
        parent: Some(ItemKey { kind: ItemKind::Agreement, id: 1 }),
        state: if is_held { PendingState::Held } else { PendingState::Changed },
        name: "Server Care".to_owned(),
        changes: vec![FieldChange {
            field: Field::BillingCost,
            from: amount(17_200),
            to: amount(17_950),
        }],
        effects: vec![rises.clone()],
        reason: is_held.then(|| "an example".to_owned()),
    };
    let (effects, held_effects) =
        if is_held { (Vec::new(), vec![rises]) } else { (vec![rises], Vec::new()) };
    Event {
        alert: is_held,
        client: Some(client()),
        run_id: Some(RunId(1)),
        items: vec![item],
        effects,
        held_effects,
        ..event
    }
}
