//! What Grafana puts in place of its variables and macros before it sends a query. As its PostgreSQL and Prometheus sources do;
//! a form that is not known here stays in the text, and fails.

/// What is chosen above a dashboard.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// RFC 3339, UTC.
    pub from: String,
    pub to: String,
    pub regions: Vec<String>,
    pub categories: Vec<String>,
    pub scenario: String,
}

impl Chosen {
    /// A query for PostgreSQL.
    pub fn sql(&self, raw: &str) -> String {
        let (from, to) = (format!("'{}'", self.from), format!("'{}'", self.to));
        let mut text = raw
            .replace("$__timeFrom()", &from)
            .replace("$__timeTo()", &to)
            .replace("${region:sqlstring}", &sqlstring(&self.regions))
            .replace("${category:sqlstring}", &sqlstring(&self.categories))
            .replace("${scenario}", &self.scenario);
        while let Some((before, rest)) = text.split_once("$__timeFilter(") {
            let (column, after) = rest.split_once(')').unwrap();
            text = format!("{before}{column} BETWEEN {from} AND {to}{after}");
        }
        assert!(!text.contains('$'), "a variable or macro is left over: {text}");
        text
    }
}

/// Grafana's format `sqlstring`: each value quoted, quotes in it doubled, with commas between them.
fn sqlstring(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
    quoted.join(",")
}

/// A query for Prometheus, with spans that suit one that scrapes every second and has run for less than a minute.
pub fn promql(raw: &str) -> String {
    let text = raw.replace("$__rate_interval", "20s").replace("$__range", "1m");
    assert!(!text.contains('$'), "a variable or macro is left over: {text}");
    text
}

/// Labels that a legend names: those in `{{ }}`.
pub fn legend_labels(legend: &str) -> Vec<&str> {
    legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0.trim()).collect()
}

/// The shop's own metrics in a query.
pub fn metrics(query: &str) -> Vec<&str> {
    let words = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("shopstream_")).collect()
}

#[test]
fn macros_become_what_grafana_sends() {
    let chosen = Chosen {
        from: "2025-01-01T00:00:00Z".to_owned(),
        to: "2025-02-01T00:00:00Z".to_owned(),
        regions: vec!["서울".to_owned(), "O'Brien".to_owned()],
        categories: vec!["골프".to_owned()],
        scenario: "golf".to_owned(),
    };
    assert_eq!(
        chosen.sql("$__timeFilter(o.at) AND at > $__timeFrom() AND r IN (${region:sqlstring}) AND s = '${scenario}'"),
        "o.at BETWEEN '2025-01-01T00:00:00Z' AND '2025-02-01T00:00:00Z' AND at > '2025-01-01T00:00:00Z' \
         AND r IN ('서울','O''Brien') AND s = 'golf'"
    );
    assert_eq!(legend_labels("{{job}} {{ fate }}"), ["job", "fate"]);
    assert_eq!(metrics("sum(rate(shopstream_a_total[1m])) > up"), ["shopstream_a_total"]);
}
