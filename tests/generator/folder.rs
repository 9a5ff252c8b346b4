//! The folder of a dataset: what may be there before, what is left after a run that does not end.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use shopstream::backfill::dataset::{Dataset, FileFormat};
use shopstream::backfill::request::Request;
use shopstream::backfill::{Shard, Unwatched, Watch};
use shopstream::error::Failure;
use shopstream::generator::year::Batch;
use shopstream::interrupt::{Interrupt, Interrupted};
use shopstream::sink::compress::Compression;
use shopstream::sink::files::{Existing, Folder};

use crate::formats::{FORMATS, attempt, read, small, write};
use crate::shop::world;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn refusal(out: &Path) -> Failure {
    Folder::open(out, "", "csv", Existing::Refuse).unwrap_err().downcast::<Failure>().unwrap()
}

#[test]
fn a_folder_that_holds_something_is_refused_and_left_alone() {
    for (name, content) in
        [("holiday.jpg", "a picture"), ("orders.csv", "id"), ("manifest.json", "{}"), (".hidden", "")]
    {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join(name), content).unwrap();
        let failure = refusal(out.path());
        assert_eq!(failure.exit(), 2);
        assert!(failure.to_string().contains(name), "{failure}");
        assert!(failure.remedy().is_some_and(|help| help.contains("--out") && help.contains("--replace")));
        assert_eq!(names(out.path()), [name]);
        assert_eq!(fs::read_to_string(out.path().join(name)).unwrap(), content);
    }
}

#[test]
fn a_complete_dataset_is_refused_and_gives_way_only_when_told() {
    let out = tempfile::tempdir().unwrap();
    write(&small(2025), "csv", Compression::None, 1, out.path());
    let before = names(out.path());
    refusal(out.path());
    assert_eq!(names(out.path()), before);
    drop(Folder::open(out.path(), "", "csv", Existing::Replace).unwrap());
    assert_eq!(names(out.path()), before, "a replacement that comes to nothing takes nothing away");
    fs::write(out.path().join("notes.txt"), "mine").unwrap();
    assert!(Folder::open(out.path(), "", "csv", Existing::Replace).is_err(), "a stranger's file is never overwritten");
}

#[test]
fn what_a_broken_run_left_is_cleaned_away() {
    let out = tempfile::tempdir().unwrap();
    for name in ["orders.csv.partial", "users.csv.partial", "manifest.json.partial", ".lock.partial"] {
        fs::write(out.path().join(name), "half of it").unwrap();
    }
    write(&small(2025), "csv", Compression::None, 1, out.path());
    let expected = ["grade_changes.csv", "manifest.json", "order_items.csv", "orders.csv", "products.csv", "users.csv"];
    assert_eq!(names(out.path()), expected);
}

#[test]
fn what_a_broken_run_of_another_format_left_is_cleaned_away_too() {
    let out = tempfile::tempdir().unwrap();
    for name in ["orders.parquet.partial", "users.ndjson.zst.partial"] {
        fs::write(out.path().join(name), "half of it").unwrap();
    }
    write(&small(2025), "csv", Compression::None, 1, out.path());
    assert!(names(out.path()).iter().all(|name| !name.ends_with(".partial")), "{:?}", names(out.path()));
}

/// Asks for a stop at the given batch, or once the orders are done.
struct StopAt<'a> {
    interrupt: &'a Interrupt,
    batch: usize,
    seen: AtomicUsize,
}

impl Watch for StopAt<'_> {
    fn batch(&self, _batch: &Batch) {
        if self.seen.fetch_add(1, Ordering::Relaxed) == self.batch {
            self.interrupt.trigger();
        }
    }

    fn orders_done(&self) {
        self.interrupt.trigger();
    }
}

#[test]
fn an_interrupt_at_any_point_leaves_nothing_behind() {
    let base = tempfile::tempdir().unwrap();
    for format in FORMATS {
        // At the first day, in the middle, after the last order; with writers in threads of their own and without.
        for (batch, jobs) in [(0, 1), (0, 8), (180, 2), (364, 8), (usize::MAX, 1), (usize::MAX, 8)] {
            let out = base.path().join(format!("{format}-{batch}-{jobs}"));
            let interrupt = Interrupt::never();
            let watch = StopAt { interrupt: &interrupt, batch, seen: AtomicUsize::new(0) };
            let error = attempt(&small(2025), format, Compression::Zstd, jobs, &out, &watch, &interrupt).unwrap_err();
            assert_eq!(error.downcast::<Interrupted>().unwrap().exit(), 143, "{format} {batch} {jobs}");
            assert!(!out.exists(), "{out:?} holds {:?}", names(&out));
        }
    }
}

#[test]
fn an_interrupt_leaves_other_files_of_the_folder_alone() {
    let out = tempfile::tempdir().unwrap();
    let shard = |number| Request { shard: Some(Shard { number, of: 2 }), ..small(2025) };
    write(&shard(1), "ndjson", Compression::None, 1, out.path());
    let before = names(out.path());
    let interrupt = Interrupt::never();
    let watch = StopAt { interrupt: &interrupt, batch: 10, seen: AtomicUsize::new(0) };
    assert!(attempt(&shard(2), "ndjson", Compression::None, 2, out.path(), &watch, &interrupt).is_err());
    assert_eq!(names(out.path()), before);
}

#[test]
fn two_runs_never_write_into_one_folder_at_a_time() {
    let out = tempfile::tempdir().unwrap();
    let first = Folder::open(out.path(), "", "csv", Existing::Refuse).unwrap();
    let failure = refusal(out.path());
    assert_eq!(failure.exit(), 1);
    assert!(failure.to_string().contains("another run is writing"), "{failure}");
    drop(first);
    Folder::open(out.path(), "", "csv", Existing::Refuse).unwrap();
}

#[test]
fn shards_share_a_folder_and_no_ids() {
    let out = tempfile::tempdir().unwrap();
    let shard = |number| Request { shard: Some(Shard { number, of: 3 }), ..small(2025) };
    let path = out.path();
    // Two at once, as on two machines.
    std::thread::scope(|threads| {
        for number in 1..=2 {
            threads.spawn(move || write(&shard(number), "parquet", Compression::Zstd, 1, path));
        }
    });
    write(&shard(3), "parquet", Compression::Zstd, 1, path);
    assert_eq!(names(path).len(), 18, "{:?}", names(path));
    for table in ["users", "products", "orders"] {
        let mut ids = HashSet::new();
        let mut rows = 0;
        for number in 1..=3 {
            let shard = read(&path.join(format!("{table}-{number}-of-3.parquet")), table);
            rows += shard.len();
            ids.extend(shard.into_iter().map(|row| row[0].clone()));
        }
        assert_eq!(ids.len(), rows, "{table}");
    }
    // A single shop does not mix with shards, and a shard not with itself.
    assert!(attempt(&small(2025), "parquet", Compression::Zstd, 1, path, &Unwatched, &Interrupt::never()).is_err());
    assert!(attempt(&shard(2), "parquet", Compression::Zstd, 1, path, &Unwatched, &Interrupt::never()).is_err());
}

#[test]
fn a_run_that_broke_while_naming_its_files_is_mended_even_after_another_one_broke() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path();
    let request = small(2025);
    let dataset = Dataset { request: &request, format: FileFormat::Csv, compression: Compression::None, out: path };
    let write = |interrupt: &Interrupt| dataset.write(world(), Existing::Replace, 1, &Unwatched, interrupt);
    write(&Interrupt::never()).unwrap();
    // As a kill between two renames leaves it.
    for name in ["manifest.json", "orders.csv"] {
        fs::rename(path.join(name), path.join(format!("{name}.partial"))).unwrap();
    }
    let stopped = Interrupt::never();
    stopped.trigger();
    assert!(write(&stopped).is_err());
    assert!(path.join("users.csv").exists(), "what has its name is not taken away by a run that did not complete");
    write(&Interrupt::never()).unwrap();
    assert!(dataset.is_complete().unwrap());
    assert!(fs::read_dir(path).unwrap().all(|entry| !entry.unwrap().file_name().to_string_lossy().contains("partial")));
}

#[test]
fn shards_of_another_data_set_do_not_share_a_folder() {
    let out = tempfile::tempdir().unwrap();
    let attempt = |request: &Request, format| {
        let dataset = Dataset { request, format, compression: Compression::None, out: out.path() };
        dataset.write(world(), Existing::Refuse, 1, &Unwatched, &Interrupt::never())
    };
    let shard = |number, of| Request { shard: Some(Shard { number, of }), ..small(2025) };
    attempt(&shard(1, 2), FileFormat::Csv).unwrap();
    for (other, format) in [
        (shard(2, 3), FileFormat::Csv),
        (shard(2, 2), FileFormat::Ndjson),
        (Request { seed: 5, ..shard(2, 2) }, FileFormat::Csv),
    ] {
        let error = attempt(&other, format).unwrap_err().downcast::<Failure>().unwrap();
        assert!(error.to_string().contains("manifest-1-of-2.json") && error.exit() == 2, "{error}");
    }
    attempt(&shard(2, 2), FileFormat::Csv).unwrap();
}

#[test]
fn a_link_in_the_place_of_the_lock_harms_nobody() {
    let out = tempfile::tempdir().unwrap();
    let (victim, folder) = (out.path().join("victim"), out.path().join("dataset"));
    fs::write(&victim, "mine").unwrap();
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&victim, folder.join(".lock.partial")).unwrap();
    write(&small(2025), "csv", Compression::None, 1, &folder);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}
