//! Kafka: topics, and the messages that travel through them.

pub mod client;
pub mod dead_letter;
pub mod dlq;
pub mod drift;
pub mod grumble;
pub mod message;
mod reach;
pub mod rights;
pub mod sender;
pub mod topics;
