//! The charges that Autotask makes for purchases by itself: each becomes the billing item of its
//! purchase (rule 10 of `policy::cost`).

use std::collections::BTreeMap;

use super::addition::Addition;
use crate::autotask::rows::purchases::PurchaseKind;
use crate::model::{ItemKey, Reject, Remark};
use crate::policy::cost::{self, Charge, Pairing, Purchase};

/// Takes the charges of purchases out of the additions of one agreement, and says of the purchases
/// whether they are billed. Gives the charges, each with its purchase.
pub(in crate::autotask) fn fold(
    additions: &mut Vec<Result<Addition, Reject>>,
) -> BTreeMap<ItemKey, ItemKey> {
    let (mut purchases, mut charges) = (Vec::new(), Vec::new());
    for addition in additions.iter().flatten() {
        let (key, Some(once)) = (addition.item.key, addition.once()) else { continue };
        let (amount, days) = (once.cost.amount, once.days.clone());
        match once.kind {
            PurchaseKind::Charge => {
                charges.push(Charge { key, amount, day: days.first().copied() });
            }
            kind if kind.is_prepaid() => purchases.push(Purchase { key, amount, days }),
            _ => {}
        }
    }
    let Pairing { pairs, doubtful } = cost::pair(&purchases, &charges);
    let is_billed = |key: ItemKey, additions: &[Result<Addition, Reject>]| {
        let charge = additions.iter().flatten().find(|addition| addition.item.key == key);
        charge.and_then(|charge| charge.once()?.is_billed)
    };
    for (purchase, charge) in &pairs {
        let billed = is_billed(*charge, additions);
        let found = additions.iter_mut().flatten().find(|one| one.item.key == *purchase);
        if let Some(addition) = found {
            addition.bill(billed);
        }
    }
    for addition in additions.iter_mut().flatten() {
        if doubtful.contains(&addition.item.key) {
            addition.remark(Remark::PossibleDuplicate);
        }
    }
    let folded: BTreeMap<ItemKey, ItemKey> =
        pairs.into_iter().map(|(purchase, charge)| (charge, purchase)).collect();
    additions.retain(|addition| {
        addition.as_ref().map_or(true, |addition| !folded.contains_key(&addition.item.key))
    });
    folded
}
