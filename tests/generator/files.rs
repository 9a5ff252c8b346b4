//! Files: the same rows in every format, the same bytes with any number of threads, and a manifest that is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use shopstream::backfill::files::columns_of;
use shopstream::domain::Timestamp;
use shopstream::domain::date::epoch_days;
use shopstream::domain::rows::{FieldVisitor, Names, Row, TABLES};
use shopstream::generator::year::Population;
use shopstream::sink::compress::Compression;
use uuid::Uuid;

use crate::formats::{FORMATS, Table, read, small, text_of, write};
use crate::shop::{Made, world};

/// A row's fields in the form of [`Table`].
#[derive(Default)]
struct Plain(Vec<Option<String>>);

impl FieldVisitor for Plain {
    fn uuid(&mut self, value: Uuid) {
        self.0.push(Some(value.to_string()));
    }
    fn text(&mut self, value: &str) {
        self.0.push(Some(value.to_owned()));
    }
    fn label(&mut self, _code: u8, value: &str) {
        self.0.push(Some(value.to_owned()));
    }
    fn int16(&mut self, value: i16) {
        self.0.push(Some(value.to_string()));
    }
    fn int32(&mut self, value: i32) {
        self.0.push(Some(value.to_string()));
    }
    fn int64(&mut self, value: i64) {
        self.0.push(Some(value.to_string()));
    }
    fn float64(&mut self, value: f64) {
        self.0.push(Some(format!("{:x}", value.to_bits())));
    }
    fn boolean(&mut self, value: bool) {
        self.0.push(Some(value.to_string()));
    }
    fn date(&mut self, value: NaiveDate) {
        self.0.push(Some(epoch_days(value).to_string()));
    }
    fn timestamp(&mut self, value: Timestamp) {
        self.0.push(Some(value.micros().to_string()));
    }
    fn null(&mut self) {
        self.0.push(None);
    }
}

fn plain<R: Row>(rows: &[R], names: &Names) -> Table {
    let row = |row: &R| {
        let mut fields = Plain::default();
        row.visit(names, &mut fields);
        fields.0
    };
    rows.iter().map(row).collect()
}

/// The five tables as the generator makes them, with no sink in between.
fn made(year: i32) -> [Table; 5] {
    let request = small(year);
    let population = Population::generate(world(), request.seed, request.as_of, request.users, request.products);
    let run_id = request.run_id(&population);
    let made = Made::new(population, request.year_params(run_id, None));
    let users = made.population.customers.iter().zip(&made.customer_ends).map(|(customer, end)| {
        let mut user = world().user_row(request.seed, customer);
        end.apply(&mut user);
        user
    });
    let products = made.population.products.iter().zip(&made.product_ends).map(|(product, end)| {
        let mut row = world().product_row(request.seed, product.index, request.as_of);
        end.apply(&mut row);
        row
    });
    let names = &world().names;
    [
        plain(&users.collect::<Vec<_>>(), names),
        plain(&products.collect::<Vec<_>>(), names),
        plain(&made.orders, names),
        plain(&made.items, names),
        plain(&made.changes, names),
    ]
}

fn column(table: &str, name: &str) -> usize {
    columns_of(table).iter().position(|column| column.name == name).unwrap()
}

#[test]
fn every_format_holds_the_generators_rows_value_for_value() {
    // A leap year, and the first and the last there are, besides an ordinary one.
    for year in [2025, 2024, 1975, 2100] {
        let expected = made(year);
        for format in FORMATS {
            let out = tempfile::tempdir().unwrap();
            write(&small(year), format, Compression::None, 2, out.path());
            for (table, expected) in TABLES.iter().zip(&expected) {
                let ours = read(&out.path().join(format!("{table}.{format}")), table);
                assert_eq!(ours.len(), expected.len(), "{table} as {format}");
                for (ours, expected) in ours.iter().zip(expected) {
                    assert_eq!(ours, expected, "{table} as {format}");
                }
            }
        }
        // The tables are of some size, and nulls are among their values.
        assert_eq!(expected[2].len(), 2_000);
        assert!(expected[3].len() > 6_000 && expected[4].len() > 20, "{} changes", expected[4].len());
        let last_ordered = column("users", "last_ordered_at");
        assert!(expected[0].iter().any(|user| user[last_ordered].is_none()));
        assert!(expected[0].iter().any(|user| user[last_ordered].is_some()));
    }
}

#[test]
fn users_and_products_in_the_files_agree_with_the_orders_beside_them() {
    let [users, products, orders, items, changes] = made(2025);
    let (user_id, at) = (column("orders", "user_id"), column("orders", "created_at"));
    let mut last: BTreeMap<&Option<String>, &Option<String>> = BTreeMap::new();
    for order in &orders {
        last.insert(&order[user_id], &order[at]);
    }
    let mut grade: BTreeMap<&Option<String>, &Option<String>> = BTreeMap::new();
    for change in &changes {
        grade.insert(&change[column("grade_changes", "user_id")], &change[column("grade_changes", "to_grade")]);
    }
    let bronze = Some("BRONZE".to_owned());
    for user in &users {
        assert_eq!(&user[column("users", "last_ordered_at")], last.get(&user[0]).copied().unwrap_or(&None));
        assert_eq!(&user[column("users", "grade")], grade.get(&user[0]).copied().unwrap_or(&bronze));
        let time = |name| user[column("users", name)].as_ref().map(|micros| micros.parse::<i64>().unwrap());
        assert!(time("last_login_at") >= time("last_ordered_at"), "nobody orders without logging in");
        assert!(time("updated_at") >= time("last_ordered_at") && time("updated_at") >= time("created_at"));
    }
    let mut sold: BTreeMap<&Option<String>, i64> = BTreeMap::new();
    for item in &items {
        *sold.entry(&item[column("order_items", "product_id")]).or_default() += 1;
    }
    for product in &products {
        let count = sold.get(&product[0]).copied().unwrap_or(0);
        assert_eq!(product[column("products", "order_count")], Some(count.to_string()));
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
    };
    fs::read_dir(folder).unwrap().map(entry).collect()
}

#[test]
fn files_are_the_same_bytes_with_1_2_and_8_jobs() {
    for format in FORMATS {
        let with = |jobs| {
            let out = tempfile::tempdir().unwrap();
            write(&small(2025), format, Compression::Zstd, jobs, out.path());
            files(out.path())
        };
        let one = with(1);
        assert_eq!(one.len(), 6, "five tables and the manifest: {:?}", one.keys());
        for jobs in [2, 8] {
            assert!(with(jobs) == one, "{format} with {jobs} jobs");
        }
    }
}

#[test]
fn each_compression_holds_the_same_and_compresses() {
    for format in FORMATS {
        let mut sizes = Vec::new();
        let mut contents = Vec::new();
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let out = tempfile::tempdir().unwrap();
            let manifest = write(&small(2025), format, compression, 1, out.path());
            sizes.push(manifest.files.iter().map(|file| file.bytes).sum::<u64>());
            let content = |file: &shopstream::sink::manifest::FileEntry| {
                let path = out.path().join(&file.name);
                let ending = if format == "parquet" { "" } else { compression.extension() };
                assert_eq!(file.name, format!("{}.{format}{ending}", file.table));
                if format == "parquet" { Err(read(&path, &file.table)) } else { Ok(text_of(&path)) }
            };
            contents.push(manifest.files.iter().map(content).collect::<Vec<_>>());
        }
        assert!(contents[0] == contents[1] && contents[0] == contents[2], "{format}");
        assert!(sizes[1] < sizes[0] && sizes[2] < sizes[0], "{format}: {sizes:?}");
    }
}

#[test]
fn the_manifest_tells_rows_sizes_and_checksums_of_what_is_there() {
    for format in FORMATS {
        let out = tempfile::tempdir().unwrap();
        let returned = write(&small(2025), format, Compression::Gzip, 2, out.path());
        let text = fs::read_to_string(out.path().join("manifest.json")).unwrap();
        let manifest: shopstream::sink::manifest::Manifest = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest, returned);
        assert_eq!(manifest.files.iter().map(|file| file.table.as_str()).collect::<Vec<_>>(), TABLES);
        for file in &manifest.files {
            let path = out.path().join(&file.name);
            let bytes = fs::read(&path).unwrap();
            assert_eq!(file.bytes, bytes.len() as u64, "{}", file.name);
            let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(file.sha256, sha256, "{}", file.name);
            assert_eq!(file.rows, read(&path, &file.table).len() as u64, "{}", file.name);
        }
        assert_eq!(manifest.first_wrong_file(out.path()).unwrap(), None);
        // One bit flipped, and the checksum tells.
        let path = out.path().join(&manifest.files[2].name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(manifest.first_wrong_file(out.path()).unwrap().is_some_and(|wrong| wrong.contains("orders")));
    }
}
