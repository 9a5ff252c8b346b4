//! The container for development has what `make test` asks for.

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
