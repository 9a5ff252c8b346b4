//! A disk that really fills up under PostgreSQL.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::audit::{Expect, audit};
use crate::lab::{Lab, is_root, lab};
use crate::program::{LONG, stop_all};
use crate::shop::{Shop, Told, orders};

/// A file system of its own that is small, mounted until it is dropped.
pub struct SmallDisk {
    place: PathBuf,
}

/// Runs a command as root: by itself, or with a sudo that asks nobody.
fn as_root(words: &[&str]) -> Result<(), String> {
    let all = if is_root() { words.to_vec() } else { [&["sudo", "-n"], words].concat() };
    let output = Command::new(all[0]).args(&all[1..]).output().map_err(|error| format!("{}: {error}", all[0]))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{all:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

fn own_name() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

impl SmallDisk {
    /// Mounts one of so many megabytes; or says why that cannot be done here.
    pub fn mount(lab: &Lab, megabytes: u64) -> Result<Self, String> {
        let (file, place) = (lab.path("small.img"), lab.path("small"));
        let _ = fs::remove_file(&file);
        fs::File::create(&file).and_then(|file| file.set_len(megabytes << 20)).map_err(|error| error.to_string())?;
        fs::create_dir_all(&place).map_err(|error| error.to_string())?;
        let (file, place_text) = (file.display().to_string(), place.display().to_string());
        // An ordinary user's path lacks the folder of mkfs.
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
        let made = Command::new("mkfs.ext4").env("PATH", path).args(["-q", "-F", "-m", "0", &file]).output();
        let on_loop = match made {
            Ok(made) if made.status.success() => as_root(&["mount", "-o", "loop", &file, &place_text]),
            _ => Err("mkfs.ext4 does not work".to_owned()),
        };
        // Some containers have no loop devices, but may mount memory.
        let size = format!("size={megabytes}m");
        on_loop.or_else(|why| {
            let in_memory = as_root(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", &place_text]);
            in_memory.map_err(|other| format!("{why}; {other}"))
        })?;
        let disk = Self { place };
        // PostgreSQL wants an empty folder of its own.
        let folder = disk.folder();
        let owner = if is_root() { "postgres".to_owned() } else { own_name() };
        as_root(&["install", "-d", "-m", "700", "-o", &owner, &folder.display().to_string()])?;
        as_root(&["chmod", "755", &place_text])?;
        Ok(disk)
    }

    /// The folder for a tablespace.
    pub fn folder(&self) -> PathBuf {
        self.place.join("tables")
    }

    /// Takes all the room that is left, to the last block.
    pub fn fill(&self) {
        let ballast = self.place.join("ballast");
        // Most of it without writing it; then zeros, until nothing goes in any more.
        let script = format!(
            "room=$(df --output=avail -B1 {1} | tail -n 1); fallocate -l $((room > 8000000 ? room - 8000000 : 1)) {0}; \
             head -c 100G /dev/zero >>{0} 2>/dev/null; sync {0}",
            ballast.display(),
            self.place.display()
        );
        as_root(&["sh", "-c", &script]).unwrap();
    }

    /// Gives it back.
    pub fn free(&self) {
        as_root(&["rm", "-f", &self.place.join("ballast").display().to_string()]).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // PostgreSQL still has files open there; they go when it does.
        let _ = as_root(&["umount", "-l", &self.place.display().to_string()]);
    }
}

/// Says so where it is seen: what a test prints is hidden when it passes.
pub fn not_tried(why: &str) {
    let text = format!("NOT TRIED, a full disk: no small file system can be mounted here: {why}\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Makes the tablespace `small` there, for shops to live in.
pub fn make_tablespace(lab: &Lab, folder: &Path) {
    lab.superuser_sql(&format!("CREATE TABLESPACE small LOCATION '{}'", folder.display()));
    lab.superuser_sql("GRANT CREATE ON TABLESPACE small TO shopstream");
}

#[test]
fn consumers_wait_while_the_disk_is_full_and_go_on_when_it_is_not() {
    let lab = lab();
    let disk = match SmallDisk::mount(&lab, 100 + orders() / 200) {
        Ok(disk) => disk,
        Err(why) => {
            not_tried(&why);
            return;
        }
    };
    make_tablespace(&lab, &disk.folder());
    {
        let shop = Shop::open_in(&lab, "small");
        let mut consumer = shop.consumer("orders", "--members 3");
        let producer = shop.producer("--stream orders --rate 800/s");
        shop.wait("something is stored", || shop.dealt_with() > 500);
        shop.wait("it is ready", || consumer.is_ready());
        disk.fill();
        // What is free within the tables' files is used up first.
        consumer.await_log("No space left on device", Duration::from_secs(60));
        shop.wait("it is not ready", || !consumer.is_ready());
        let full = shop.dealt_with();
        let mut told = Told::default();
        told.add(&producer.stop(LONG));
        consumer.assert_runs();
        assert!(!consumer.is_ready(), "{}", consumer.log());
        assert!(shop.dealt_with() < shop.topics.count("orders"), "the disk was not full: {full}");
        assert_eq!(shop.topics.count("orders.dlq"), 0, "a full disk is nobody's fault");
        disk.free();
        shop.settle();
        shop.wait("it is ready", || consumer.is_ready());
        let found = audit(&shop, &Expect { told: Some(&told), ..Expect::default() });
        assert!(found.dead.is_empty(), "{found:?}");
        stop_all([consumer]);
        shop.sql(&format!("DROP SCHEMA {} CASCADE", shop.name));
    }
    lab.superuser_sql("DROP TABLESPACE small");
}
