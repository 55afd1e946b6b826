//! What a process took so far, by its folder in /proc (proc(5)): its number, or `self`.

use std::fs;

use super::Failure;

/// Ticks of the processor in a second, as /proc counts them.
const TICKS: f64 = 100.0;

/// The number behind `name` in a file of a process.
pub fn number(process: &str, file: &str, name: &str) -> Result<f64, Failure> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    Ok(line.split_whitespace().next().ok_or("a number")?.parse()?)
}

/// The MiB of a line of its status, such as `VmRSS:`.
pub fn memory(process: &str, name: &str) -> Result<f64, Failure> {
    Ok(number(process, "status", name)? / 1024.0)
}

/// The seconds of processor that it has taken, user and system.
pub fn processor(process: &str) -> Result<f64, Failure> {
    ticks(process, [11, 12])
}

/// The same of its children that have ended.
pub fn processor_of_children(process: &str) -> Result<f64, Failure> {
    ticks(process, [13, 14])
}

/// The sum of fields of its statistics, counted from that behind its name.
fn ticks(process: &str, fields: [usize; 2]) -> Result<f64, Failure> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = text.rsplit_once(") ").ok_or("no name")?;
    let all: Vec<&str> = rest.split(' ').collect();
    let mut sum = 0.0;
    for field in fields {
        sum += all.get(field).ok_or("too few fields")?.parse::<f64>()?;
    }
    Ok(sum / TICKS)
}
