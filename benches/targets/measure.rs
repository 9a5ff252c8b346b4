//! One process, measured from outside: wall time, CPU time of it and its children, peak memory.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use color_eyre::eyre::{Context, Result, bail, eyre};

/// Runs that count; one more goes before them, to warm caches.
pub const RUNS: usize = 5;
/// The kernel's unit of CPU time in /proc, the same on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

/// What a process took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Seconds from start to end.
    pub wall: f64,
    /// CPU seconds, user and system.
    pub cpu: f64,
    /// Peak resident memory, bytes.
    pub memory: u64,
}

/// The binary under test.
pub fn shopstream() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopstream"));
    command.env_remove("RUST_BACKTRACE");
    command
}

/// Runs a command to its end; it must succeed.
pub fn once(command: &mut Command) -> Result<Sample> {
    let before = children_cpu()?;
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .wrap_err_with(|| format!("cannot start {command:?}"))?;
    let mut memory = 0;
    let status = loop {
        memory = peak_memory(child.id()).unwrap_or(memory);
        match child.try_wait()? {
            Some(status) => break status,
            // A tenth of what the shortest run takes; the kernel keeps the peak, so little is missed.
            None => std::thread::sleep(Duration::from_micros(300)),
        }
    };
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        let said = child.wait_with_output()?.stderr;
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&said));
    }
    Ok(Sample { wall, cpu: children_cpu()? - before, memory })
}

/// The median of each figure over [`RUNS`] runs; `prepare` goes before each and is not measured.
pub fn median(mut prepare: impl FnMut() -> Result<()>, mut run: impl FnMut() -> Result<Sample>) -> Result<Sample> {
    let mut samples = Vec::new();
    for _ in 0..=RUNS {
        prepare()?;
        samples.push(run()?);
    }
    Ok(of_samples(&samples[1..]))
}

/// The median of each figure.
pub fn of_samples(samples: &[Sample]) -> Sample {
    let middle = |of: &dyn Fn(&Sample) -> f64| {
        let mut all: Vec<f64> = samples.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Sample {
        wall: middle(&|sample| sample.wall),
        cpu: middle(&|sample| sample.cpu),
        memory: middle(&|sample| sample.memory as f64) as u64,
    }
}

/// CPU seconds of all children that have ended.
fn children_cpu() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").wrap_err("cannot read /proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or_else(|| eyre!("/proc/self/stat is odd"))?.1;
    // Fields 16 and 17 of proc(5), cutime and cstime; the name was field 2.
    let ticks: Vec<f64> = after_name.split_whitespace().skip(13).take(2).filter_map(|word| word.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / TICKS_A_SECOND)
}

fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}
