//! The page in Chromium: every chart is drawn, nothing is complained of, nothing is asked of the network.

use std::path::{Path, PathBuf};

use serde_json::json;
use shopstream::backfill::dataset::FileFormat;
use shopstream::report::page;
use shopstream::sink::compress::Compression;

use crate::browser::Browser;
use crate::shop::{of_folder, request, write};

/// Charts, and how many filled shapes each must have at least: a bar a month, a cell an hour, …
const CHARTS: [(&str, usize); 14] = [
    ("days", 2 * 365 + 30),
    ("months", 24),
    ("scenarios", 2 * 20),
    ("heat-map", 7 * 24),
    ("categories", 19),
    ("seasons", 19 * 12),
    ("baskets", 10),
    ("order-values", 10),
    ("ages", 10),
    ("payments", 6 * 4),
    ("regions", 13),
    ("grades", 2),
    ("pyramid", 8),
    ("moves", 4),
];

fn page_in(folder: &Path) -> PathBuf {
    write(&request(4_000), FileFormat::Parquet, Compression::Zstd, &folder.join("dataset"));
    let path = folder.join("page.html");
    std::fs::write(&path, page::html(&of_folder(&folder.join("dataset")).unwrap()).unwrap()).unwrap();
    path
}

/// The filled shapes of a chart that have a size.
fn shapes(browser: &mut Browser, id: &str) -> usize {
    let count = browser.value(&format!(
        "[...document.querySelectorAll('#{id} .chart svg path')].filter(path => {{
             const size = path.getBoundingClientRect();
             const fill = getComputedStyle(path).fill;
             return fill !== 'none' && fill !== 'rgba(0, 0, 0, 0)' && size.width > 0 && size.height > 0;
         }}).length"
    ));
    usize::try_from(count.as_u64().unwrap()).unwrap()
}

#[test]
fn every_chart_is_drawn_in_wide_and_narrow_windows_light_and_dark_without_a_complaint_or_a_request() {
    let folder = crate::browser::folder();
    let path = page_in(folder.path());
    let mut browser = Browser::start();
    for (width, scheme) in [(1400, "light"), (1400, "dark"), (420, "light"), (420, "dark")] {
        browser.window(width, 900, scheme);
        browser.open(&path);
        for (id, least) in CHARTS {
            let found = shapes(&mut browser, id);
            assert!(found >= least, "{id} at {width} px, {scheme}: {found} shapes");
        }
        assert_eq!(browser.value("document.querySelectorAll('figure svg').length"), CHARTS.len());
        assert_eq!(browser.value("document.documentElement.dataset.theme"), scheme);
        let overflow = browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(overflow, 0, "nothing is wider than {width} px");
        assert_eq!(browser.complaints(), [""; 0], "{width} px, {scheme}");
        assert_eq!(browser.requests(), [""; 0], "{width} px, {scheme}");
    }
}

#[test]
fn the_switch_the_window_and_the_printer_are_followed() {
    let folder = crate::browser::folder();
    let path = page_in(folder.path());
    let mut browser = Browser::start();
    browser.window(1400, 900, "light");
    browser.open(&path);
    let bar = "document.querySelector('#regions svg path[fill]:not([fill=none]):not([fill=transparent])').getAttribute('fill')";
    let light = browser.value(bar);
    browser.value("document.getElementById('theme').click()");
    assert_eq!(browser.value("document.documentElement.dataset.theme"), "dark");
    assert_ne!(browser.value(bar), light);
    browser.value("document.getElementById('theme').click()");
    assert_eq!(browser.value(bar), light);

    // A choice stays, whatever the system says; a page opened anew follows the system.
    browser.window(1400, 900, "dark");
    assert_eq!(browser.value(bar), light);
    browser.window(1400, 900, "light");
    browser.open(&path);
    let width = "document.querySelector('#days svg').getBoundingClientRect().width";
    let wide = browser.value(width).as_f64().unwrap();
    browser.window(700, 900, "light");
    browser.until(&format!("{width} < 700 && {wide} > 1200"));
    browser.window(700, 900, "dark");
    browser.until("document.documentElement.dataset.theme === 'dark'");

    let printed = browser.call("Page.printToPDF", json!({ "printBackground": true, "preferCSSPageSize": true }));
    assert!(printed["data"].as_str().unwrap().len() > 50_000);
    // Afterwards the screen is as before.
    browser.until("document.documentElement.dataset.theme === 'dark'");
    for (id, least) in CHARTS {
        let found = shapes(&mut browser, id);
        assert!(found >= least, "{id} after printing: {found} shapes");
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn the_page_tells_its_charts_in_words_and_figures() {
    let folder = crate::browser::folder();
    let path = page_in(folder.path());
    let mut browser = Browser::start();
    browser.open(&path);
    for (id, _) in CHARTS {
        let labelled = format!(
            "(() => {{
                 const figure = document.getElementById('{id}');
                 const chart = figure.querySelector('[role=img]');
                 const text = name => document.getElementById(chart.getAttribute(name)).textContent;
                 return text('aria-labelledby').length > 4 && text('aria-describedby').length > 20
                     && figure.querySelectorAll('details table tbody tr').length > 2;
             }})()"
        );
        assert_eq!(browser.value(&labelled), true, "{id}");
    }
    assert_eq!(browser.value("document.querySelectorAll('dl.headlines > div').length"), 6);
}
