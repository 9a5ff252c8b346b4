//! The shop as pure functions: no I/O, no clock, no global randomness. A row is a function of (seed, index), and an
//! order of the day's state too, days folded in sequence.

pub mod alias;
pub mod calendar;
pub mod cart;
pub mod catalog;
pub mod checkout;
pub mod customers;
pub mod dist;
pub mod habits;
pub mod live;
pub mod pool;
pub mod products;
pub mod rng;
pub mod scenarios;
pub mod sign_ups;
pub mod tables;
mod template;
pub mod toml_file;
pub mod world;
pub mod year;

pub use world::World;
