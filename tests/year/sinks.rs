//! The same rows in every sink: PostgreSQL against CSV, field by field.

use std::path::Path;

use diesel::pg::{CopyFormat, CopyHeader};
use diesel::{ExecuteCopyFromDsl, PgConnection};
use shopstream::db::copy::CopyError;
use shopstream::db::schema;
use shopstream::domain::rows::{GradeChange, Order, OrderItem, Product, Row, User};

use crate::shop::Shop;
use crate::support::ScratchDb;

macro_rules! load {
    ($conn:expr, $folder:expr, $table:ident, $columns:expr) => {{
        use schema::$table::*;
        let text = std::fs::read($folder.join(concat!(stringify!($table), ".csv"))).unwrap();
        diesel::copy_from(table)
            .from_raw_data($columns, |out: &mut dyn std::io::Write| out.write_all(&text).map_err(CopyError::Io))
            .with_format(CopyFormat::Csv)
            .with_header(CopyHeader::Set(true))
            .execute($conn)
            .unwrap();
    }};
}

fn load(conn: &mut PgConnection, folder: &Path) {
    load!(conn, folder, users, table);
    load!(conn, folder, products, table);
    load!(conn, folder, orders, table);
    load!(conn, folder, order_items, table);
    load!(
        conn,
        folder,
        grade_changes,
        (user_id, changed_at, from_grade, to_grade, amount_6m, orders_6m, counted, run_id)
    );
}

#[test]
fn every_row_in_postgresql_is_the_row_in_the_files() {
    let shop = Shop::seeded(1_900, 2_500);
    shop.backfill(3_000);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("csv");
    let sizes = ["--orders", "3000", "--users", "1900", "--products", "2500"];
    let words = [&["backfill", "--year", "2025", "--to", "csv", "--out", out.to_str().unwrap()][..], &sizes].concat();
    let done = shop.run(&words);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let files = ScratchDb::migrated();
    load(&mut files.connect(), &out);
    let tables = [
        (User::TABLE, User::COLUMNS),
        (Product::TABLE, Product::COLUMNS),
        (Order::TABLE, Order::COLUMNS),
        (OrderItem::TABLE, OrderItem::COLUMNS),
        (GradeChange::TABLE, GradeChange::COLUMNS),
    ];
    for (table, columns) in tables {
        let columns = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        let of = |schema: &str| format!("SELECT {columns} FROM {schema}.{table}");
        let (database, file) = (of(shop.db.schema()), of(files.schema()));
        assert!(shop.number(&format!("SELECT count(*) FROM ({file}) f")) > 0, "{table}.csv has rows");
        for (a, b) in [(&database, &file), (&file, &database)] {
            let differing = format!("SELECT count(*) FROM ({a} EXCEPT ALL {b}) d");
            assert_eq!(shop.number(&differing), 0, "rows of {table} that differ");
        }
    }
}
