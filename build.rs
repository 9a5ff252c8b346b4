//! Tells the binary which commit it was built from, for `shopstream --version`.

use std::path::Path;
use std::process::Command;

/// What shapes the binary; a change elsewhere (docs, deployment) does not make a build "dirty".
const SOURCES: [&str; 5] = ["src", "build.rs", "Cargo.toml", "Cargo.lock", "migrations"];

fn main() {
    // A container build has no `.git`; its recipe passes the commit in this variable.
    println!("cargo::rerun-if-env-changed=SHOPSTREAM_COMMIT");
    let given = std::env::var("SHOPSTREAM_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(commit_of_checkout).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=SHOPSTREAM_COMMIT={commit}");
    // Watching a path that does not exist would run this script, and so compile the crate, at every build.
    for path in SOURCES.iter().filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn commit_of_checkout() -> Option<String> {
    // An unpacked archive may lie inside somebody else's repository, whose commit says nothing about us.
    let root = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&root).canonicalize().ok()? != Path::new(".").canonicalize().ok()? {
        return None;
    }
    // The reflog changes with every commit and checkout; `--git-path` finds it in a worktree too.
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let mut diff = vec!["status", "--porcelain", "--"];
    diff.extend(SOURCES);
    let dirty = git(&diff).is_some_and(|changes| !changes.is_empty());
    Some(if dirty { format!("{commit}-dirty") } else { commit })
}

fn git(arguments: &[&str]) -> Option<String> {
    // Without the lock, a build in the background would not disturb a rebase in the foreground.
    let output = Command::new("git").arg("--no-optional-locks").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
