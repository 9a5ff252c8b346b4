//! What stands in several files of the deployment stands in all of them alike.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::page::root;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The rest of each line that has these words, up to its end.
fn after<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| line.split_once(words).map(|(_, rest)| rest.trim()))
}

#[test]
fn an_image_has_one_version_wherever_it_is_named() {
    const IMAGES: [&str; 7] = [
        "postgres",
        "redis",
        "apache/kafka",
        "adminer",
        "prom/prometheus",
        "grafana/grafana",
        "ghcr.io/kafbat/kafka-ui",
    ];
    let mut paths = Vec::new();
    files(&root().join("deploy"), &mut paths);
    let mut versions: BTreeMap<&str, BTreeMap<String, BTreeSet<PathBuf>>> = BTreeMap::new();
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for word in text.split(|letter: char| letter.is_whitespace() || "\"'`,(){}[]".contains(letter)) {
            let Some((name, tag)) = word.split_once(':') else { continue };
            let Some(image) = IMAGES.iter().find(|image| **image == name) else { continue };
            let version = tag.trim_end_matches(':');
            // A number alone is a port.
            if version.contains('.')
                && version.trim_start_matches('v').starts_with(|letter: char| letter.is_ascii_digit())
            {
                versions.entry(image).or_default().entry(version.to_owned()).or_default().insert(path.clone());
            }
        }
    }
    for image in IMAGES {
        assert_eq!(versions.get(image).map(BTreeMap::len), Some(1), "{image}: {:#?}", versions.get(image));
    }
    // The operator's image is another one of the same major version.
    let (postgres, _) = versions["postgres"].first_key_value().unwrap();
    let major = postgres.split('.').next().unwrap();
    let cluster = read("deploy/kubernetes/overlays/production/postgres.yaml");
    assert!(cluster.contains(&format!("imageName: ghcr.io/cloudnative-pg/postgresql:{major}.")), "not {major}");
}

#[test]
fn metrics_have_one_port() {
    let image = read("deploy/Dockerfile");
    let port = after(&image, "EXPOSE ").next().unwrap();
    for (path, words) in [
        ("deploy/Dockerfile", "SHOPSTREAM_METRICS_ADDR=0.0.0.0:{}"),
        ("deploy/compose.yaml", "SHOPSTREAM_METRICS_ADDR: 0.0.0.0:{}"),
        ("deploy/kubernetes/base/kustomization.yaml", "SHOPSTREAM_METRICS_ADDR=0.0.0.0:{}"),
        ("deploy/kubernetes/base/network.yaml", "port: {} }"),
        ("deploy/kubernetes/base/worker.yaml", "prometheus.io/port: \"{}\""),
        ("deploy/kubernetes/base/worker.yaml", "containerPort: {}"),
        ("deploy/README.md", "at port {}"),
    ] {
        let words = words.replace("{}", port);
        assert!(read(path).contains(&words), "{path} has no `{words}`");
    }
    let scraped = read("deploy/prometheus/prometheus.yaml");
    let targets: Vec<&str> = after(&scraped, "- targets: ").filter(|targets| !targets.contains("localhost")).collect();
    assert!(!targets.is_empty());
    for target in targets.iter().flat_map(|targets| targets.split(',')) {
        assert!(target.contains(&format!(":{port}\"")), "{target}");
    }
}

#[test]
fn there_are_as_many_partitions_as_consumers_may_be() {
    let production = read("deploy/kubernetes/overlays/production/kustomization.yaml");
    let partitions = after(&production, "--partitions=").next().unwrap();
    let scaling = read("deploy/kubernetes/overlays/production/scaling.yaml");
    let most: Vec<&str> = after(&scaling, "maxReplicaCount: ").collect();
    assert_eq!(most, [partitions; 3]);
    let page = read("docs/kubernetes.md");
    for words in ["with {} partitions", "2 to {}"] {
        assert!(page.contains(&words.replace("{}", partitions)), "docs/kubernetes.md has no `{words}` of {partitions}");
    }
}

#[test]
fn an_alert_says_the_threshold_that_it_has() {
    let alerts = read("deploy/prometheus/alerts.yaml");
    let pages = ["docs/dashboards.md"].map(read).concat();
    for (name, unit) in
        [("ShopstreamConsumersLag", " messages"), ("ShopstreamOrdersParked", " orders"), ("ShopstreamPoolOld", " s")]
    {
        let rule = alerts.split(&format!("- alert: {name}\n")).nth(1).unwrap().split("- alert: ").next().unwrap();
        let threshold: i64 = after(rule, "expr: ").next().unwrap().rsplit_once("> ").unwrap().1.parse().unwrap();
        let said = format!("{}{unit}", shopstream::output::number::count(threshold));
        let description = after(rule, "description: ").next().unwrap();
        assert!(description.contains(&said), "{name}: {description} does not say {said}");
        let row = pages.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        assert!(row.contains(&said), "{row} does not say {said}");
    }
}

#[test]
fn containers_listen_on_this_machine_alone() {
    let compose = read("deploy/compose.yaml");
    let ports: Vec<&str> = after(&compose, "ports: [ ").collect();
    assert!(ports.len() >= 8, "{ports:?}");
    assert!(ports.iter().all(|ports| ports.starts_with("\"127.0.0.1:") && !ports.contains(", ")), "{ports:?}");
}
