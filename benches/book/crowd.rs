//! Questions about everything, and of many at once: how soon the first row comes, what they take of both
//! programs, and how long others wait meanwhile.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use serde_json::{Value, json};

use super::{Daemon, Failure, Figures, mebibytes, process};

/// How many ask at once.
const CROWD: usize = 200;

/// How many read everything while others ask.
const READERS: usize = 10;

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// What everything takes as a whole process, and of the daemon.
pub fn everything(figures: &mut Figures, daemon: &Daemon) -> Result<(), Failure> {
    for question in ["contract list --json", "export json", "export csv"] {
        let words: Vec<&str> = question.split(' ').collect();
        let before = daemon.memory("VmRSS:")?;
        // From now on the peak is that of the question.
        std::fs::write(format!("/proc/{}/clear_refs", daemon.process()), "5")?;
        let (used, of_children) = (daemon.processor()?, process::processor_of_children("self")?);
        let (began, mut first, mut peak, mut bytes) = (Instant::now(), None, 0.0, 0);
        let mut child = Command::new(daemon.program("lmsyncctl"))
            .arg("--socket")
            .arg(daemon.socket())
            .args(&words)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdout = child.stdout.take().ok_or("no output")?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = stdout.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            bytes += read;
            first.get_or_insert_with(|| began.elapsed().as_secs_f64() * 1000.0);
            // None where it has ended by now.
            if let Ok(now) = process::memory(&child.id().to_string(), "VmHWM:") {
                peak = f64::max(peak, now);
            }
        }
        if !child.wait()?.success() {
            return Err(format!("{question} failed").into());
        }
        let mut note = |what: &str, unit: &'static str, amount: f64| {
            figures.note(&format!("{question}, {what}"), unit, amount);
        };
        note("first row", "ms", first.ok_or("no row")?);
        note("all of it", "ms", began.elapsed().as_secs_f64() * 1000.0);
        note("written", "MiB", mebibytes(bytes as f64));
        note("processor of lmsyncctl", "s", process::processor_of_children("self")? - of_children);
        note("processor of lmsyncd", "s", daemon.processor()? - used);
        note("peak of lmsyncctl", "MiB", peak);
        note("more of lmsyncd", "MiB", (daemon.memory("VmHWM:")? - before).max(0.0));
    }
    Ok(())
}

/// What a crowd waits, and who asks beside those that read everything.
pub fn crowd(
    figures: &mut Figures,
    daemon: &Daemon,
    client: &str,
    key: &str,
) -> Result<(), Failure> {
    let status =
        json!({ "method": "org.lmsyncd.Daemon.Status", "parameters": { "client": client } });
    let start = Arc::new(Barrier::new(CROWD));
    let asking: Vec<_> = (0..CROWD)
        .map(|_| {
            let (start, status, socket) = (Arc::clone(&start), status.clone(), daemon.socket());
            std::thread::spawn(move || {
                start.wait();
                let began = Instant::now();
                // Who is turned away, since the places of the user are taken, asks again.
                let answered = |last: &String| !last.contains("\"error\":\"");
                let asked = (0..CROWD).find_map(|_| {
                    let asked = UnixStream::connect(&socket).and_then(|to| ask(to, &status));
                    asked.ok().filter(answered)
                });
                asked.map(|_| began.elapsed().as_secs_f64() * 1000.0)
            })
        })
        .collect();
    let mut took = Vec::with_capacity(CROWD);
    for one in asking {
        let asked = one.join().map_err(|_| "a thread panicked")?;
        took.push(asked.ok_or("one of the crowd was refused")?);
    }
    took.sort_by(f64::total_cmp);
    figures.note("200 status CLIENT at once, median", "ms", took[CROWD / 2]);
    figures.note("200 status CLIENT at once, p99", "ms", took[CROWD * 99 / 100]);

    let show = ["contract", "show", key];
    let alone = daemon.asking(&show)?;
    let list = json!({ "method": "org.lmsyncd.Contracts.List", "more": true });
    let over = Arc::new(AtomicBool::new(false));
    let reading: Vec<_> = (0..READERS)
        .map(|_| {
            let (over, list, socket) = (Arc::clone(&over), list.clone(), daemon.socket());
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    // One that is turned away comes again.
                    let _ = UnixStream::connect(&socket).and_then(|stream| ask(stream, &list));
                }
            })
        })
        .collect();
    let beside = daemon.asking(&show);
    over.store(true, Ordering::Relaxed);
    for one in reading {
        one.join().map_err(|_| "a thread panicked")?;
    }
    figures.note("contract show KEY beside ten readers", "ms", beside?);
    figures.note("contract show KEY alone, just before", "ms", alone);
    Ok(())
}

/// Sends a call and reads all its replies; the end of the last one.
fn ask(mut stream: UnixStream, call: &Value) -> std::io::Result<String> {
    stream.write_all(format!("{call}\0").as_bytes())?;
    let (mut chunk, mut end) = (vec![0; CHUNK], Vec::new());
    loop {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        end.extend_from_slice(&chunk[..read]);
        // The end of a reply says whether another one follows.
        let kept = end.len().saturating_sub(2048);
        end.drain(..kept);
        if end.ends_with(b"\0") && !end.ends_with(b"\"continues\":true}\0") {
            return Ok(String::from_utf8_lossy(&end).into_owned());
        }
    }
}
