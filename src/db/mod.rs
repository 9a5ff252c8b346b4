//! PostgreSQL: the shop's memory. Schema and migrations, fast writing, and the queries that matter, each as a
//! commented `.sql` file beside its caller.

pub mod address;
mod connect;
pub mod copy;
pub mod grades;
pub mod lock;
pub mod migrate;
pub mod offsets;
pub mod overview;
pub mod parked;
pub mod pools;
pub mod population;
pub mod rights;
pub mod runs;
pub mod schema;
pub mod seeding;
pub mod storing;

pub use connect::{connect, connect_within};
