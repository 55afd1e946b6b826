//! Merges the file over the built-in defaults and judges every value. One line for each key, in
//! the order of the example file; destructured, so that a new key cannot be forgotten.

use std::path::Path;

use secrecy::SecretString;

use super::example::{INTEGRATION_CODE_PLACEHOLDER, USERNAME_PLACEHOLDER};
use super::file::{
    AutotaskFile, ControlFile, FieldsFile, File, GuardFile, MetricsFile, NotifyFile, StoreFile,
    SyncFile,
};
use super::read::header_safe;
use super::report::Report;
use super::settings::{
    self, AutotaskSettings, ControlSettings, FieldsSettings, GuardSettings, MetricsSettings,
    NotifySettings, Settings, StoreSettings, SyncSettings,
};
use super::values;
use crate::model::Advice;

/// The settings of `file`. They count only while the report is empty.
pub(super) fn validate(file: File, path: &Path, report: &mut Report<'_>) -> Settings {
    // The version was judged before anything else could be.
    let File { version: _, autotask, sync, fields, guard, store, control, notify, metrics } = file;
    let mut settings = Settings::defaults(path);
    take_autotask(autotask, &mut settings.autotask, report);
    take_sync(sync, &mut settings.sync, report);
    take_fields(fields, &mut settings.fields, report);
    take_guard(guard, &mut settings.guard, report);
    take_store(store, &mut settings.store, report);
    take_control(control, &mut settings.control, report);
    take_notify(notify, &mut settings.notify, report);
    take_metrics(metrics, &mut settings.metrics, report);
    settings
}

#[expect(clippy::too_many_lines, reason = "one step for each key of the section")]
fn take_autotask(file: AutotaskFile, settings: &mut AutotaskSettings, report: &mut Report<'_>) {
    let AutotaskFile {
        username,
        integration_code,
        secret_file,
        zone_url,
        discovery_url,
        max_requests_per_hour,
        yield_above_percent,
        concurrency_per_endpoint,
        request_timeout,
        proxy,
        ca_file,
        time_zone,
        currency,
    } = file;
    // With a misspelt key in the file, that is probably the missing one.
    if username.is_none() && report.is_empty() {
        report.absent(
            "autotask.username",
            "`username` in [autotask] is missing".to_owned(),
            Advice::said(
                "set it to the API user's \"Username (Key)\", which Autotask shows under Admin, \
                 Resources",
            ),
        );
    }
    report.take("autotask.username", username, &mut settings.username, |text| {
        filled_in(&text, USERNAME_PLACEHOLDER).map(|()| text)
    });
    report.take(
        "autotask.integration-code",
        integration_code,
        &mut settings.integration_code,
        |text| {
            filled_in(&text, INTEGRATION_CODE_PLACEHOLDER).map(|()| Some(SecretString::from(text)))
        },
    );
    report.take("autotask.secret-file", secret_file, &mut settings.secret_file, |text| {
        values::path(&text).map(Some)
    });
    report.take("autotask.zone-url", zone_url, &mut settings.zone_url, |text| {
        values::base_url(&text).map(Some)
    });
    report.take("autotask.discovery-url", discovery_url, &mut settings.discovery_url, |text| {
        values::base_url(&text)
    });
    report.take(
        "autotask.max-requests-per-hour",
        max_requests_per_hour,
        &mut settings.max_requests_per_hour,
        |number| values::number(number, settings::MAX_REQUESTS_PER_HOUR),
    );
    report.take(
        "autotask.yield-above-percent",
        yield_above_percent,
        &mut settings.yield_above_percent,
        |number| values::number(number, settings::YIELD_ABOVE_PERCENT),
    );
    report.take(
        "autotask.concurrency-per-endpoint",
        concurrency_per_endpoint,
        &mut settings.concurrency_per_endpoint,
        |number| values::number(number, settings::CONCURRENCY_PER_ENDPOINT),
    );
    report.take(
        "autotask.request-timeout",
        request_timeout,
        &mut settings.request_timeout,
        |text| values::duration(text, settings::REQUEST_TIMEOUT, "120s"),
    );
    report
        .take("autotask.proxy", proxy, &mut settings.proxy, |text| values::proxy(&text).map(Some));
    report.take("autotask.ca-file", ca_file, &mut settings.ca_file, |text| {
        values::path(&text).map(Some)
    });
    report.take("autotask.time-zone", time_zone, &mut settings.time_zone, |text| {
        values::time_zone(&text).map(Some)
    });
    report.take("autotask.currency", currency, &mut settings.currency, |text| {
        values::currency(&text).map(Some)
    });
}

fn take_sync(file: SyncFile, settings: &mut SyncSettings, report: &mut Report<'_>) {
    let SyncFile { interval, batch_window, new_agreements } = file;
    report.take("sync.interval", interval, &mut settings.interval, |text| {
        values::duration(text, settings::INTERVAL, "24h")
    });
    // The default follows a short interval; only a window that somebody wrote can be too long.
    let interval = settings.interval;
    settings.batch_window = settings.batch_window.min(interval);
    report.take("sync.batch-window", batch_window, &mut settings.batch_window, |text| {
        let window = values::duration(text, settings::BATCH_WINDOW, "1h")?;
        if window > interval {
            let interval = values::duration_text(interval);
            return Err(format!("must not be longer than `interval`, which is {interval}"));
        }
        Ok(window)
    });
    report.take("sync.new-agreements", new_agreements, &mut settings.new_agreements, |text| {
        values::new_agreements(&text)
    });
}

fn take_fields(file: FieldsFile, settings: &mut FieldsSettings, report: &mut Report<'_>) {
    let FieldsFile { user_defined } = file;
    let mut entries: Vec<_> = user_defined.into_iter().flatten().collect();
    entries.sort_by_key(|(autotask, _)| autotask.span().start);
    for (autotask, ours) in entries {
        let taken = &mut settings.user_defined;
        let (place, name) = (autotask.span(), autotask.into_inner());
        if let Err(what) = values::autotask_name(&name, taken) {
            report.entry("fields.user-defined", place, &what);
            continue;
        }
        let mut local = None;
        report.take("fields.user-defined", Some(ours), &mut local, |text| {
            values::local_name(&text, taken).map(Some)
        });
        settings.user_defined.extend(local.map(|local| (name.trim().to_owned(), local)));
    }
}

fn take_guard(file: GuardFile, settings: &mut GuardSettings, report: &mut Report<'_>) {
    let GuardFile { max_vanished_percent, hold_price_change_percent, hold_status_flips } = file;
    report.take(
        "guard.max-vanished-percent",
        max_vanished_percent,
        &mut settings.max_vanished_percent,
        |number| values::number(number, settings::MAX_VANISHED_PERCENT),
    );
    report.take(
        "guard.hold-price-change-percent",
        hold_price_change_percent,
        &mut settings.hold_price_change_percent,
        |number| values::number(number, settings::HOLD_PRICE_CHANGE_PERCENT),
    );
    let held = &mut settings.hold_status_flips;
    report.take("guard.hold-status-flips", hold_status_flips, held, Ok);
}

fn take_store(file: StoreFile, settings: &mut StoreSettings, report: &mut Report<'_>) {
    let StoreFile { path, history } = file;
    report.take("store.path", path, &mut settings.path, |text| values::path(&text));
    report.take("store.history", history, &mut settings.history, |text| {
        values::duration(text, settings::HISTORY, "400d")
    });
}

fn take_control(file: ControlFile, settings: &mut ControlSettings, report: &mut Report<'_>) {
    let ControlFile { socket, operators } = file;
    report.take("control.socket", socket, &mut settings.socket, |text| values::socket(&text));
    let Some(operators) = operators else { return };
    settings.operators.clear();
    for name in operators {
        let mut operator = None;
        report.take("control.operators", Some(name), &mut operator, |text| {
            values::operator(&text).map(Some)
        });
        settings.operators.extend(operator);
    }
}

fn take_notify(file: NotifyFile, settings: &mut NotifySettings, report: &mut Report<'_>) {
    let NotifyFile { command, timeout, events, heartbeat_url } = file;
    for word in command.into_iter().flatten() {
        let first = settings.command.is_empty();
        let mut taken = None;
        report.take("notify.command", Some(word), &mut taken, |text| {
            values::command_word(text, first).map(Some)
        });
        // A word that is no good is reported; what stands for it only keeps the next from first.
        settings.command.push(taken.unwrap_or_default());
    }
    report.take("notify.timeout", timeout, &mut settings.timeout, |text| {
        values::duration(text, settings::NOTIFY_TIMEOUT, "30s")
    });
    if let Some(events) = events {
        settings.events.clear();
        for name in events {
            let mut event = None;
            report.take("notify.events", Some(name), &mut event, |text| {
                values::event(&text).map(Some)
            });
            settings.events.extend(event);
        }
    }
    report.take("notify.heartbeat-url", heartbeat_url, &mut settings.heartbeat_url, |text| {
        values::heartbeat_url(&text).map(|url| Some(SecretString::from(url)))
    });
}

fn take_metrics(file: MetricsFile, settings: &mut MetricsSettings, report: &mut Report<'_>) {
    let MetricsFile { textfile } = file;
    report.take("metrics.textfile", textfile, &mut settings.textfile, |text| {
        values::textfile(&text).map(Some)
    });
}

/// A credential that a header can carry, and that is not the example file's any more.
fn filled_in(text: &str, placeholder: &str) -> Result<(), String> {
    if text == placeholder {
        return Err("still the placeholder of the example file".to_owned());
    }
    header_safe(text).map_err(|fault| format!("the value {fault}"))
}
