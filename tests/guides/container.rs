//! The container for development has what `make test` asks for; what is said of the stack's memory is what its file says.

use crate::page::root;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn the_description_of_the_container_names_its_recipe() {
    let description: serde_json::Value = serde_json::from_str(&read(".devcontainer/devcontainer.json")).unwrap();
    let recipe = description["build"]["dockerfile"].as_str().unwrap();
    let recipe = read(&format!(".devcontainer/{recipe}"));
    let user = description["remoteUser"].as_str().unwrap();
    assert!(recipe.contains(&format!("ARG USERNAME={user}\n")), "{user} is not the recipe's user");
    assert_ne!(user, "root");
}

#[test]
fn the_container_has_the_rust_that_the_crate_asks_for() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let least = manifest["package"]["rust-version"].as_str().unwrap();
    assert!(read(".devcontainer/Dockerfile").contains(&format!("FROM rust:{least}.0-")), "not Rust {least}");
}

#[test]
fn the_container_has_every_package_that_the_scripts_would_install() {
    let recipe = read(".devcontainer/Dockerfile");
    let packages: Vec<&str> = recipe.split_whitespace().collect();
    let scripts =
        ["install", "postgres", "redis", "kafka"].map(|name| read(&format!("deploy/local/{name}.sh"))).join("\n");
    // `for package in …; do` of what compiling needs, and what each `…_needs` prints.
    let compiling = scripts.lines().find_map(|line| line.trim().strip_prefix("for package in gcc ")).unwrap();
    let printed = scripts.split("_needs()").skip(1).flat_map(|rest| {
        let body = rest.split_once("\n}").map_or(rest, |(body, _)| body);
        let body = if rest.lines().next().is_some_and(|line| line.trim_end().ends_with('}')) {
            rest.lines().next().unwrap()
        } else {
            body
        };
        body.split("echo ").skip(1).filter_map(|name| name.split([' ', '\n', ';', ')', '}']).next()).collect::<Vec<_>>()
    });
    let mut asked: Vec<&str> = compiling.split("; do").next().unwrap().split(' ').chain(printed).collect();
    asked.retain(|name| name.starts_with(|letter: char| letter.is_ascii_lowercase()));
    assert!(asked.len() >= 10, "{asked:?}");
    for name in asked {
        // The scripts take the newest Java from 17 on that a release has.
        let name = if name == "java17+" { "openjdk-17-jre-headless" } else { name };
        assert!(packages.contains(&name), "the container lacks {name}");
    }
}

/// A size of the file, in MiB.
fn mebibytes(size: &str) -> u64 {
    let (number, factor) = match size.strip_suffix('g') {
        Some(number) => (number, 1024),
        None => (size.strip_suffix('m').unwrap(), 1),
    };
    number.parse::<u64>().unwrap() * factor
}

#[test]
fn the_memory_of_the_stack_is_what_its_limits_add_up_to() {
    let file = read("deploy/compose.yaml");
    let (mut anchors, mut always, mut analytics) = (std::collections::HashMap::new(), 0, 0);
    // A block is a key at the beginning of a line, or a service of two spaces, and what is further in.
    let is_head = |line: &str| line.trim_start().starts_with(|c: char| c.is_ascii_alphabetic()) && indent(line) <= 2;
    let lines: Vec<&str> = file.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut section = "";
    for line in lines {
        if indent(line) == 0 && is_head(line) {
            section = line;
        }
        let opens = is_head(line) && (indent(line) == 0 || section.starts_with("services:"));
        match blocks.last_mut() {
            Some(block) if !opens => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    for block in &blocks {
        let text = block.join("\n");
        let own = block.iter().find_map(|line| line.trim().strip_prefix("mem_limit: ")).map(mebibytes);
        let inherited = text.split("<<: *").nth(1).map(|name| name.split([',', '\n', ' ']).next().unwrap());
        let limit = own.or_else(|| inherited.and_then(|name| anchors.get(name).copied()));
        if let Some((_, name)) = block[0].split_once(": &") {
            anchors.insert(name.to_owned(), limit.unwrap_or(0));
        } else if indent(block[0]) == 2 {
            let limit = limit.unwrap_or_else(|| panic!("no limit: {}", block[0]));
            if text.contains("profiles: [ analytics ]") {
                analytics += limit;
            } else {
                always += limit;
            }
        }
    }
    let gib = |mebibytes: u64| format!("{:.1}", mebibytes as f64 / 1024.0);
    let said = format!("The limits add up to {} GiB, to {} with `analytics`", gib(always), gib(always + analytics));
    assert!(read("deploy/README.md").contains(&said), "{said}");
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
