//! A report on the terminal: a line a finding, service by service, with what mends it below.

use clap::builder::styling::{AnsiColor, Style};
use color_eyre::eyre::Result;

use crate::doctor::finding::{Finding, Level, Service};
use crate::doctor::report::Report;
use crate::output::{Printer, Table};

pub(super) fn print(report: &Report, printer: &Printer) -> Result<()> {
    let color = printer.stdout_color();
    let mut text = String::new();
    for service in Service::ALL {
        let bold = if color { Style::new().bold() } else { Style::new() };
        text.push_str(&format!("{bold}{}{bold:#}\n", service.title()));
        for located in report.findings.iter().filter(|located| located.service == service) {
            text.push_str(&line(&located.finding, color));
        }
        text.push('\n');
    }
    printer.result(&text)?;
    let mut configuration = Table::new(["setting", "value", "from"]);
    for entry in &report.configuration {
        configuration.row([entry.setting.into(), entry.value.as_str().into(), entry.source.as_str().into()]);
    }
    printer.table(&configuration)?;
    printer.result(&format!("\nshopstream {}: {}.", report.version, report.counts.words()))
}

fn line(finding: &Finding, color: bool) -> String {
    let style = if color { style(finding.level) } else { Style::new() };
    let check = finding.check.replace('_', " ");
    let subject = finding.subject.as_ref().map_or_else(String::new, |subject| format!(" ({subject})"));
    let mut text = format!("  {style}{:<8}{style:#} {check}{subject}: {}\n", finding.level, finding.what);
    if let Some(mend) = &finding.mend {
        text.push_str(&format!("           mend: {mend}\n"));
    }
    text
}

/// The word says it too: nobody needs to tell the colours apart.
const fn style(level: Level) -> Style {
    match level {
        Level::Ok => AnsiColor::Green.on_default(),
        Level::Note => AnsiColor::Cyan.on_default(),
        Level::Warning => AnsiColor::Yellow.on_default().bold(),
        Level::Problem => AnsiColor::Red.on_default().bold(),
    }
}
