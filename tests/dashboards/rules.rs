//! The rules by promtool, and what it does not look at.

use std::path::PathBuf;
use std::process::Command;

use crate::applications::names;
use crate::boards::{Board, deploy, read};

fn promtool(words: &[&str]) -> String {
    let output =
        Command::new("promtool").current_dir(deploy("prometheus")).args(words).output().unwrap_or_else(|error| {
            panic!("promtool: {error}. Install it with `deploy/local/services install prometheus`.")
        });
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {words:?}: {said}");
    said
}

/// Each rule's name and its text.
fn rules() -> Vec<(String, String)> {
    let text = read("prometheus/alerts.yaml");
    let rules = text.split("\n      - alert: ").skip(1);
    rules.map(|rule| rule.split_once('\n').map(|(name, rest)| (name.to_owned(), rest.to_owned())).unwrap()).collect()
}

#[test]
fn promtool_finds_nothing_wrong_and_its_cases_hold() {
    promtool(&["check", "config", "prometheus.yaml"]);
    promtool(&["check", "rules", "alerts.yaml"]);
    promtool(&["test", "rules", "alerts.test.yaml"]);
}

#[test]
fn the_rules_on_kubernetes_are_these() {
    let copy = read("kubernetes/components/prometheus-operator/rules.yaml");
    let (_, copied) = copy.split_once("\nspec:\n").unwrap();
    let rules = read("prometheus/alerts.yaml");
    let (_, groups) = rules.split_once("\ngroups:\n").unwrap();
    let indented = groups.lines().map(|line| if line.is_empty() { line.to_owned() } else { format!("  {line}") });
    let expected = format!("  groups:\n{}", indented.map(|line| line + "\n").collect::<String>());
    assert!(copied == expected, "rules.yaml is not alerts.yaml any more; its head says how it is made");
}

#[test]
fn each_rule_has_a_case_that_fires_and_one_that_does_not() {
    let cases = read("prometheus/alerts.test.yaml");
    assert!(rules().len() >= 12);
    for (name, _) in rules() {
        let of_rule = cases.split("      - alertname: ").filter(|case| case.starts_with(&format!("{name}\n")));
        let (quiet, firing): (Vec<&str>, Vec<&str>) = of_rule.partition(|case| case.contains("exp_alerts: []"));
        assert!(!quiet.is_empty() && !firing.is_empty(), "{name}: {} quiet, {} firing", quiet.len(), firing.len());
    }
}

#[test]
fn each_rule_says_how_grave_it_is_and_where_to_read_on() {
    let guide = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for (name, text) in rules() {
        assert!(text.contains("severity: critical") || text.contains("severity: warning"), "{name}");
        assert!(text.contains("          summary: \"") && text.contains("          description: \""), "{name}");
        let (_, runbook) =
            text.split_once("          runbook: docs/troubleshooting.md#").unwrap_or_else(|| panic!("{name}"));
        let anchor = runbook.lines().next().unwrap();
        assert!(anchors(&guide).any(|of| of == anchor), "{name}: docs/troubleshooting.md has no section #{anchor}");
    }
}

/// Anchors of a page's headings, as they are made where it is read.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings.map(|heading| {
        let kept = heading
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
            .collect::<String>();
        kept.replace(' ', "-")
    })
}

#[test]
fn the_rule_for_workers_that_are_down_and_the_panels_know_every_job() {
    let configuration = read("prometheus/prometheus.yaml");
    let mut jobs: Vec<&str> = Vec::new();
    for name in names() {
        assert!(configuration.contains(&format!("\"{name}:9464\"")), "{name} is not scraped");
        let job = name.trim_end_matches(['-', '1', '2', '3']);
        assert!(configuration.contains(&format!("  - job_name: {job}\n")), "{job}");
        if !jobs.contains(&job) {
            jobs.push(job);
        }
    }
    let ours = format!("up{{job=~\"{}\"}}", jobs.join("|"));
    assert!(read("prometheus/alerts.yaml").contains(&format!("expr: {ours} == 0\n")), "{ours}");
    let board = Board::read("pipeline");
    for title in ["Workers up", "Workers"] {
        let panels = board.panels();
        let panel = panels.iter().find(|panel| panel.title() == title).unwrap();
        assert!(panel.targets()[0]["expr"].as_str().unwrap().contains(&ours), "{title}: {ours}");
    }
}
