//! What is noted beside items, and questions about single items and clients.

use super::run_id;
use crate::control::call::{Answer, Context, finish};
use crate::control::convert::{self, count, parse_key};
use crate::control::progress::{progress, telling};
use crate::engine::{Days, Discrepancy, Reverted, Waiting, days};
use crate::model::{Code, Failure, ItemFlags, Kind, Money, Value, rfc3339};
use crate::protocol::sync;

pub(super) async fn ignore(call: sync::Ignore, context: Context<'_>) -> Answer {
    context.require_operator()?;
    let key = parse_key(&call.key)?;
    let until = match call.until.as_deref().map(|text| Kind::Date.parse(text)) {
        None => None,
        Some(Ok(Value::Date(date))) => Some(date),
        Some(Ok(_)) => None,
        Some(Err(error)) => {
            return Err(Failure::new(Code::InvalidArgument, format!("`until`: {error}")).into());
        }
    };
    let actor = context.peer.actor();
    let (flags, changed) = context.engine.review.ignore(key, until, call.reason, &actor).await?;
    noted(flags, changed, &context).await
}

pub(super) async fn unignore(call: sync::Unignore, context: Context<'_>) -> Answer {
    context.require_operator()?;
    let key = parse_key(&call.key)?;
    let (flags, changed) = context.engine.review.unignore(key, &context.peer.actor()).await?;
    noted(flags, changed, &context).await
}

async fn noted(flags: ItemFlags, changed: bool, context: &Context<'_>) -> Answer {
    let client = context.engine.clients.client_of(flags.key).await?;
    let ignored = flags.ignored.as_ref();
    finish(sync::IgnoreReply {
        key: flags.key.to_string(),
        client: convert::client(&client),
        ignored: ignored.is_some(),
        until: ignored.and_then(|ignored| ignored.until).map(|until| until.to_string()),
        reason: ignored.and_then(|ignored| ignored.reason.clone()),
        changed,
    })
}

pub(super) async fn explain(call: sync::Explain, context: Context<'_>) -> Answer {
    let key = parse_key(&call.key)?;
    let explanation = context.engine.review.explain(key).await?;
    let checks = explanation.checks.into_iter().map(|check| sync::Check {
        check: check.check.to_owned(),
        outcome: check.passes.name().to_owned(),
        detail: check.detail,
        advice: check.advice,
    });
    finish(sync::ExplainReply {
        key: key.to_string(),
        client: explanation.client.as_ref().map(convert::client),
        conclusion: explanation.conclusion.text,
        advice: explanation.conclusion.advice,
        checks: checks.collect(),
        error: explanation.unasked.map(|failure| failure.code.name().to_owned()),
    })
}

pub(super) async fn reconcile(call: sync::Reconcile, mut context: Context<'_>) -> Answer {
    let client = context.resolve(&call.client).await?;
    let (progress, told) = progress(&context);
    let asked = rfc3339(context.engine.now());
    let reply = |p| sync::ReconcileReply {
        client: convert::client(&client),
        as_of: asked.clone(),
        compared: 0,
        rate_only: None,
        unread: None,
        differences: Vec::new(),
        progress: Some(p),
    };
    let work = context.engine.review.reconcile(&client, &progress);
    let found = telling(work, told, &mut context.stream, reply).await?;
    finish(sync::ReconcileReply {
        client: convert::client(&client),
        as_of: rfc3339(found.as_of),
        compared: count(found.compared),
        rate_only: Some(count(found.rate_only)),
        unread: Some(found.unread),
        differences: found.differing.iter().map(discrepancy).collect(),
        progress: None,
    })
}

fn discrepancy(found: &Discrepancy) -> sync::Discrepancy {
    let stored = found.contract.billing_cost();
    let fresh = found.fresh.as_ref();
    // Amounts of two currencies are never subtracted.
    let same = fresh.filter(|fresh| fresh.currency == stored.currency);
    let text = |days: Days| days.map(|day| day.map(|day| day.to_string()));
    let [stored_period_start, stored_period_end] = text(days(&found.contract.source));
    let [fresh_period_start, fresh_period_end] = text(found.fresh_days);
    sync::Discrepancy {
        key: found.contract.key.to_string(),
        name: found.contract.text(crate::model::Field::Name),
        stored: convert::amount(&stored.currency, stored.amount),
        stored_currency: stored.currency.code().to_owned(),
        fresh: fresh.map(|fresh| convert::amount(&fresh.currency, fresh.amount)),
        fresh_currency: fresh.map(|fresh| fresh.currency.code().to_owned()),
        difference: same.and_then(|fresh| {
            let more = fresh.amount.checked_sub(stored.amount)?;
            Some(convert::amount(&fresh.currency, more))
        }),
        stored_period: found.contract.period_amount().map(|money| shown(&money)),
        stored_period_start,
        stored_period_end,
        fresh_period: found.fresh_period.as_ref().map(shown),
        fresh_period_start,
        fresh_period_end,
    }
}

fn shown(money: &Money) -> String {
    convert::amount(&money.currency, money.amount)
}

pub(super) async fn list_quarantine(call: sync::ListQuarantine, context: Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let items = context.ask(move |engine| engine.review.quarantine(client.as_ref())).await?;
    finish(sync::Quarantine { items: items.into_iter().map(waiting).collect() })
}

fn waiting(waiting: Waiting) -> sync::Quarantined {
    sync::Quarantined {
        key: waiting.key.to_string(),
        client_id: waiting.client.id.0,
        client: waiting.client.name,
        field: waiting.quarantine.field,
        reason: waiting.quarantine.reason,
        since: rfc3339(waiting.quarantine.since),
        imported: waiting.imported,
    }
}

pub(super) async fn revert_run(call: sync::RevertRun, context: Context<'_>) -> Answer {
    let dry = call.dry_run.unwrap_or(false);
    if !dry {
        context.require_operator()?;
    }
    let Reverted { run, reverted, left_alone } =
        context.engine.review.revert(run_id(call.id), dry, &context.peer.actor()).await?;
    let keys = |keys: Vec<crate::model::ItemKey>| keys.iter().map(ToString::to_string).collect();
    finish(sync::RevertReply {
        run: convert::run(&run),
        reverted: keys(reverted),
        left_alone: keys(left_alone),
    })
}
