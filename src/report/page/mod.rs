//! The page: one HTML file with its style, its script, the library that draws, and all figures.

mod headlines;

use std::fmt::Write;
use std::io::Read;

use color_eyre::eyre::{Context, Result};

use super::charts::{self, Section};
use super::{Chart, DataTable, Report};

/// What says that a file is a report of ours.
pub const MARK: &str = "<meta name=\"generator\" content=\"shopstream report";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("mount.js");
/// Apache ECharts, compressed; `assets/echarts/README.md` says which.
const ECHARTS: &[u8] = include_bytes!("../../../assets/echarts/echarts.min.js.zst");
/// Nothing may be loaded from anywhere: the browser holds the page to that.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/// The page of a year.
///
/// # Errors
/// When the library cannot be unpacked, or a chart has no JSON.
pub fn html(report: &Report) -> Result<String> {
    let year = report.figures.year;
    let mut page = String::with_capacity(1 << 21);
    let version = env!("CARGO_PKG_VERSION");
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{MARK} {version}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>The shop's year {year}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    header(&mut page, report)?;
    page.push_str("<main>\n");
    headlines::write(&mut page, &report.figures)?;
    for section in charts::all(&report.figures) {
        write_section(&mut page, &section)?;
    }
    write!(
        page,
        "</main>\n<footer><p>Made by shopstream {version}; charts by Apache ECharts. The data are invented: no person, \
         brand or order in them is real.</p></footer>\n<script>{}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        library()?
    )?;
    Ok(page)
}

fn header(page: &mut String, report: &Report) -> Result<()> {
    write!(
        page,
        "<header class=\"top\"><div>\n<h1>The shop’s year {}</h1>\n<p class=\"origin\">From {}. Days and hours are the \
         shop’s own (UTC+9). Money is Korean won: rounded with 만 (10,000), 억 (100 million) and 조 (a million million), to \
         the won in tables and tips.</p>\n",
        report.figures.year,
        escape(&report.origin)
    )?;
    for note in &report.notes {
        writeln!(page, "<p class=\"note\">{}</p>", escape(note))?;
    }
    page.push_str("</div><button id=\"theme\" type=\"button\" hidden>Dark colours</button></header>\n");
    page.push_str(
        "<noscript><p class=\"note\">The charts need JavaScript; the figures below each do not.</p></noscript>\n",
    );
    Ok(())
}

fn write_section(page: &mut String, section: &Section) -> Result<()> {
    writeln!(page, "<section>\n<h2>{}</h2>\n<div class=\"charts\">", escape(section.title))?;
    for chart in &section.charts {
        write_chart(page, chart)?;
    }
    page.push_str("</div>\n</section>\n");
    Ok(())
}

fn write_chart(page: &mut String, chart: &Chart) -> Result<()> {
    let Chart { id, title, about, option, table, wide, height } = chart;
    let wide = if *wide { " class=\"wide\"" } else { "" };
    let (title, about) = (escape(title), escape(about));
    // Within a script no text may look like its end.
    let option = serde_json::to_string(option).wrap_err("a chart cannot be written as JSON")?.replace('<', "\\u003c");
    write!(
        page,
        "<figure id=\"{id}\" data-chart{wide}>\n<figcaption><h3 id=\"{id}-title\">{title}</h3>\
         <p class=\"about\" id=\"{id}-about\">{about}</p></figcaption>\n\
         <div class=\"chart\" role=\"img\" aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-about\" \
         style=\"height:{height}px\"></div>\n<script type=\"application/json\">{option}</script>\n"
    )?;
    page.push_str("<details><summary>Figures</summary><div class=\"scroll\">");
    write_table(page, table, &title)?;
    page.push_str("</div></details>\n</figure>\n");
    Ok(())
}

fn write_table(page: &mut String, table: &DataTable, title: &str) -> Result<()> {
    let class = |column: usize| if column < table.texts { " class=\"text\"" } else { "" };
    write!(page, "<table aria-label=\"{title}\"><thead><tr>")?;
    for (column, header) in table.headers.iter().enumerate() {
        write!(page, "<th scope=\"col\"{}>{}</th>", class(column), escape(header))?;
    }
    page.push_str("</tr></thead><tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            write!(page, "<td{}>{}</td>", class(column), escape(cell))?;
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>");
    Ok(())
}

/// The library as text.
fn library() -> Result<String> {
    let mut text = String::new();
    zstd::Decoder::new(ECHARTS)
        .and_then(|mut content| content.read_to_string(&mut text))
        .wrap_err("cannot unpack the library that draws charts")?;
    Ok(text)
}

/// Text as it stands in HTML, also within quotes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_library_is_the_release_that_the_notes_name() {
        let text = library().unwrap();
        let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let notes = include_str!("../../../assets/echarts/README.md");
        assert!(notes.contains(&digest), "{digest}");
        assert!(text.contains("6.1.0") && notes.contains("6.1.0"));
        assert!(!text.contains("</script"), "it would end its own element");
    }

    #[test]
    fn names_out_of_the_data_cannot_become_markup() {
        let mut figures = crate::report::Figures::new(2025);
        let evil = "</script><img src=x onerror=alert(1)>\"";
        figures.categories.entry(evil.to_owned()).or_default()[3].lines = 7;
        figures.scenario_on(evil, 40).unwrap().orders = 7;
        figures.regions.entry(evil.to_owned()).or_default().orders = 7;
        let page = html(&Report { figures, origin: evil.to_owned(), notes: vec![evil.to_owned()] }).unwrap();
        // The library has such a text itself, where it saves pictures.
        let page = page.replace(&library().unwrap(), "");
        assert!(!page.contains("<img"));
        assert!(page.contains("&lt;/script&gt;&lt;img") && page.contains("\\u003c/script>\\u003cimg"));
    }
}
