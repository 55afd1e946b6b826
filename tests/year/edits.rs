//! What people do in Autotask: seeded changes to the tenant, each written down in the account too.

mod agreements;
mod clients;
mod lines;
mod purchases;
mod removals;

use chrono::NaiveDate;
use fastrand::Rng;

use self::agreements::{dates, move_away, new_agreement, rename, renew, status, terms};
use self::clients::{currency, merge, rename_client};
use self::lines::{end_line, new_line, price, units, units_anew};
use self::purchases::{buy, charge, purchase};
use self::removals::{bring_back, delete_addition, delete_agreement};
use super::upstream::Upstream;

/// Names that people give.
const NAMES: [&str; 6] = [
    "Managed Services",
    "Care Plus",
    "Server Care",
    "Workplace",
    "Backup and Recovery",
    "Zürich 山",
];

/// Does one thing in Autotask. Says what; none where nothing fitting was there.
pub fn anything(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    match rng.u8(..100) {
        0..16 => units(upstream, rng, today),
        16..22 => units_anew(upstream, rng, today),
        22..30 => price(upstream, rng, today),
        30..36 => rename(upstream, rng),
        36..42 => status(upstream, rng),
        42..47 => dates(upstream, rng, today),
        47..52 => new_agreement(upstream, rng, today),
        52..60 => new_line(upstream, rng, today),
        60..66 => end_line(upstream, rng, today),
        66..71 => delete_addition(upstream, rng),
        71..73 => delete_agreement(upstream, rng),
        73..78 => renew(upstream, rng, today),
        78..81 => move_away(upstream, rng),
        81 => merge(upstream, rng),
        82..86 => bring_back(upstream, rng, today),
        86..88 => rename_client(upstream, rng),
        88 => currency(upstream, rng),
        89..92 => buy(upstream, rng, today),
        92..95 => purchase(upstream, rng),
        95..98 => charge(upstream, rng, today),
        _ => terms(upstream, rng),
    }
}

fn one_of<T: Copy>(rng: &mut Rng, all: impl IntoIterator<Item = T>) -> Option<T> {
    let all: Vec<T> = all.into_iter().collect();
    (!all.is_empty()).then(|| all[rng.usize(..all.len())])
}
