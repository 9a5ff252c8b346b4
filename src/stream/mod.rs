//! Kafka: topics, and the messages that travel through them.

pub mod client;
pub mod message;
pub mod topics;
