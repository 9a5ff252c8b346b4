//! This machine: room on its disks, and what its environment says.

use std::path::Path;

use super::desk::Desk;
use super::finding::Finding;
use crate::output::number;
use crate::telemetry::logs;

/// Less than this, and a data set of a few million orders does not fit.
const LITTLE_ROOM: u64 = 5_000_000_000;
/// Less than this, and the default year does not.
const NO_ROOM: u64 = 50_000_000;

pub(super) fn examine(desk: &Desk) {
    match std::env::current_dir() {
        Ok(folder) => desk.found(room("working_folder", &folder)),
        Err(error) => desk.found(Finding::problem(
            "working_folder",
            format!("the working folder cannot be entered: {error}"),
            "change into one that exists: cd",
        )),
    }
    desk.found(room("temporary_folder", &std::env::temp_dir()));
    desk.found(match logs::directives_of_environment() {
        Ok(Some(directives)) => Finding::note("rust_log", format!("RUST_LOG sets the level of logs: {directives}")),
        Ok(None) => Finding::ok("rust_log", "not set: the verbosity sets the level of logs"),
        Err(failure) => Finding::of("rust_log", &failure),
    });
}

fn room(check: &'static str, folder: &Path) -> Finding {
    let finding = match free_bytes(folder) {
        Ok(free) => of_room(check, free),
        Err(error) => Finding::problem(
            check,
            format!("{}: how much room there is cannot be told: {error}", folder.display()),
            "make the folder, or name another (TMPDIR for temporary files)",
        ),
    };
    finding.about(folder.display().to_string())
}

fn of_room(check: &'static str, free: u64) -> Finding {
    let what = format!("{} free", number::bytes(free));
    let mend = "delete what is not needed, or write elsewhere: backfill --out DIR";
    if free < NO_ROOM {
        return Finding::problem(check, what, mend);
    }
    if free < LITTLE_ROOM { Finding::warning(check, what, mend) } else { Finding::ok(check, what) }
}

/// Bytes that an ordinary user may still write there.
fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_full_disk_is_a_problem_and_one_that_fills_a_warning() {
        let level = |free| of_room("working_folder", free).level;
        assert_eq!(level(NO_ROOM - 1), Level::Problem);
        assert_eq!(level(LITTLE_ROOM - 1), Level::Warning);
        assert_eq!(level(LITTLE_ROOM), Level::Ok);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let finding = room("temporary_folder", Path::new("/nowhere/at/all"));
        assert_eq!((finding.level, finding.subject.as_deref()), (Level::Problem, Some("/nowhere/at/all")));
    }
}
