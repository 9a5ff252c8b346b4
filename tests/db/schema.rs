//! The database, Diesel's view of it and the domain's rows agree.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use shopstream::db::schema as tables;
use shopstream::domain::Grade;
use shopstream::domain::rows::{Column, GradeChange, Kind, Order, OrderItem, Product, Row, User};

use crate::support::ScratchDb;

#[derive(QueryableByName, Debug, PartialEq)]
struct DbColumn {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
}

fn columns(conn: &mut PgConnection, table: &str) -> Vec<DbColumn> {
    diesel::sql_query(
        "SELECT column_name::text AS name, data_type::text AS kind, is_nullable = 'YES' AS nullable,
                col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position) AS comment
           FROM information_schema.columns
          WHERE table_schema = current_schema() AND table_name = $1
          ORDER BY ordinal_position",
    )
    .bind::<Text, _>(table)
    .load(conn)
    .unwrap()
}

const fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::Text | Kind::Label => "text",
        Kind::Int16 => "smallint",
        Kind::Int32 => "integer",
        Kind::Int64 => "bigint",
        Kind::Float64 => "double precision",
        Kind::Bool => "boolean",
        Kind::Date => "date",
        Kind::Timestamp => "timestamp with time zone",
    }
}

fn assert_like_domain(conn: &mut PgConnection, table: &str, expected: &[Column], skipped: usize) {
    let found = columns(conn, table);
    let found: Vec<_> = found.iter().skip(skipped).map(|c| (c.name.as_str(), c.kind.as_str(), c.nullable)).collect();
    let expected: Vec<_> = expected.iter().map(|c| (c.name, sql_type(c.kind), c.nullable)).collect();
    assert_eq!(found, expected, "{table}");
}

#[test]
fn the_tables_have_the_columns_of_the_domains_rows() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    assert_like_domain(conn, User::TABLE, User::COLUMNS, 0);
    assert_like_domain(conn, Product::TABLE, Product::COLUMNS, 0);
    assert_like_domain(conn, Order::TABLE, Order::COLUMNS, 0);
    assert_like_domain(conn, OrderItem::TABLE, OrderItem::COLUMNS, 0);
    // The sequence number comes first; the table gives it.
    assert_like_domain(conn, GradeChange::TABLE, GradeChange::COLUMNS, 1);
}

/// How the database names a Diesel type, and whether it may be null.
trait SqlName {
    const NAME: &'static str;
    const NULLABLE: bool = false;
}

macro_rules! sql_names {
    ($($sql_type:ty => $name:literal),+ $(,)?) => { $(impl SqlName for $sql_type { const NAME: &'static str = $name; })+ };
}

sql_names! {
    diesel::sql_types::Uuid => "uuid",
    Text => "text",
    diesel::sql_types::SmallInt => "smallint",
    diesel::sql_types::Integer => "integer",
    diesel::sql_types::BigInt => "bigint",
    diesel::sql_types::Double => "double precision",
    Bool => "boolean",
    diesel::sql_types::Date => "date",
    diesel::sql_types::Timestamptz => "timestamp with time zone",
    diesel::sql_types::Jsonb => "jsonb",
    diesel::sql_types::Array<diesel::sql_types::SmallInt> => "ARRAY",
    diesel::sql_types::Array<diesel::sql_types::Uuid> => "ARRAY",
    diesel::sql_types::Binary => "bytea",
}

impl<T: SqlName + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>> SqlName
    for Nullable<T>
{
    const NAME: &'static str = T::NAME;
    const NULLABLE: bool = true;
}

/// A tuple of Diesel columns, as the database would describe it.
trait Described {
    fn described() -> Vec<(&'static str, &'static str, bool)>;
}

macro_rules! describe_tuples {
    ($(($($column:ident)+))+) => {$(
        impl<$($column),+> Described for ($($column,)+)
        where $($column: diesel::Column, <$column as Expression>::SqlType: SqlName),+
        {
            fn described() -> Vec<(&'static str, &'static str, bool)> {
                vec![$((
                    $column::NAME,
                    <<$column as Expression>::SqlType as SqlName>::NAME,
                    <<$column as Expression>::SqlType as SqlName>::NULLABLE,
                )),+]
            }
        }
    )+};
}

describe_tuples! {
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P)
    (A B C D E F G H I J K L M N O P Q)
    (A B C D E F G H I J K L M N O P Q R)
}

fn assert_like_diesel<T: Table>(conn: &mut PgConnection, table: &str)
where
    T::AllColumns: Described,
{
    let found = columns(conn, table);
    let found: Vec<_> = found.iter().map(|c| (c.name.as_str(), c.kind.as_str(), c.nullable)).collect();
    assert_eq!(found, T::AllColumns::described(), "{table}");
}

#[test]
fn diesels_tables_are_those_of_a_freshly_migrated_database() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    assert_like_diesel::<tables::users::table>(conn, "users");
    assert_like_diesel::<tables::products::table>(conn, "products");
    assert_like_diesel::<tables::orders::table>(conn, "orders");
    assert_like_diesel::<tables::order_items::table>(conn, "order_items");
    assert_like_diesel::<tables::grade_changes::table>(conn, "grade_changes");
    assert_like_diesel::<tables::seed_runs::table>(conn, "seed_runs");
    assert_like_diesel::<tables::backfill_runs::table>(conn, "backfill_runs");
    assert_like_diesel::<tables::consumer_offsets::table>(conn, "consumer_offsets");
    assert_like_diesel::<tables::parked_orders::table>(conn, "parked_orders");
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    commented: bool,
}

#[test]
fn every_table_view_and_column_carries_a_comment() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    let relations: Vec<Named> = diesel::sql_query(
        "SELECT relname::text AS name, obj_description(oid, 'pg_class') IS NOT NULL AS commented
           FROM pg_class
          WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v') AND relname NOT LIKE '\\_\\_%'
          ORDER BY relname",
    )
    .load(conn)
    .unwrap();
    let found: Vec<_> = relations.iter().map(|relation| relation.name.as_str()).collect();
    let expected = [
        "backfill_runs",
        "consumer_offsets",
        "grade_changes",
        "order_items",
        "order_lines",
        "orders",
        "parked_orders",
        "products",
        "seed_runs",
        "users",
    ];
    assert_eq!(found, expected);
    for relation in &relations {
        assert!(relation.commented, "{} has no comment", relation.name);
        for column in columns(conn, &relation.name) {
            assert!(column.comment.is_some(), "{}.{} has no comment", relation.name, column.name);
        }
    }
}

#[derive(QueryableByName)]
struct Rank {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    rank: i32,
}

#[test]
fn sql_ranks_the_grades_as_the_domain_does() {
    let scratch = ScratchDb::migrated();
    let conn = &mut scratch.connect();
    for grade in Grade::ALL {
        let query = diesel::sql_query("SELECT grade_rank($1) AS rank").bind::<Text, _>(grade.as_str());
        assert_eq!(query.get_result::<Rank>(conn).unwrap().rank, i32::from(grade.code()), "{grade}");
    }
}
