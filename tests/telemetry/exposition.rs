//! A reader of the text formats of Prometheus and OpenMetrics that forgives nothing.

use std::collections::BTreeMap;

/// Samples of a page in a text format, by name and labels. Panics where the page breaks a rule of the format.
pub fn samples(page: &str) -> BTreeMap<String, f64> {
    let is_name = |name: &str| {
        name.starts_with("shopstream_") && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let (mut kinds, mut helped) = (BTreeMap::<String, String>::new(), Vec::<String>::new());
    let mut samples = BTreeMap::new();
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            if comment == "EOF" {
                continue;
            }
            let mut words = comment.splitn(3, ' ');
            let (keyword, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            assert!(is_name(name) && !rest.is_empty(), "{line}");
            match keyword {
                "HELP" => {
                    assert!(!helped.iter().any(|known| known == name), "{name} is there twice");
                    assert!(rest.ends_with('.') && !rest.ends_with(".."), "{line}");
                    helped.push(name.to_owned());
                }
                "TYPE" => assert_eq!(kinds.insert(name.to_owned(), rest.to_owned()), None, "{name} twice"),
                "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        assert!(is_name(name) && labels.ends_with('}'), "{line}");
        for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
            let (key, text) = label.split_once('=').unwrap();
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            assert!(text.len() >= 2 && text.starts_with('"') && text.ends_with('"'), "{line}");
        }
        let family = ["", "_total", "_info", "_bucket", "_sum", "_count"].iter().find_map(|suffix| {
            name.strip_suffix(suffix).filter(|family| kinds.contains_key(*family)).map(str::to_owned)
        });
        let family = family.unwrap_or_else(|| panic!("{name} has no TYPE"));
        assert!(helped.contains(&family), "{name} has no HELP");
        assert_eq!(kinds[&family] == "counter", name.ends_with("_total"), "{line}");
        assert_eq!(samples.insert(series.to_owned(), value.parse().unwrap()), None, "{series} is there twice");
    }
    samples
}

/// A histogram's buckets never fall, and the last is its count.
pub fn assert_cumulative(samples: &BTreeMap<String, f64>, name: &str) {
    let prefix = format!("{name}_bucket{{le=\"");
    let buckets = samples.iter().filter_map(|(series, count)| {
        let bound = series.strip_prefix(&prefix)?.trim_end_matches("\"}");
        Some((bound.parse::<f64>().unwrap(), *count))
    });
    let mut buckets: Vec<_> = buckets.collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(buckets.len() > 5 && buckets.is_sorted_by(|a, b| a.1 <= b.1), "{buckets:?}");
    assert_eq!(buckets.last().map(|last| last.1), samples.get(&format!("{name}_count")).copied());
}

/// Every metric has its line in `docs/metrics.md`.
pub fn assert_documented(page: &str) {
    let documentation = include_str!("../../docs/metrics.md");
    for line in page.lines().filter(|line| line.starts_with("# TYPE ")) {
        let name = line.split(' ').nth(2).unwrap().trim_start_matches("shopstream_");
        assert!(documentation.contains(&format!("\n| `{name}` |")), "{name} is missing in docs/metrics.md");
    }
}
