//! What the services say, as it is shown, printed as JSON, and measured.

use serde::Serialize;

use crate::cache::members::PoolMeta;

/// The cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CacheView {
    /// The pool in place.
    pub pool: PoolMeta,
    /// Agreed visits that wait.
    pub visits: u64,
    /// The scenario switched on by hand.
    pub by_hand: Option<ByHandView>,
    /// Server version.
    pub version: String,
    /// Bytes in use, and the limit; 0 for none.
    pub memory_bytes: u64,
    /// See `memory_bytes`.
    pub memory_limit_bytes: u64,
    /// Commands a second, by the server's own word.
    pub commands_per_second: f64,
    /// The same over the last two minutes, a second each.
    #[serde(skip)]
    pub commands_history: Vec<f64>,
    /// Share of look-ups that found their key, of everybody who asks this server, since the last look or, where there were
    /// none, since it began.
    pub hit_share: Option<f64>,
    /// Connections.
    pub clients: u64,
}

/// A scenario switched on by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByHandView {
    /// Its id.
    pub id: String,
    /// Seconds that it stays.
    pub left_secs: u64,
}

/// Topics and consumer groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct KafkaView {
    /// Brokers that answer.
    pub brokers: usize,
    /// Numbers of those that the cluster counts on and that do not.
    pub silent_brokers: Vec<i32>,
    /// Partitions of the shop's topics that lack a copy.
    pub under_replicated: usize,
    /// Partitions without a leader.
    pub leaderless: usize,
    /// The shop's topics; dead letters aside.
    pub topics: Vec<TopicView>,
    /// Dead letters that are kept, by topic.
    pub dead_letters: Vec<DeadLettersView>,
    /// Who reads the topics.
    pub groups: Vec<GroupView>,
}

/// A topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TopicView {
    /// Name without prefix.
    pub name: String,
    /// Whether it is there.
    pub exists: bool,
    /// Messages that were ever written; none while that is not known of each partition.
    pub written: Option<u64>,
    /// Messages a second.
    pub per_second: Option<f64>,
    /// The same over the last two minutes, a second each.
    #[serde(skip)]
    pub history: Vec<f64>,
}

/// Dead letters of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeadLettersView {
    /// The topic they came from, without prefix.
    pub topic: String,
    /// Whether the topic for them is there.
    pub exists: bool,
    /// How many are kept; none while that is not known of each partition.
    pub letters: Option<u64>,
}

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupView {
    /// Name.
    pub name: String,
    /// The topic, without prefix.
    pub topic: String,
    /// Members, and the group's state by Kafka's word; none while not every broker answers.
    pub members: Option<usize>,
    /// See `members`; empty for a group that there is not.
    pub state: Option<String>,
    /// Messages that are not stored yet, of all partitions; none while that is not known of each.
    pub lag: Option<u64>,
    /// By partition.
    pub partitions: Vec<PartitionView>,
}

/// A partition as a group sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartitionView {
    /// Number.
    pub partition: i32,
    /// First offset not written yet; none while its leader does not answer.
    pub end: Option<i64>,
    /// First offset not read yet; none when the group has never said, or while that is not known.
    pub committed: Option<i64>,
    /// Whether it is known what the group has said.
    pub told: bool,
    /// Difference of both.
    pub lag: Option<u64>,
}

/// The database.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PostgresView {
    /// Server version.
    pub version: String,
    /// Tables.
    pub tables: Vec<TableView>,
    /// Connections, of all users.
    pub connections: i64,
    /// The most that the server takes.
    pub max_connections: i64,
    /// Age of the oldest transaction of this database, seconds.
    pub oldest_transaction_secs: Option<f64>,
    /// Orders that wait for a customer or product.
    pub parked_orders: i64,
    /// Messages that topics did not keep until they were read.
    pub expired_messages: i64,
    /// Customers by grade, the lowest first.
    pub grades: Vec<GradeView>,
    /// Whether those are an estimate of the server's: the table is too large to be counted every few seconds.
    pub grades_estimated: bool,
    /// The last completed orders, the latest first.
    pub last_orders: Vec<OrderView>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TableView {
    /// Name.
    pub name: String,
    /// Rows, by the server's statistics: about; none when it does not know.
    pub rows: Option<i64>,
    /// Rows that were replaced or removed, and wait for VACUUM; about.
    pub dead_rows: i64,
    /// Bytes on disk, with indexes.
    pub bytes: i64,
    /// Seconds since the last VACUUM, the server's own or somebody's; none when there was none.
    pub vacuumed_secs: Option<f64>,
    /// Rows written a second.
    pub per_second: Option<f64>,
    /// The same over the last two minutes.
    #[serde(skip)]
    pub history: Vec<f64>,
}

/// A grade of the pyramid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GradeView {
    /// Name.
    pub grade: String,
    /// Customers.
    pub customers: i64,
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// When it was made, RFC 3339, UTC+9.
    pub created_at: String,
    /// Its first product.
    pub product: String,
    /// Items.
    pub items: i32,
    /// Total, KRW.
    pub total_amount: i64,
    /// Region of the customer.
    pub region: String,
    /// Grade of the customer at that time.
    pub grade: String,
    /// Scenario that it follows.
    pub scenario: String,
}

/// The scenario in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScenarioView {
    /// Its id.
    pub id: String,
    /// Whether somebody switched it on by hand; else it is the calendar's.
    pub by_hand: bool,
    /// Until when: a day, or seconds.
    pub until: String,
}

impl KafkaView {
    /// Those that do not answer, in words; none when all do.
    #[must_use]
    pub fn silence(&self) -> Option<String> {
        let names: Vec<String> = self.silent_brokers.iter().map(i32::to_string).collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("broker {one} does not answer")),
            several => Some(format!("brokers {} do not answer", several.join(", "))),
        }
    }
}
