//! Orders that came before their customer or a product of theirs, waiting for them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Double, Integer, Jsonb, Nullable, Text};
use uuid::Uuid;

use super::schema::parked_orders;

/// A parked message with all that is needed to store it or to give it up.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, QueryableByName)]
#[diesel(table_name = parked_orders, check_for_backend(diesel::pg::Pg))]
pub struct ParkedOrder {
    /// Topic it came from.
    #[diesel(sql_type = Text)]
    pub topic: String,
    /// Its partition.
    #[diesel(sql_type = Integer)]
    pub partition: i32,
    /// Its offset.
    #[diesel(sql_type = BigInt)]
    pub offset: i64,
    /// Its key.
    #[diesel(sql_type = Nullable<Bytea>)]
    pub key: Option<Vec<u8>>,
    /// The message.
    #[diesel(sql_type = Bytea)]
    pub payload: Vec<u8>,
    /// Its headers.
    #[diesel(sql_type = Jsonb)]
    pub headers: serde_json::Value,
    /// The order in it.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub order_id: Uuid,
    /// When it was sent, milliseconds since 1970.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub sent_at_ms: Option<i64>,
    /// Customer and products that were not there.
    #[diesel(sql_type = diesel::sql_types::Array<diesel::sql_types::Uuid>)]
    pub missing: Vec<Uuid>,
}

/// The orders of a topic that wait.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Waiting {
    /// The topic.
    #[diesel(sql_type = Text)]
    pub topic: String,
    /// How many there are.
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    /// Those of them whose customer and products have come meanwhile.
    #[diesel(sql_type = BigInt)]
    pub come: i64,
    /// For how long the first has waited, seconds.
    #[diesel(sql_type = Double)]
    pub secs: f64,
}

/// What waits, by topic.
///
/// # Errors
/// When the query fails.
pub fn waiting(conn: &mut PgConnection) -> QueryResult<Vec<Waiting>> {
    diesel::sql_query(include_str!("sql/parked_waiting.sql")).load(conn)
}

/// How many orders of a topic wait.
///
/// # Errors
/// When the query fails.
pub fn count(conn: &mut PgConnection, topic: &str) -> QueryResult<i64> {
    parked_orders::table.filter(parked_orders::topic.eq(topic)).count().get_result(conn)
}

/// Parks orders; one that is parked already stays as it is.
///
/// # Errors
/// When the query fails.
pub fn park(conn: &mut PgConnection, orders: &[ParkedOrder]) -> QueryResult<usize> {
    diesel::insert_into(parked_orders::table).values(orders).on_conflict_do_nothing().execute(conn)
}

/// Up to `most` whose customer and products have come; locked for this transaction.
///
/// # Errors
/// When the query fails.
pub fn adoptable(conn: &mut PgConnection, topic: &str, most: usize) -> QueryResult<Vec<ParkedOrder>> {
    diesel::sql_query(include_str!("sql/parked_adoptable.sql"))
        .bind::<Text, _>(topic)
        .bind::<BigInt, _>(most as i64)
        .load(conn)
}

/// Up to `most` that have waited longer than `secs` seconds; locked for this transaction.
///
/// # Errors
/// When the query fails.
pub fn expired(conn: &mut PgConnection, topic: &str, most: usize, secs: f64) -> QueryResult<Vec<ParkedOrder>> {
    diesel::sql_query(include_str!("sql/parked_expired.sql"))
        .bind::<Text, _>(topic)
        .bind::<BigInt, _>(most as i64)
        .bind::<Double, _>(secs)
        .load(conn)
}

/// Ends the wait of an order.
///
/// # Errors
/// When the query fails.
pub fn remove(conn: &mut PgConnection, order: &ParkedOrder) -> QueryResult<()> {
    use parked_orders as p;
    let same_place = p::topic.eq(&order.topic).and(p::partition.eq(order.partition)).and(p::offset.eq(order.offset));
    let found = p::table.filter(same_place.and(p::order_id.eq(order.order_id)));
    diesel::delete(found).execute(conn).map(drop)
}
