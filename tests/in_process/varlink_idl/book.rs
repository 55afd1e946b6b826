//! The samples of what is noted beside items, of ownership, the past, and answers about the book.

use lmsyncd::varlink::contracts::*;
use lmsyncd::varlink::daemon::{PruneHistory, PruneReply};
use lmsyncd::varlink::sync::*;

use super::{
    Held, advice, assignments, both, client, contract, edited, field_change, field_view,
    next_change, number, progress, run, text, word,
};

/// Holds the methods of all of these.
pub fn hold(held: &mut Held<'_>) {
    marks(held);
    questions(held);
    ownership(held);
    past(held);
    answers(held);
}

fn marks(held: &mut Held<'_>) {
    let noted = |full: bool| IgnoreReply {
        key: word(),
        client: client(),
        ignored: true,
        until: text(full),
        reason: text(full),
        changed: true,
    };
    held.method(
        Ignore { key: word(), until: text(true), reason: text(true) },
        Ignore { key: word(), until: None, reason: None },
        both(noted),
    );
    held.method(Unignore { key: word() }, Unignore { key: word() }, both(noted));
    held.method(
        ListQuarantine { client: text(true) },
        ListQuarantine { client: None },
        both(|_| Quarantine {
            items: vec![Quarantined {
                key: word(),
                client_id: 1,
                client: word(),
                field: word(),
                reason: word(),
                since: word(),
                imported: true,
            }],
        }),
    );
}

fn questions(held: &mut Held<'_>) {
    held.method(
        Explain { key: word() },
        Explain { key: word() },
        both(|full| ExplainReply {
            key: word(),
            client: full.then(client),
            conclusion: word(),
            advice: advice(full),
            checks: vec![Check {
                check: word(),
                outcome: word(),
                detail: word(),
                advice: advice(full),
            }],
        }),
    );
    held.method(
        Reconcile { client: word() },
        Reconcile { client: word() },
        both(|full| ReconcileReply {
            client: client(),
            as_of: word(),
            compared: 1,
            rate_only: full.then_some(1),
            differences: vec![Discrepancy {
                key: word(),
                name: word(),
                stored: word(),
                stored_currency: word(),
                fresh: text(full),
                fresh_currency: text(full),
                difference: text(full),
                stored_period: text(full),
                stored_period_start: text(full),
                stored_period_end: text(full),
                fresh_period: text(full),
                fresh_period_start: text(full),
                fresh_period_end: text(full),
            }],
            progress: progress(full),
        }),
    );
}

fn ownership(held: &mut Held<'_>) {
    held.method(
        Add { client: word(), name: word(), fields: Some(assignments()) },
        Add { client: word(), name: word(), fields: None },
        both(edited),
    );
    held.method(
        Remove { key: word() },
        Remove { key: word() },
        both(|full| RemoveReply { contract: contract(full) }),
    );
    let adopt = || Adopt { local: word(), key: word() };
    held.method(adopt(), adopt(), both(edited));
    held.method(Unlink { key: word() }, Unlink { key: word() }, both(edited));
    held.method(
        Relink { key: word(), apply: Some(true) },
        Relink { key: word(), apply: None },
        both(|full| RelinkReply {
            contract: contract(full),
            changes: vec![field_change(full)],
            applied: true,
        }),
    );
}

fn past(held: &mut Held<'_>) {
    held.method(
        History { key: word() },
        History { key: word() },
        both(|full| HistoryReply {
            key: word(),
            entries: vec![HistoryEntry {
                sequence: 1,
                at: word(),
                actor: word(),
                run: number(full),
                changes: vec![field_change(full)],
            }],
        }),
    );
    held.method(
        Chain { key: word() },
        Chain { key: word() },
        both(|full| ChainReply {
            contracts: vec![ChainLink {
                key: word(),
                name: word(),
                status: word(),
                start_date: text(full),
                end_date: text(full),
                renews: text(full),
            }],
        }),
    );
    held.method(
        RevertRun { id: 1 },
        RevertRun { id: 1 },
        both(|full| RevertReply {
            run: run(full),
            reverted: vec![word()],
            left_alone: vec![word()],
        }),
    );
    held.method(
        PruneHistory { dry_run: Some(true) },
        PruneHistory { dry_run: None },
        both(|_| PruneReply { before: word(), commits: 1, bytes: 1, kept: 1, dry_run: true }),
    );
}

fn answers(held: &mut Held<'_>) {
    held.method(
        Cost { key: word() },
        Cost { key: word() },
        both(|full| CostReply {
            key: word(),
            name: word(),
            r#type: word(),
            as_of: word(),
            billing_cost: word(),
            stored_cost: text(full),
            units: text(full),
            unit_price: text(full),
            period_amount: text(full),
            period_start: text(full),
            period_end: text(full),
            billing: text(full),
            billing_since: text(full),
            next_change: next_change(full),
            left: text(full),
            billed: full.then_some(true),
            setup_fee: text(full),
            billed_to: text(full),
            remarks: vec![word()],
            currency: word(),
            currency_basis: text(full),
            billing_cycle: word(),
            basis: text(full),
            lines: vec![CostLine {
                from: word(),
                start: text(full),
                end: text(full),
                units: text(full),
                unit_price: text(full),
                amount: word(),
                days: number(full),
                of_days: number(full),
                rate: text(full),
                period_amount: text(full),
                left_out: text(full),
            }],
            notes: vec![word()],
        }),
    );
    held.method(
        Renewals { client: text(true), within_days: number(true), lapsed: Some(true) },
        Renewals { client: None, within_days: None, lapsed: None },
        both(|full| RenewalList { today: text(full), contracts: vec![renewal(full)] }),
    );
    held.method(
        Export { client: text(true) },
        Export { client: None },
        both(|full| ExportReply {
            contracts: vec![Exported {
                contract: contract(full),
                client: client(),
                fields: vec![field_view(full)],
            }],
            progress: progress(full),
        }),
    );
    let timeline = |full: bool| Timeline {
        client: text(full),
        from: text(full),
        to: text(full),
        months: number(full),
    };
    held.method(
        timeline(true),
        timeline(false),
        both(|full| TimelineReply {
            from: word(),
            to: word(),
            today: word(),
            terms: vec![Term {
                key: word(),
                client_id: 1,
                client: word(),
                name: word(),
                status: word(),
                start_date: text(full),
                end_date: text(full),
                notice_date: text(full),
                auto_renew: full.then_some(true),
                billing_cost: word(),
                currency: word(),
                billing_cycle: word(),
                billing: word(),
                billing_since: text(full),
                remarks: vec![word()],
                renews: text(full),
                renewed_by: text(full),
            }],
        }),
    );
}

fn renewal(full: bool) -> Renewal {
    Renewal {
        key: word(),
        client_id: 1,
        client: word(),
        name: word(),
        status: word(),
        end_date: word(),
        days_left: 1,
        notice_date: text(full),
        auto_renew: full.then_some(true),
        billing_cost: word(),
        currency: word(),
        billing_cycle: word(),
        billing: word(),
        billing_since: text(full),
        remarks: vec![word()],
        renewed_by: text(full),
    }
}
