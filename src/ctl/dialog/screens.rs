//! The dialog in each of its states, as it is on the screen: 80x24 and 120x40, and once with the
//! styles that it has with and without colours.

use std::io::{self, Write};
use std::time::Instant;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use super::draw::screen::draw;
use super::samples::*;
use super::state::{Reply, State};
use super::update::{on_key, on_reply, on_resize, on_tick};
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::book::run::sample_run;
use crate::ctl::text::items;
use crate::model::{Advice, Code, Failure};
use crate::protocol::sync::{Switch, SyncReply};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn terminal(state: &State) -> Terminal<TestBackend> {
    let (width, height) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen");
    terminal.draw(|frame| draw(frame, state)).expect("drawn");
    terminal
}

/// The lines of a screen: its words, its styles where they are asked for, and `|` at the end, so
/// that what is cut is seen.
fn lines(buffer: &Buffer, styles: bool) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut last = Style::reset();
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            if styles && cell.style() != last {
                last = cell.style();
                let mut words = Vec::new();
                words.extend(last.fg.filter(|c| *c != Color::Reset).map(|c| c.to_string()));
                words.extend(last.add_modifier.iter_names().map(|(name, _)| name.to_owned()));
                text.push_str(&format!("<{}>", words.join(" ").to_lowercase()));
            }
            text.push_str(cell.symbol());
            // A wide letter stands in the next column too.
            x += u16::try_from(super::text::width(cell.symbol())).expect("a letter").max(1);
        }
        text.push_str("|\n");
    }
    text
}

fn plain(state: &State) -> String {
    lines(terminal(state).backend().buffer(), false)
}

/// Holds the screen of a state in both sizes.
fn hold(name: &str, state: impl Fn((u16, u16)) -> State) {
    for size in SIZES {
        insta::assert_snapshot!(format!("{name}_{}", size.0), plain(&state(size)));
    }
}

#[test]
fn reading() {
    hold("reading", |size| {
        let mut state = fresh(size);
        reply(&mut state, Reply::Status(Box::new(status(false))));
        reply(&mut state, progress());
        (0..20).for_each(|_| on_tick(&mut state));
        state
    });
}

#[test]
fn list() {
    hold("list", |size| listed(size, pending(), false));
}

#[test]
fn ticked() {
    hold("ticked", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, " <Down> <End><Up> <Tab>");
        state
    });
}

#[test]
fn the_sum_of_what_is_ticked() {
    hold("sum", |size| {
        let mut state = listed(size, preview_of(items::billed_samples(), Vec::new()), false);
        press(&mut state, " x<Down><Down>");
        state
    });
    let mut state = listed((80, 14), preview_of(items::billed_samples(), Vec::new()), false);
    press(&mut state, " x");
    insta::assert_snapshot!("sum_small", plain(&state));
}

#[test]
fn what_is_billed_otherwise_has_its_days_in_the_diff() {
    hold("diff_billing", |size| {
        let mut state = listed(size, preview_of(items::billed_samples(), Vec::new()), false);
        press(&mut state, "<Down><Down><Down><Enter>");
        state
    });
}

#[test]
fn one_is_ticked() {
    hold("one", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "<Down> ");
        state
    });
}

#[test]
fn filtered() {
    hold("filtered", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "a/bundl");
        state
    });
}

#[test]
fn agreements_only() {
    hold("agreements", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "2 ");
        state
    });
}

#[test]
fn additions_only() {
    hold("additions", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "3ai");
        state
    });
}

#[test]
fn what_cannot_be_ticked_says_why() {
    hold("why_not", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "<Down><Down><Down> ");
        state
    });
}

#[test]
fn differences() {
    hold("diff", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "<Down><Down> <Enter>");
        state
    });
}

#[test]
fn differences_of_what_is_new() {
    hold("diff_new", |size| {
        let mut preview = pending();
        let items = preview.pending.items.as_mut().expect("items");
        items[0].changes[0].to = Some("long words ".repeat(12) + &"長い名前".repeat(20));
        let mut state = listed(size, preview, false);
        press(&mut state, "<Enter>");
        state
    });
}

#[test]
fn help() {
    hold("help", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "?");
        state
    });
}

#[test]
fn auto_sync_is_on() {
    hold("read_only", |size| {
        let mut state = listed(size, pending(), true);
        press(&mut state, "<Down>");
        state
    });
}

#[test]
fn auto_sync_is_paused() {
    for (name, on, keys) in [("paused", true, ""), ("confirm_on_paused", false, "A")] {
        hold(name, |size| {
            let mut state = listed(size, pending(), on);
            let mut paused = status(on);
            paused.paused_by = Some("dana".to_owned());
            paused.paused_until = Some("2026-11-24T18:00:00Z".to_owned());
            reply(&mut state, Reply::Status(Box::new(paused)));
            press(&mut state, keys);
            state
        });
    }
}

#[test]
fn auto_sync_was_just_turned_on() {
    hold("switched", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "aAy");
        let switch = Switch {
            id: 174,
            name: "Acme Dental".to_owned(),
            auto_sync: true,
            changed: true,
            next_run: Some("2026-11-24T13:05:00Z".to_owned()),
            brings: Some(5),
            last_synced: None,
            paused_by: None,
            paused_until: None,
        };
        reply(&mut state, Reply::Switched(Ok(switch)));
        state
    });
}

#[test]
fn auto_sync_is_to_be_confirmed() {
    for (name, on) in [("confirm_on", false), ("confirm_off", true)] {
        hold(name, |size| {
            let mut state = listed(size, pending(), on);
            press(&mut state, "A");
            state
        });
    }
}

#[test]
fn leaving_is_to_be_confirmed_where_something_is_ticked() {
    hold("confirm_leave", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "aq");
        state
    });
}

#[test]
fn syncing() {
    hold("syncing", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "as");
        reply(&mut state, progress());
        (0..9).for_each(|_| on_tick(&mut state));
        state
    });
}

fn synced(state: &mut State, reply: SyncReply) {
    press(state, "as");
    assert_eq!(on_reply(state, Reply::Synced(Ok(Box::new(reply)))), []);
}

#[test]
fn result() {
    hold("result", |size| {
        let mut state = listed(size, pending(), false);
        let items = Some(items::samples()[..3].to_vec());
        synced(&mut state, SyncReply { run: Some(sample_run()), items, ..SyncReply::default() });
        state
    });
}

#[test]
fn result_with_rejects() {
    hold("result_partial", |size| {
        let mut state = listed(size, pending(), false);
        let mut run = sample_run();
        (run.result, run.rejected) = ("partial".to_owned(), 2);
        let mut second = reject();
        second.key = "B8".to_owned();
        second.reason = "the price of the bundle is given twice, ".repeat(4) + "and differs";
        let rejects = Some(vec![reject(), second]);
        let items = Some(items::samples()[..3].to_vec());
        synced(&mut state, SyncReply { run: Some(run), items, rejects, ..SyncReply::default() });
        state
    });
}

#[test]
fn result_of_a_run_that_was_held() {
    hold("result_held", |size| {
        let mut state = listed(size, pending(), false);
        let mut run = sample_run();
        (run.created, run.updated) = (0, 0);
        (run.result, run.error) = ("held".to_owned(), Some("Held".to_owned()));
        run.message = Some("4 of 12 contracts are gone, more than 20 %".to_owned());
        synced(&mut state, SyncReply { run: Some(run), ..SyncReply::default() });
        state
    });
}

fn unreachable() -> CtlError {
    let failure = Failure::new(Code::Unreachable, "cannot reach Autotask: connection refused");
    CtlError::Failed(failure.advise(Advice::Doctor))
}

#[test]
fn an_error_before_there_is_a_list() {
    hold("error", |size| {
        let mut state = fresh(size);
        reply(&mut state, Reply::Status(Box::new(status(false))));
        reply(&mut state, Reply::Preview(Err(unreachable())));
        state
    });
}

#[test]
fn an_error_of_a_sync() {
    hold("error_busy", |size| {
        let mut state = listed(size, pending(), false);
        press(&mut state, "as");
        let busy = Failure::new(Code::Busy, "another run of Acme Dental (174) is in progress");
        let busy = CtlError::Failed(busy.advise(Advice::WaitForRun));
        reply(&mut state, Reply::Synced(Err(busy)));
        state
    });
}

#[test]
fn nothing_is_pending() {
    hold("empty", |size| listed(size, preview_of(Vec::new(), Vec::new()), false));
}

#[test]
fn five_thousand_rows() {
    hold("many", |size| {
        let mut state = listed(size, many(1000), false);
        press(&mut state, "a<End><PgUp><PgUp><Up>x");
        state
    });
}

#[test]
fn wide_letters() {
    hold("wide", |size| {
        let mut preview = pending();
        for item in preview.pending.items.iter_mut().flatten() {
            item.name = format!("東京支社 マネージドサービス契約 {} 👨‍👩‍👧 e\u{301}", item.key);
            item.r#type = "定期サービス".to_owned();
        }
        let mut state = listed(size, preview, false);
        press(&mut state, "/契約<Enter> ");
        state
    });
}

#[test]
fn small_screens() {
    let mut state = listed((80, 24), pending(), false);
    for (name, size) in [("small_40", (40, 10)), ("small_60", (60, 16)), ("too_small", (38, 9))] {
        on_resize(&mut state, size);
        insta::assert_snapshot!(name, plain(&state));
    }
    on_resize(&mut state, (0, 0));
    terminal(&state);
    on_resize(&mut state, (40, 10));
    press(&mut state, "?<Down><Down>");
    insta::assert_snapshot!("small_help", plain(&state));
    press(&mut state, "<Esc>/bundle");
    insta::assert_snapshot!("small_filter", plain(&state));
}

#[test]
fn styles_with_and_without_colours() {
    for (name, colour) in [("styles_colour", true), ("styles_plain", false)] {
        let mut state = listed((80, 24), pending(), false);
        state.screen.colour = colour;
        press(&mut state, " <Down><Down>");
        insta::assert_snapshot!(name, lines(terminal(&state).backend().buffer(), true));
    }
}

/// Every state of the dialog, roughly: whatever keys come, no background is set, no colour but the
/// sixteen is used, and without colours none at all.
#[test]
fn colours_fit_any_background() {
    for colour in [true, false] {
        let mut state = listed((80, 24), pending(), false);
        state.screen.colour = colour;
        for keys in ["", " ", "<Enter>", "<Esc>?", "<Esc>A", "n", "q", "n", "as"] {
            press(&mut state, keys);
            let terminal = terminal(&state);
            for cell in terminal.backend().buffer().content() {
                assert_eq!(cell.bg, Color::Reset);
                assert!(!matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_)));
                let either = [Color::Black, Color::White, Color::Gray, Color::DarkGray];
                assert!(!either.contains(&cell.fg), "{:?} is a background", cell.fg);
                assert!(colour || cell.fg == Color::Reset);
            }
        }
    }
}

/// What a name holds does not reach the terminal raw, even if it came past the connection.
#[test]
fn a_hostile_name_is_drawn_as_text() {
    let mut preview = pending();
    for item in preview.pending.items.iter_mut().flatten() {
        item.name = "a\u{1b}[2Jb\u{9b}c\u{7f}\td".to_owned();
    }
    let state = listed((80, 24), preview, false);
    for cell in terminal(&state).backend().buffer().content() {
        assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
    }
}

/// How long a key and its picture take with 5,000 rows; run with
/// `cargo test --lib dialog::screens::frame_time -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn frame_time() {
    let mut out = io::stdout();
    for size in [(80, 24), (200, 60)] {
        let mut state = listed(size, many(1000), false);
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen");
        for keys in ["<Down>", "<PgDn>", "<End>", " ", "a", "/s", "e", "i", "<Backspace>"] {
            const TIMES: u32 = 20;
            let began = Instant::now();
            for _ in 0..TIMES {
                press(&mut state, keys);
            }
            let key = began.elapsed() / TIMES;
            let began = Instant::now();
            for _ in 0..TIMES {
                terminal.draw(|frame| draw(frame, &state)).expect("drawn");
            }
            let frame = began.elapsed() / TIMES;
            writeln!(out, "{size:?} {keys:12} key {key:?} frame {frame:?}").expect("written");
        }
    }
}

#[test]
fn keys_that_mean_nothing_change_nothing() {
    let mut state = listed((80, 24), pending(), false);
    let before = format!("{:?}", state.list);
    for kind in "bcdefmopquvwyzBCDEFHIJKL0456789;:".chars().filter(|c| *c != 'q') {
        let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(kind));
        assert_eq!(on_key(&mut state, key), []);
    }
    assert_eq!(format!("{:?}", state.list), before);
}
