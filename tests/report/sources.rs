//! The same year from every side.

use shopstream::backfill::dataset::FileFormat;
use shopstream::follow::Amount;
use shopstream::report::figures::Sales;
use shopstream::sink::compress::Compression;

use crate::shop::{Shop, YEAR, of_folder, request, run, shard, write};
use crate::support::Followed;

#[test]
fn files_of_each_format_and_postgresql_give_the_same_figures() {
    let shop = Shop::backfilled(3_000);
    let from_database = shop.report(YEAR).unwrap().figures;
    assert_eq!(from_database.total().orders, 3_000);
    assert!(from_database.grade_moves.len() > 50 && from_database.categories.len() == 19);
    let base = tempfile::tempdir().unwrap();
    for (format, compression) in [
        (FileFormat::Parquet, Compression::Zstd),
        (FileFormat::Parquet, Compression::None),
        (FileFormat::Csv, Compression::None),
        (FileFormat::Csv, Compression::Gzip),
        (FileFormat::Ndjson, Compression::None),
        (FileFormat::Ndjson, Compression::Zstd),
    ] {
        let out = base.path().join(format!("{}-{compression}", format.name()));
        write(&request(3_000), format, compression, &out);
        assert_eq!(of_folder(&out).unwrap().figures, from_database, "{} {compression}", format.name());
    }
}

#[test]
fn how_far_the_counting_in_postgresql_is_can_be_followed() {
    let shop = Shop::backfilled(3_000);
    shop.execute("ANALYZE");
    let followed = Followed::default();
    shop.followed(YEAR, &followed).unwrap();
    let part = followed.part("counting the year 2025");
    let rows = |table: &str| shop.number(&format!("SELECT count(*) FROM {table}")).unsigned_abs();
    // Orders are gone through twice.
    let all = 2 * rows("orders") + rows("order_items") + rows("users") + rows("grade_changes");
    assert_eq!((part.amount, part.done), (Amount::About(all), all));
}

#[test]
fn shards_are_counted_together_and_one_that_is_missing_is_told() {
    let base = tempfile::tempdir().unwrap();
    let (both, first, second) = (base.path().join("both"), base.path().join("first"), base.path().join("second"));
    for (number, alone) in [(1, &first), (2, &second)] {
        write(&shard(1_500, number, 2), FileFormat::Csv, Compression::None, &both);
        write(&shard(1_500, number, 2), FileFormat::Csv, Compression::None, alone);
    }
    let [whole, first, second] = [both, first, second].map(|folder| of_folder(&folder).unwrap());
    assert_eq!(whole.notes, [""; 0]);
    assert_eq!(first.notes, ["Only 1 of 2 shards is in the folder: 1."]);
    let sums =
        |of: &dyn Fn(&shopstream::report::Report) -> Sales| (of(&whole), Sales::total([&of(&first), &of(&second)]));
    let (together, apart) = sums(&|report| report.figures.total());
    assert_eq!(together, apart);
    assert_eq!(together.orders, 3_000);
    let (together, apart) = sums(&|report| report.figures.by_day()[330]);
    assert_eq!(together, apart);
    assert_eq!(whole.figures.customers(), first.figures.customers() + second.figures.customers());
}

#[test]
fn the_program_makes_one_page_out_of_either_and_tells_the_same_headlines() {
    let shop = Shop::backfilled(2_000);
    let base = tempfile::tempdir().unwrap();
    write(&request(2_000), FileFormat::Parquet, Compression::Zstd, &base.path().join("shopstream-2025"));
    let said = |words: &[&str], database| {
        let done = run(base.path(), database, &[&["report", "--json"], words].concat());
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap()
    };
    // With neither --from nor a database, what backfill wrote without --out.
    let from_files = said(&["--year", "2025"], None);
    let from_database = said(&["--out", "b.html"], Some(shop.db.url()));
    for key in
        ["year", "revenue", "orders", "items", "average_order", "customers", "customers_who_bought", "top_scenario"]
    {
        assert_eq!(from_files[key], from_database[key], "{key}");
        assert!(!from_files[key].is_null(), "{key}");
    }
    assert_eq!(from_files["out"], "shopstream-report-2025.html");
    let page = |name: &str| std::fs::read_to_string(base.path().join(name)).unwrap();
    let charts = |page: &str| page.split("<main>").nth(1).unwrap().split("</main>").next().unwrap().to_owned();
    assert_eq!(charts(&page("shopstream-report-2025.html")), charts(&page("b.html")));
    assert!(from_files["bytes"].as_u64().unwrap() < 3_000_000);
    // Once more over an earlier report; and the same figures make the same bytes.
    let before = page("b.html");
    said(&["--out", "b.html"], Some(shop.db.url()));
    assert_eq!(page("b.html"), before);
}
