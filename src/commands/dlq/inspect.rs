//! `shopstream dlq inspect`.

use std::fmt::Write as _;

use color_eyre::eyre::Result;
use serde_json::{Map, Value, json};

use super::InspectArgs;
use crate::commands::Context;
use crate::domain::Timestamp;
use crate::output::{Cell, Table, number};
use crate::stream::dead_letter::may_pass_later;
use crate::stream::dlq::inspect::{Letter, Survey, survey};

/// Characters of an error in a table, and of a payload that is not shown in full.
const ERROR_WIDTH: usize = 100;
const PAYLOAD_WIDTH: usize = 300;

pub(super) fn run(args: &InspectArgs, context: &Context) -> Result<()> {
    let kafka = context.kafka()?;
    let stages = context.printer.stages("dlq");
    let found = survey(&kafka, args.topic, args.class.as_deref(), args.limit, &context.interrupt, &stages)?;
    drop(stages);
    let printer = &context.printer;
    if args.json {
        return printer.json(&to_json(&found));
    }
    if found.others > 0 {
        let others = number::some(found.others, "message");
        let are = if found.others == 1 { "is" } else { "are" };
        printer.note(&format!("{others} in {} {are} not of this program's making", found.topic));
    }
    if found.classes.is_empty() {
        let of_class = args.class.as_ref().map_or_else(String::new, |class| format!(" of class {class}"));
        return printer.result(&format!("There are no dead letters{of_class} in {}.", found.topic));
    }
    let mut classes = Table::new(["class", "letters", "first", "last", "an error"]);
    for (class, count) in &found.classes {
        let (first, last) = (time(count.first), time(count.last));
        let example = shortened(&plain(&count.example), ERROR_WIDTH);
        classes.row([plain(class).into(), count.letters.into(), first.into(), last.into(), example.into()]);
    }
    printer.table(&classes)?;
    if !found.last.is_empty() {
        let mut letters = Table::new(["died at", "class", "error", "key", "size"]);
        for letter in &found.last {
            let key =
                letter.key.as_deref().map_or_else(|| "none".to_owned(), |key| plain(&String::from_utf8_lossy(key)));
            letters.row([
                plain(&letter.about.place()).into(),
                plain(&letter.about.class).into(),
                shortened(&plain(&letter.about.error), ERROR_WIDTH).into(),
                shortened(&key, ERROR_WIDTH).into(),
                Cell::right(
                    letter.payload.as_ref().map_or_else(|| "none".to_owned(), |p| number::bytes(p.len() as u64)),
                ),
            ]);
        }
        printer.result("")?;
        printer.table(&letters)?;
    }
    for letter in found.last.iter().filter(|_| args.payload) {
        let text = letter.payload.as_deref().map_or_else(|| "none".into(), String::from_utf8_lossy);
        let text = plain(&text);
        let text = if args.full { text } else { shortened(&text, PAYLOAD_WIDTH) };
        printer.result(&format!("\n{}\n{text}", plain(&letter.about.place())))?;
    }
    let mended: u64 = found.classes.iter().filter(|(class, _)| may_pass_later(class)).map(|(_, c)| c.letters).sum();
    if mended > 0 {
        let mended = number::count(mended);
        printer.note(&format!("{mended} may be stored by now; to try again: shopstream dlq replay {}", args.topic));
    }
    Ok(())
}

fn to_json(found: &Survey) -> Value {
    let classes = found.classes.iter().map(|(class, count)| {
        json!({ "class": class, "letters": count.letters, "first": count.first, "last": count.last,
                "example": count.example, "may_pass_later": may_pass_later(class) })
    });
    json!({
        "topic": found.topic,
        "classes": classes.collect::<Vec<_>>(),
        "others": found.others,
        "letters": found.last.iter().map(letter_json).collect::<Vec<_>>(),
    })
}

fn letter_json(letter: &Letter) -> Value {
    let about = &letter.about;
    let mut fields = Map::from_iter([
        ("topic".to_owned(), about.topic.clone().into()),
        ("partition".to_owned(), about.partition.into()),
        ("offset".to_owned(), about.offset.into()),
        ("class".to_owned(), about.class.clone().into()),
        ("error".to_owned(), about.error.clone().into()),
        ("letter_partition".to_owned(), letter.partition.into()),
        ("letter_offset".to_owned(), letter.offset.into()),
        ("written_at".to_owned(), json!(letter.written_at)),
    ]);
    for (name, bytes) in [("key", &letter.key), ("payload", &letter.payload)] {
        // What is no text keeps its bytes, under a name of its own.
        match bytes.as_deref().map(|bytes| std::str::from_utf8(bytes).map_err(|_| bytes)) {
            None => fields.insert(name.to_owned(), Value::Null),
            Some(Ok(text)) => fields.insert(name.to_owned(), text.into()),
            Some(Err(bytes)) => fields.insert(format!("{name}_hex"), hex(bytes).into()),
        };
    }
    fields.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// What somebody else wrote, without what would move a terminal's cursor or break a line of a table.
fn plain(text: &str) -> String {
    let spelled = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(spelled).collect()
}

fn shortened(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_move_the_cursor() {
        assert_eq!(plain("가\u{1b}[2J\n나"), "가\\u{1b}[2J\\n나");
        assert_eq!(shortened("가나다", 2), "가나…");
        assert_eq!(shortened("가나", 2), "가나");
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
