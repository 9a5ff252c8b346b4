//! The database at a glance: what the server does not know is not shown as nothing.

use diesel::connection::SimpleConnection;
use shopstream::db::overview;
use shopstream::domain::Grade;

use crate::support::*;

#[test]
fn a_table_whose_counter_is_lost_has_an_unknown_number_of_rows() {
    let scratch = ScratchDb::empty();
    let conn = &mut scratch.connect();
    // Within a transaction the server's counter has not heard of its rows, as after a crash.
    rolled_back(conn, |conn| {
        conn.batch_execute(
            "CREATE TABLE products (id int);
             CREATE TABLE users (grade text NOT NULL);
             INSERT INTO users SELECT CASE WHEN n % 4 = 0 THEN 'VIP' ELSE 'BRONZE' END FROM generate_series(1, 20000) n",
        )
        .unwrap();
        let tables = overview::tables(conn).unwrap();
        let rows: Vec<_> = tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
        assert_eq!(rows, [("users", None), ("products", Some(0))]);

        // A small one is counted nevertheless; a large one is not, though its number is not known.
        let small = overview::pyramid(conn, Some(&tables[0])).unwrap();
        assert!(!small.estimated);
        assert_eq!(small.customers[0], (Grade::Bronze, 15_000));
        let large = overview::TableSize { bytes: 33 << 20, ..tables[0].clone() };
        let large = overview::pyramid(conn, Some(&large)).unwrap();
        assert_eq!((large.customers, large.estimated), (Vec::new(), true));

        conn.batch_execute("ANALYZE users").unwrap();
        assert_eq!(overview::tables(conn).unwrap()[0].rows, Some(20_000));
    });
}
