//! How a run that failed ends: the one place where errors become text and an exit status.

use clap::builder::styling::{AnsiColor, Style};
use color_eyre::Report;
use color_eyre::config::{HookBuilder, Theme};

use super::StdoutClosed;
use crate::config::secret::redact;
use crate::error::{EXIT_FAILED, Failure};
use crate::interrupt::Interrupted;
use crate::panics::is_expected;

/// Prepares reports and panics to be rendered; call it before the first report is made.
///
/// # Errors
/// When it was called before.
pub fn install(color: bool) -> color_eyre::Result<()> {
    let builder = HookBuilder::default().display_env_section(false);
    let builder = if color { builder } else { builder.theme(Theme::new()) };
    let (panics, reports) = builder.try_into_hooks()?;
    let show = panics.into_panic_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !is_expected() {
            show(info);
        }
    }));
    Ok(reports.install()?)
}

/// How an error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people, in colours or not.
    Text {
        /// Whether in colours.
        color: bool,
    },
    /// A line like those of the logs.
    Json,
}

/// Prints the report to standard error and gives the exit status it calls for.
#[must_use]
pub fn show(report: &Report, form: Form) -> u8 {
    let exit = exit_status(report);
    if find::<StdoutClosed>(report).is_none() {
        let mut text = match form {
            Form::Text { color } => render(report, color),
            Form::Json => render_json(report),
        };
        // Where a remedy is known, the place in our code helps nobody.
        let unexpected = find::<Failure>(report).is_none() && find::<Interrupted>(report).is_none();
        if unexpected && std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            text.push_str(&redact(&format!("\n{}\n", place(report))));
        }
        // When standard error is gone too, the exit status is all that can be said.
        let _ = super::write_stderr(&text);
    }
    exit
}

/// Where an error arose, and by which calls; what it says was said before.
fn place(report: &Report) -> String {
    let debug = format!("{report:?}");
    debug.split_once("\n\nLocation:").map_or_else(|| debug.clone(), |(_, place)| format!("Location:{place}"))
}

/// Puts `failure` around an unexpected error, so that it gets a remedy; one that has its own, and an interruption, stay.
pub fn with_remedy(report: Report, failure: impl FnOnce() -> Failure) -> Report {
    let known = find::<Failure>(&report).is_some() || find::<Interrupted>(&report).is_some();
    if known { report } else { report.wrap_err(failure()) }
}

/// The remedy that a report has, if it has one.
#[must_use]
pub fn remedy_of(report: &Report) -> Option<String> {
    find::<Failure>(report).and_then(Failure::remedy).map(str::to_owned)
}

/// Whether the reason is that a service does not let this user do something.
#[must_use]
pub fn is_refusal(report: &Report) -> bool {
    report
        .chain()
        .filter_map(|cause| cause.downcast_ref::<Failure>())
        .chain(report.downcast_ref())
        .any(Failure::is_refusal)
}

/// The same in one line, for logs and for `/readyz`: the remedy follows at its end.
#[must_use]
pub fn line(report: &Report) -> String {
    match told(report) {
        (what, Some(remedy)) => format!("{what}; {}", remedy.replace('\n', " ")),
        (what, None) => what,
    }
}

/// The exit status a report calls for; a closed standard output (`| head`) is no failure.
#[must_use]
pub fn exit_status(report: &Report) -> u8 {
    if find::<StdoutClosed>(report).is_some() {
        return 0;
    }
    if let Some(interrupted) = find::<Interrupted>(report) {
        return interrupted.exit();
    }
    find::<Failure>(report).map_or(EXIT_FAILED, Failure::exit)
}

/// The report as text: `error: …`, the causes indented below, then `help: …` if a remedy is known.
#[must_use]
pub fn render(report: &Report, color: bool) -> String {
    let style = |style: Style| if color { style } else { Style::new() };
    let (error, help) = (style(AnsiColor::Red.on_default().bold()), style(AnsiColor::Cyan.on_default().bold()));
    let mut text = String::new();
    for (at, cause) in causes(report).iter().enumerate() {
        if at == 0 {
            text.push_str(&format!("{error}error:{error:#} {}\n", cause.replace('\n', "\n  ")));
        } else {
            text.push_str(&format!("  because: {}\n", cause.replace('\n', "\n    ")));
        }
    }
    if let Some(remedy) = find::<Failure>(report).and_then(Failure::remedy) {
        text.push_str(&format!("{help}help:{help:#} {}\n", remedy.replace('\n', "\n      ")));
    }
    text
}

/// What went wrong, with its reasons, in one line, and the remedy if one is known; passwords hidden.
#[must_use]
pub fn told(report: &Report) -> (String, Option<String>) {
    (causes(report).join(": ").replace('\n', " "), remedy_of(report))
}

fn render_json(report: &Report) -> String {
    let causes = causes(report);
    let (message, because) = causes.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    let mut line = super::printer::log_line("ERROR", message);
    if !because.is_empty() {
        line["because"] = because.into();
    }
    if let Some(remedy) = find::<Failure>(report).and_then(Failure::remedy) {
        line["help"] = remedy.into();
    }
    format!("{line}\n")
}

/// What went wrong, and why, outermost first, without passwords.
fn causes(report: &Report) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for cause in report.chain().map(|cause| redact(cause.to_string().trim_end())) {
        // Many errors repeat their source in their own text.
        if !said.iter().any(|before| before.contains(&cause)) {
            said.push(cause);
        }
    }
    said
}

/// The outermost error of this type, as the report itself, as context put around one, or as a cause.
fn find<E: std::error::Error + Send + Sync + 'static>(report: &Report) -> Option<&E> {
    report.downcast_ref::<E>().or_else(|| report.chain().find_map(|cause| cause.downcast_ref::<E>()))
}

#[cfg(test)]
mod tests {
    use color_eyre::eyre::{WrapErr, eyre};

    use super::*;
    use crate::interrupt::Interrupt;

    fn failure() -> Failure {
        Failure::usage("shard 3/2 does not exist").help("write --shard I/N with I from 1 to N")
    }

    #[test]
    fn a_failure_says_what_and_what_to_do() {
        let report = Report::from(failure());
        assert_eq!(
            render(&report, false),
            "error: shard 3/2 does not exist\nhelp: write --shard I/N with I from 1 to N\n"
        );
        assert_eq!(exit_status(&report), 2);
    }

    #[test]
    fn a_failure_is_found_below_and_above_other_errors() {
        let below = Err::<(), _>(failure()).wrap_err("cannot begin").unwrap_err();
        assert_eq!(exit_status(&below), 2);
        assert!(render(&below, false).starts_with("error: cannot begin\n  because: shard 3/2 does not exist\nhelp: "));
        let above = Err::<(), _>(eyre!("connection refused")).wrap_err(failure()).unwrap_err();
        assert_eq!(exit_status(&above), 2);
        assert!(render(&above, false).contains("  because: connection refused\nhelp: write --shard"));
    }

    #[test]
    fn only_an_error_without_a_remedy_gets_one() {
        let other = || Failure::new("the year was not written").help("give --resume");
        let report = with_remedy(eyre!("no connection to the server"), other);
        let expected = "error: the year was not written\n  because: no connection to the server\nhelp: give --resume\n";
        assert_eq!(render(&report, false), expected);
        assert_eq!(exit_status(&with_remedy(failure().into(), other)), 2);
        let interrupt = Interrupt::never();
        interrupt.trigger();
        let interrupted = interrupt.check().unwrap_err();
        assert_eq!(render(&with_remedy(interrupted.into(), other), false), "error: asked to stop\n");
    }

    #[test]
    fn among_json_logs_an_error_is_a_line_of_json_too() {
        let report = Err::<(), _>(failure()).wrap_err("cannot begin").unwrap_err();
        let line: serde_json::Value = serde_json::from_str(&render_json(&report)).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"cannot begin".into()));
        assert_eq!(line["because"][0], "shard 3/2 does not exist");
        assert_eq!(line["help"], "write --shard I/N with I from 1 to N");
    }

    #[test]
    fn an_unexpected_error_ends_with_1() {
        assert_eq!(exit_status(&eyre!("boom")), 1);
    }

    #[test]
    fn an_interrupted_run_ends_with_the_signals_status_whatever_is_said_about_it() {
        let interrupt = Interrupt::never();
        interrupt.trigger();
        let report =
            interrupt.check().wrap_err(Failure::new("stopped in March").help("go on with --resume")).unwrap_err();
        assert_eq!(exit_status(&report), 143);
        assert!(render(&report, false).ends_with("help: go on with --resume\n"));
    }

    #[test]
    fn a_closed_standard_output_is_no_failure() {
        assert_eq!(exit_status(&Report::from(StdoutClosed)), 0);
    }

    #[test]
    fn a_cause_that_its_error_repeats_is_said_once() {
        let report = eyre!("disk full").wrap_err("cannot write orders.csv: disk full");
        assert_eq!(render(&report, false), "error: cannot write orders.csv: disk full\n");
    }

    #[test]
    fn where_an_error_arose_is_told_without_its_words_once_more() {
        let place = place(&eyre!("disk full").wrap_err("cannot write orders.csv"));
        assert!(place.contains("failure.rs:"), "{place}");
        assert!(!place.contains("disk full") && !place.contains("orders.csv"), "{place}");
    }

    #[test]
    fn passwords_in_the_words_of_others_are_hidden() {
        let report = eyre!("could not connect to postgres://shop:geheim@db/shop");
        assert_eq!(render(&report, false), "error: could not connect to postgres://shop:***@db/shop\n");
    }
}
