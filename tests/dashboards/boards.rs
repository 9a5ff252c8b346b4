//! The dashboards as their files have them.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// The names of the files.
pub const BOARDS: [&str; 4] = ["sales", "scenarios", "customers", "pipeline"];
pub const POSTGRES: &str = "shopstream-postgres";
pub const PROMETHEUS: &str = "shopstream-prometheus";

/// A file below `deploy/`.
pub fn deploy(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path)
}

/// Its text.
pub fn read(path: &str) -> String {
    let path = deploy(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A dashboard.
pub struct Board {
    pub name: &'static str,
    pub json: Value,
}

impl Board {
    pub fn read(name: &'static str) -> Self {
        Self { name, json: serde_json::from_str(&read(&format!("grafana/dashboards/{name}.json"))).unwrap() }
    }

    pub fn all() -> Vec<Self> {
        BOARDS.into_iter().map(Self::read).collect()
    }

    /// Rows and panels, in order.
    pub fn places(&self) -> &[Value] {
        self.json["panels"].as_array().unwrap()
    }

    /// The panels alone.
    pub fn panels(&self) -> Vec<Panel<'_>> {
        let panels = self.places().iter().filter(|panel| panel["type"] != "row");
        panels.map(|json| Panel { board: self, json }).collect()
    }

    pub fn variables(&self) -> &[Value] {
        self.json["templating"]["list"].as_array().unwrap()
    }
}

/// A panel of a dashboard.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    pub board: &'a Board,
    pub json: &'a Value,
}

impl Panel<'_> {
    pub fn title(&self) -> &str {
        self.json["title"].as_str().unwrap()
    }

    /// What to call it when something is wrong.
    pub fn place(&self) -> String {
        format!("{} / {}", self.board.name, self.title())
    }

    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap()
    }

    pub fn source(&self) -> &str {
        self.json["datasource"]["uid"].as_str().unwrap()
    }

    pub fn targets(&self) -> &[Value] {
        self.json["targets"].as_array().unwrap()
    }

    pub fn defaults(&self) -> &Value {
        &self.json["fieldConfig"]["defaults"]
    }

    /// Names of fields that have settings of their own.
    pub fn overridden(&self) -> Vec<&str> {
        let overrides = self.json["fieldConfig"]["overrides"].as_array().unwrap();
        let by_name = overrides.iter().filter(|of| of["matcher"]["id"] == "byName");
        by_name.map(|of| of["matcher"]["options"].as_str().unwrap()).collect()
    }
}

/// The panels of all dashboards that ask this source.
pub fn panels_of<'a>(boards: &'a [Board], source: &str) -> Vec<Panel<'a>> {
    boards.iter().flat_map(Board::panels).filter(|panel| panel.source() == source).collect()
}
