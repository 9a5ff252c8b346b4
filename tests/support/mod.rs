//! What tests on real services share.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

mod follow;
mod guarded;
mod kafka;
mod process;
mod redis;
mod rows;
mod scratch;
mod year;

pub use follow::{Followed, Part};
pub use guarded::GuardedBroker;
pub use kafka::{Received, ScratchTopics, delete_records, headers, kafka_at, kafka_brokers, watermarks};
pub use process::{Running, until};
pub use redis::{ScratchRedis, redis_url};
pub use rows::*;
pub use scratch::{ScratchDb, database_url, rolled_back};
pub use year::{YEAR, as_of, later, sow, year_of};
