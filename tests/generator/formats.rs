//! Reading a dataset back, each format by a reader that is not ours, into one plain form.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use shopstream::backfill::dataset::{Dataset, FileFormat};
use shopstream::backfill::files::columns_of;
use shopstream::backfill::request::{Request, Sizes};
use shopstream::backfill::{Unwatched, Watch};
use shopstream::domain::rows::{Column, Kind};
use shopstream::generator::calendar::FIRST_YEAR;
use shopstream::interrupt::Interrupt;
use shopstream::sink::compress::Compression;
use shopstream::sink::files::Existing;
use shopstream::sink::manifest::Manifest;

use crate::shop::{day, world};

/// A table's rows; each field as one text whatever the format: times in microseconds, floats by their bits.
pub type Table = Vec<Vec<Option<String>>>;

pub const FORMATS: [&str; 3] = ["csv", "ndjson", "parquet"];

/// A small year: enough customers on its first day, and little else.
pub fn small(year: i32) -> Request {
    // No shop can be made as of 1975; of the next year's, two thirds are there a year before.
    let (as_of, more) = if year == FIRST_YEAR { (year + 1, 600) } else { (year, 0) };
    let (users, products) = (1_100 + more, 1_300 + more);
    let sizes =
        Sizes { orders: Some(2_000), users: Some(users), products: Some(products), as_of: Some(day(as_of, 1, 1)) };
    Request::new(year, 42, sizes).unwrap()
}

/// A whole run into `out`.
pub fn write(request: &Request, format: &str, compression: Compression, jobs: usize, out: &Path) -> Manifest {
    attempt(request, format, compression, jobs, out, &Unwatched, &Interrupt::never()).unwrap()
}

/// A run that may fail.
pub fn attempt(
    request: &Request,
    format: &str,
    compression: Compression,
    jobs: usize,
    out: &Path,
    watch: &dyn Watch,
    interrupt: &Interrupt,
) -> color_eyre::Result<Manifest> {
    let formats = [FileFormat::Csv, FileFormat::Ndjson, FileFormat::Parquet];
    let format = formats.into_iter().find(|known| known.name() == format).unwrap();
    let dataset = Dataset { request, format, compression, out };
    dataset.write(world(), Existing::Refuse, jobs, watch, interrupt).map(|written| written.manifest)
}

/// The bytes of a text file, decompressed by what its name says.
pub fn text_of(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("zst") => zstd::decode_all(&*bytes).unwrap(),
        Some("gz") => {
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&*bytes), &mut text).unwrap();
            text
        }
        _ => bytes,
    }
}

/// A table's rows out of its file.
pub fn read(path: &Path, table: &str) -> Table {
    let columns = columns_of(table);
    let name = path.file_name().unwrap().to_str().unwrap();
    match FORMATS.into_iter().find(|format| name.contains(&format!(".{format}"))) {
        Some("csv") => read_csv(&text_of(path), columns),
        Some("ndjson") => read_ndjson(&text_of(path), columns),
        _ => read_parquet(path, columns),
    }
}

/// A field out of text, in the one form; fails where the text is not of the column's kind.
fn plain(text: &str, column: &Column) -> String {
    match column.kind {
        Kind::Uuid => uuid::Uuid::from_str(text).unwrap().to_string(),
        Kind::Text | Kind::Label => text.to_owned(),
        Kind::Int16 | Kind::Int32 | Kind::Int64 => text.parse::<i64>().unwrap().to_string(),
        Kind::Float64 => format!("{:x}", text.parse::<f64>().unwrap().to_bits()),
        Kind::Bool => text.parse::<bool>().unwrap().to_string(),
        Kind::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap().to_epoch_days().to_string(),
        Kind::Timestamp => {
            assert!(text.ends_with('Z'), "{text} is not in UTC");
            text.parse::<DateTime<Utc>>().unwrap().timestamp_micros().to_string()
        }
    }
}

fn read_csv(bytes: &[u8], columns: &[Column]) -> Table {
    let mut reader = csv::Reader::from_reader(bytes);
    let header: Vec<&str> = columns.iter().map(|column| column.name).collect();
    assert_eq!(reader.headers().unwrap(), header);
    let field = |(text, column): (&str, &Column)| {
        if text.is_empty() && column.nullable { None } else { Some(plain(text, column)) }
    };
    reader.records().map(|record| record.unwrap().iter().zip(columns).map(field).collect()).collect()
}

fn read_ndjson(bytes: &[u8], columns: &[Column]) -> Table {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    let row = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let object = value.as_object().unwrap();
        assert_eq!(object.len(), columns.len(), "{line}");
        let field = |column: &Column| {
            let value = &object[column.name];
            let is_number = matches!(column.kind, Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::Float64);
            match value {
                serde_json::Value::Null => {
                    assert!(column.nullable, "{line}");
                    None
                }
                serde_json::Value::String(text) => {
                    assert!(!is_number && column.kind != Kind::Bool, "{} is text in {line}", column.name);
                    Some(plain(text, column))
                }
                other => {
                    assert!(is_number || column.kind == Kind::Bool, "{} is no text in {line}", column.name);
                    // serde_json reads the last digit of a float inexactly unless it is built to take the time.
                    let is_float = column.kind == Kind::Float64;
                    Some(plain(&if is_float { written(line, column.name) } else { other.to_string() }, column))
                }
            }
        };
        columns.iter().map(field).collect()
    };
    text.lines().map(row).collect()
}

/// A number as it stands in a line of JSON.
fn written(line: &str, name: &str) -> String {
    let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap();
    rest[..rest.find([',', '}']).unwrap()].to_owned()
}

fn read_parquet(path: &Path, columns: &[Column]) -> Table {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let mut table = Table::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let fields = row.get_column_iter().zip(columns).map(|((name, field), column)| {
            assert_eq!(name, column.name);
            let text = match (field, column.kind) {
                (Field::Null, _) => {
                    assert!(column.nullable, "{name}");
                    return None;
                }
                (Field::Bytes(bytes), Kind::Uuid) => uuid::Uuid::from_slice(bytes.data()).unwrap().to_string(),
                (Field::Str(text), Kind::Text | Kind::Label) => text.clone(),
                (Field::Short(number), Kind::Int16) => number.to_string(),
                (Field::Int(number), Kind::Int32) => number.to_string(),
                (Field::Long(number), Kind::Int64) => number.to_string(),
                (Field::Double(number), Kind::Float64) => format!("{:x}", number.to_bits()),
                (Field::Bool(value), Kind::Bool) => value.to_string(),
                (Field::Date(days), Kind::Date) => days.to_string(),
                (Field::TimestampMicros(micros), Kind::Timestamp) => micros.to_string(),
                (other, kind) => panic!("{name} holds {other:?}, not a {kind:?}"),
            };
            Some(text)
        });
        table.push(fields.collect());
    }
    table
}
