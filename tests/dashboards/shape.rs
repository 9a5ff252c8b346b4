//! What can be seen of a dashboard without running it: Grafana draws a panel wrongly, or not at all, without a word.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::boards::{Board, POSTGRES, PROMETHEUS, deploy, read};

/// Okabe and Ito's colours, and a grey: told apart with any eyes. Black is none on a dark page.
const COLOURS: [&str; 8] = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999"];
const KINDS: [&str; 8] = ["stat", "timeseries", "barchart", "piechart", "table", "heatmap", "state-timeline", "gauge"];

#[test]
fn every_panel_has_a_unit_a_description_and_a_source_that_is_provisioned() {
    let sources = read("grafana/provisioning/datasources/shopstream.yaml");
    for board in Board::all() {
        for panel in board.panels() {
            let place = panel.place();
            assert!(KINDS.contains(&panel.kind()), "{place}: {}", panel.kind());
            assert!(panel.defaults()["unit"].as_str().is_some_and(|unit| !unit.is_empty()), "{place} has no unit");
            let description = panel.json["description"].as_str().unwrap_or_default();
            assert!(description.len() > 25 && description.ends_with('.'), "{place} is not described");
            if ["timeseries", "barchart"].contains(&panel.kind()) {
                let axis = panel.defaults()["custom"]["axisLabel"].as_str().unwrap_or_default();
                assert!(!axis.is_empty(), "{place}: the axis has no name");
            }
            assert!(!panel.targets().is_empty(), "{place} asks nothing");
            let kind = match panel.source() {
                POSTGRES => "grafana-postgresql-datasource",
                PROMETHEUS => "prometheus",
                other => panic!("{place}: {other}"),
            };
            assert!(sources.contains(&format!("    uid: {}\n    type: {kind}\n", panel.source())), "{place}");
            let mut names = BTreeSet::new();
            for target in panel.targets() {
                assert_eq!(target["datasource"], panel.json["datasource"], "{place}");
                assert_eq!(target["datasource"]["type"], kind, "{place}");
                assert!(names.insert(target["refId"].as_str().unwrap()), "{place}: two targets of one name");
            }
        }
    }
}

#[test]
fn no_two_panels_overlap_and_none_leaves_the_page() {
    for board in Board::all() {
        let rectangle = |panel: &Value| {
            let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            (side("x"), side("y"), side("w"), side("h"))
        };
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for (number, panel) in board.places().iter().enumerate() {
            let (x, y, w, h) = rectangle(panel);
            assert!(w > 0 && h > 0 && x + w <= 24, "{}: {}", board.name, panel["title"]);
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}: id {} twice", board.name, panel["id"]);
            let is_row = panel["type"] == "row";
            assert!(
                titles.insert((is_row, panel["title"].as_str().unwrap())),
                "{}: {} twice",
                board.name,
                panel["title"]
            );
            for other in &board.places()[..number] {
                let (ox, oy, ow, oh) = rectangle(other);
                let apart = x + w <= ox || ox + ow <= x || y + h <= oy || oy + oh <= y;
                assert!(apart, "{}: {} lies on {}", board.name, panel["title"], other["title"]);
            }
        }
    }
}

#[test]
fn dashboards_are_of_a_schema_that_grafana_12_reads_and_link_to_each_other() {
    let mut uids = BTreeSet::new();
    for board in Board::all() {
        let json = &board.json;
        assert_eq!(json["schemaVersion"], 41, "{}", board.name);
        assert_eq!(json["uid"], format!("shopstream-{}", board.name));
        assert!(uids.insert(json["uid"].to_string()));
        // A file has no id of a database, and Grafana refuses one that is another's.
        assert!(json.get("id").is_none() && json.get("__inputs").is_none(), "{}", board.name);
        assert_eq!(json["timezone"], "Asia/Seoul", "days are the shop's own");
        assert!(json["description"].as_str().unwrap().ends_with('.'), "{}", board.name);
        let tags = json["tags"].as_array().unwrap();
        assert!(tags.contains(&Value::from("shopstream")), "{}: the others find it by this tag", board.name);
        assert_eq!(json["links"][0]["type"], "dashboards");
        assert_eq!(json["links"][0]["tags"], serde_json::json!(["shopstream"]));
    }
    // Where the compose file puts them, and where Grafana looks.
    let compose = read("compose.yaml");
    assert!(read("grafana/provisioning/dashboards/shopstream.yaml").contains("path: /var/lib/shopstream/dashboards\n"));
    assert!(compose.contains("- ./grafana/dashboards:/var/lib/shopstream/dashboards:ro\n"));
    for kind in ["datasources", "dashboards"] {
        let mount = format!("- ./grafana/provisioning/{kind}:/etc/grafana/provisioning/{kind}:ro\n");
        assert!(compose.contains(&mount), "{kind}");
    }
    assert!(compose.contains("HOME_DASHBOARD_PATH: /var/lib/shopstream/dashboards/sales.json\n"));
    assert_eq!(std::fs::read_dir(deploy("grafana/dashboards")).unwrap().count(), uids.len(), "one that no test knows");
}

#[test]
fn colours_are_told_apart_with_any_eyes() {
    fn colours(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        Value::String(text) if key == "fixedColor" || key == "color" => found.push(text.clone()),
                        _ => colours(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| colours(value, found)),
            _ => {}
        }
    }
    for board in Board::all() {
        for panel in board.panels() {
            let mut found = Vec::new();
            colours(&panel.json["fieldConfig"], &mut found);
            for colour in found {
                assert!(COLOURS.contains(&colour.as_str()), "{}: {colour}", panel.place());
            }
        }
    }
}
