//! What is bought or charged once.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use lmsyncd::demo::tenant::{Bought, Entity};
use lmsyncd::model::{ItemKey, ItemKind};
use rust_decimal::Decimal;

use super::one_of;
use crate::upstream::{FIXED_PRICE, PREPAID, RECURRING, Upstream, entity_of};

/// Something is bought in advance, with the charge that Autotask makes for it.
pub(super) fn buy(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let prepaid = upstream.agreements.iter().filter(|(_, one)| PREPAID.contains(&one.kind));
    let id = one_of(rng, prepaid.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let number = Decimal::from(rng.i64(5..50));
    let (what, letter) = match upstream.agreements[&id].kind {
        4 => (Bought::Hours(number, Decimal::new(12_500, 2)), ItemKind::BlockHours),
        6 => (Bought::Retainer(Decimal::new(rng.i64(5000..500_000), 2)), ItemKind::Retainer),
        _ => (Bought::Tickets(number, Decimal::new(6500, 2)), ItemKind::Tickets),
    };
    let day = today - Days::new(rng.u64(..10));
    let months = rng.i32(1..13);
    let (bought, charge) = upstream.tenant.buy(id, what, day, months, rng.bool()).expect("bought");
    upstream.read_addition(ItemKey::new(letter, bought));
    upstream.read_addition(ItemKey::new(ItemKind::Charge, charge));
    Some(format!("{} is bought on A{id} for {months} months", ItemKey::new(letter, bought)))
}

/// Something about a purchase is changed: its amount, whether it can be used, or the day of its
/// charge.
pub(super) fn purchase(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let bought = upstream
        .additions
        .iter()
        .filter(|(_, one)| one.once().is_some_and(|once| once.span.is_some()));
    let key = one_of(rng, bought.map(|(key, _)| *key).collect::<Vec<_>>())?;
    let entity = entity_of(key.kind);
    let told = match rng.u8(..3) {
        0 if key.kind == ItemKind::Retainer => {
            let amount = Decimal::new(rng.i64(1..1_000_000), 2);
            let row = upstream.row(entity, key.id);
            let read = |field: &str| row[field].to_string().parse().unwrap_or(Decimal::ONE);
            let internal = amount * read("internalCurrencyAmount") / read("amount");
            let internal = internal.round_dp(4).to_string();
            upstream.tenant.set(entity, key.id, "amount", amount.to_string()).expect("set");
            upstream.tenant.set(entity, key.id, "internalCurrencyAmount", internal).expect("set");
            format!("{key} amounts to {amount}")
        }
        0 | 1 => {
            let status = i64::from(!upstream.additions[&key].once()?.active);
            upstream.tenant.set(entity, key.id, "status", status).expect("set");
            format!("{key} has the status {status}")
        }
        _ => {
            let charge = upstream.charge_of(key)?;
            let day = upstream.additions[&charge].once()?.bought? + Days::new(rng.u64(1..5));
            let charges = Entity::ContractCharges;
            upstream.tenant.set(charges, charge.id, "datePurchased", day.to_string()).expect("set");
            upstream.read_addition(charge);
            format!("{charge} of {key} is dated {day}")
        }
    };
    upstream.read_addition(key);
    Some(told)
}

/// Something is charged once, or a charge is billed.
pub(super) fn charge(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    if rng.bool() {
        let open = upstream.additions.iter().filter(|(key, addition)| {
            key.kind == ItemKind::Charge && addition.once().is_some_and(|once| !once.is_billed)
        });
        let key = one_of(rng, open.map(|(key, _)| *key).collect::<Vec<_>>())?;
        upstream.tenant.bill_charge(key.id).expect("billed");
        upstream.read_addition(key);
        return Some(format!("{key} is billed"));
    }
    let kinds = [RECURRING, FIXED_PRICE];
    let some = upstream.agreements.iter().filter(|(_, one)| kinds.contains(&one.kind));
    let id = one_of(rng, some.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let price = Decimal::new(rng.i64(100..90_000), 2);
    let charge = upstream.tenant.add_charge(id, "Work on site", today, price).expect("charged");
    if rng.u8(..4) == 0 {
        let charges = Entity::ContractCharges;
        upstream.tenant.set(charges, charge, "isBillableToCompany", false).expect("set");
    }
    upstream.read_addition(ItemKey::new(ItemKind::Charge, charge));
    Some(format!("C{charge} of {price} is new on A{id}"))
}
