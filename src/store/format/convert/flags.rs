//! Item flags, between live and stored.

use chrono::NaiveDate;

use super::super::v1::{HoldV1, IgnoredV1, MarkV1, QuarantineV1};
use super::{Unreadable, key, moment, moment_text, unknown};
use crate::model::{ClientId, Ignored, ItemFlags, PendingApproval, Quarantine, RunId};

const DAY: &str = "%Y-%m-%d";

fn day(text: &str) -> Result<NaiveDate, Unreadable> {
    NaiveDate::parse_from_str(text, DAY).or_else(|_| unknown("day", text))
}

pub(in crate::store) fn flags_v1(flags: &ItemFlags) -> MarkV1 {
    let ItemFlags { key, client, ignored, hold, quarantine } = flags;
    MarkV1 {
        key: key.to_string(),
        client: client.0,
        ignored: ignored.as_ref().map(|Ignored { until, reason, by, at }| IgnoredV1 {
            until: until.map(|day| day.format(DAY).to_string()),
            reason: reason.clone(),
            by: by.clone(),
            at: moment_text(*at),
        }),
        hold: hold.as_ref().map(|PendingApproval { run, by, at }| HoldV1 {
            run: run.0,
            by: by.clone(),
            at: moment_text(*at),
        }),
        quarantine: quarantine.as_ref().map(|Quarantine { field, reason, since }| QuarantineV1 {
            field: field.clone(),
            reason: reason.clone(),
            since: moment_text(*since),
        }),
    }
}

pub(in crate::store) fn flags(stored: &MarkV1) -> Result<ItemFlags, Unreadable> {
    let MarkV1 { key: item, client, ignored, hold, quarantine } = stored;
    let read_ignored = |IgnoredV1 { until, reason, by, at }: &IgnoredV1| {
        Ok(Ignored {
            until: until.as_ref().map(|text| day(text)).transpose()?,
            reason: reason.clone(),
            by: by.clone(),
            at: moment(at)?,
        })
    };
    let read_hold = |HoldV1 { run, by, at }: &HoldV1| {
        Ok(PendingApproval { run: RunId(*run), by: by.clone(), at: moment(at)? })
    };
    let read_quarantine = |QuarantineV1 { field, reason, since }: &QuarantineV1| {
        Ok(Quarantine { field: field.clone(), reason: reason.clone(), since: moment(since)? })
    };
    Ok(ItemFlags {
        key: key(item)?,
        client: ClientId(*client),
        ignored: ignored.as_ref().map(read_ignored).transpose()?,
        hold: hold.as_ref().map(read_hold).transpose()?,
        quarantine: quarantine.as_ref().map(read_quarantine).transpose()?,
    })
}
