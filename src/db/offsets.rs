//! How far each partition of a topic is stored, and who may store more of it.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};

/// The consumer group and topic whose partitions are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Consumer group in Kafka.
    pub group: String,
    /// Topic in Kafka.
    pub topic: String,
}

/// A partition in this member's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Claim {
    /// Offset of the first message that is not stored.
    #[diesel(sql_type = BigInt)]
    pub next_offset: i64,
    /// Number of the claim.
    #[diesel(sql_type = BigInt)]
    pub epoch: i64,
    /// Hash of the last stored message.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_hash: Option<i64>,
}

/// How far a partition is stored, as whoever looks at all of them sees it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct StoredOffset {
    /// Consumer group in Kafka.
    pub group: String,
    /// Topic in Kafka.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Offset of the first message that is not stored.
    pub next_offset: i64,
}

/// How far every partition of every topic is stored.
///
/// # Errors
/// When the query fails.
pub fn all(conn: &mut PgConnection) -> QueryResult<Vec<StoredOffset>> {
    use super::schema::consumer_offsets as o;
    o::table
        .select((o::consumer_group, o::topic, o::partition, o::next_offset))
        .order((o::consumer_group, o::topic, o::partition))
        .load(conn)
}

/// How far a partition moves with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The partition.
    pub partition: i32,
    /// Number of the claim under which it moves.
    pub epoch: i64,
    /// Offset from which.
    pub from: i64,
    /// Offset to which: the first that is not stored then.
    pub until: i64,
    /// Hash of the last message stored.
    pub last_hash: i64,
    /// Messages in between that the topic no longer had.
    pub expired: i64,
}

/// Takes a partition over; earlier holders can write no more.
///
/// # Errors
/// When the query fails.
pub fn claim(conn: &mut PgConnection, reader: &Reader, partition: i32) -> QueryResult<Claim> {
    diesel::sql_query(include_str!("sql/offsets_claim.sql"))
        .bind::<Text, _>(&reader.group)
        .bind::<Text, _>(&reader.topic)
        .bind::<Integer, _>(partition)
        .get_result(conn)
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = BigInt)]
    ended: i64,
}

/// Ends the sessions that have a partition in their hands and have waited for their client in the middle of a statement for so
/// many seconds: members that stand still within a COPY. The limits of a session do not reach there, and whoever takes over
/// would wait for ever. Returns how many they were.
///
/// # Errors
/// When the query fails.
pub fn end_stalled(conn: &mut PgConnection, seconds: i32) -> QueryResult<i64> {
    let ended: Ended =
        diesel::sql_query(include_str!("sql/offsets_end_stalled.sql")).bind::<Integer, _>(seconds).get_result(conn)?;
    Ok(ended.ended)
}

/// How a partition stands, whoever holds it; waits for a transaction that is about to move it.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut PgConnection, reader: &Reader, partition: i32) -> QueryResult<Option<Claim>> {
    use super::schema::consumer_offsets as o;
    o::table
        .find((&reader.group, &reader.topic, partition))
        .select((o::next_offset, o::epoch, o::last_hash))
        .for_update()
        .first(conn)
        .optional()
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = Integer)]
    partition: i32,
}

/// Moves partitions on, within the transaction of the rows; returns those that are no longer this member's. When there
/// are any, the transaction must be rolled back.
///
/// # Errors
/// When the query fails.
pub fn advance(conn: &mut PgConnection, reader: &Reader, moves: &[Advance]) -> QueryResult<Vec<i32>> {
    let longs = |of: fn(&Advance) -> i64| moves.iter().map(of).collect::<Vec<_>>();
    let partitions: Vec<i32> = moves.iter().map(|moved| moved.partition).collect();
    let moved: Vec<Moved> = diesel::sql_query(include_str!("sql/offsets_advance.sql"))
        .bind::<Text, _>(&reader.group)
        .bind::<Text, _>(&reader.topic)
        .bind::<Array<Integer>, _>(&partitions)
        .bind::<Array<BigInt>, _>(longs(|moved| moved.epoch))
        .bind::<Array<BigInt>, _>(longs(|moved| moved.from))
        .bind::<Array<BigInt>, _>(longs(|moved| moved.until))
        .bind::<Array<BigInt>, _>(longs(|moved| moved.last_hash))
        .bind::<Array<BigInt>, _>(longs(|moved| moved.expired))
        .load(conn)?;
    let kept = |partition: &i32| moved.iter().any(|moved| moved.partition == *partition);
    Ok(partitions.into_iter().filter(|partition| !kept(partition)).collect())
}

/// Why a partition begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// Somebody asked for it; the topic keeps messages from this offset on.
    OnRequest(i64),
    /// The topic is another one under the same name.
    OtherTopic,
}

/// Begins a partition anew; says whether it still was this member's.
///
/// # Errors
/// When the query fails.
pub fn rewind(conn: &mut PgConnection, reader: &Reader, partition: i32, epoch: i64, why: Anew) -> QueryResult<bool> {
    let (low, same_topic) = match why {
        Anew::OnRequest(low) => (low, true),
        Anew::OtherTopic => (0, false),
    };
    let rewound = diesel::sql_query(include_str!("sql/offsets_rewind.sql"))
        .bind::<Text, _>(&reader.group)
        .bind::<Text, _>(&reader.topic)
        .bind::<Integer, _>(partition)
        .bind::<BigInt, _>(epoch)
        .bind::<BigInt, _>(low)
        .bind::<Bool, _>(same_topic)
        .execute(conn)?;
    Ok(rewound == 1)
}
