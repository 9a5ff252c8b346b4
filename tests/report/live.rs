//! Years of the live shop, and databases without any.

use shopstream::domain::Grade;
use shopstream::error::Failure;
use shopstream::report::postgres::newest_year;

use crate::shop::{Shop, YEAR, run};
use crate::support::ScratchDb;

#[test]
fn a_live_year_begins_with_the_grades_that_the_year_before_ended_with() {
    let shop = Shop::backfilled(3_000);
    // The same orders once more, a year later, as the consumers would have stored them.
    shop.execute(
        "CREATE TEMP TABLE later AS SELECT * FROM orders;
         UPDATE later SET id = gen_random_uuid(), created_at = created_at + INTERVAL '1 year', run_id = NULL;
         INSERT INTO orders SELECT * FROM later;",
    );
    let [before, live] = [YEAR, YEAR + 1].map(|year| shop.report(year).unwrap());
    assert_eq!(before.figures.total(), live.figures.total());
    assert!(live.origin.contains("live"), "{}", live.origin);
    let end = before.figures.grades_by_day()[364];
    assert!(end[usize::from(Grade::Silver.code())] > 0, "{end:?}");
    assert_eq!(live.figures.grades_by_day()[0], end, "nobody moved since");
    assert_eq!(before.figures.opening_grades.len(), 0);
    // Live orders are no year that backfill wrote.
    assert_eq!(newest_year(&mut shop.db.connect()).unwrap(), YEAR);
}

#[test]
fn a_database_without_such_a_year_says_what_to_do() {
    let db = ScratchDb::migrated();
    let folder = tempfile::tempdir().unwrap();
    for (words, says) in [
        (&["report"][..], "holds no year that backfill wrote"),
        (&["report", "--from", "postgres", "--year", "2024"], "holds no orders of 2024"),
    ] {
        let done = run(folder.path(), Some(db.url()), words);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains(says) && said.contains("help: ") && said.contains("backfill --year"), "{said}");
    }
    let failure = newest_year(&mut db.connect()).unwrap_err().downcast::<Failure>().unwrap();
    assert!(failure.remedy().is_some());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no page is left");
}
