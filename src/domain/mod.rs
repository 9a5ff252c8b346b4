//! The shop's vocabulary: types and pure rules that every other module speaks in.

pub mod age;
pub mod date;
pub mod grade;
pub mod id;
pub mod labels;
pub mod rows;

pub use age::AgeGroup;
pub use date::{BUSINESS_OFFSET_SECS, Timestamp};
pub use grade::Grade;
pub use labels::{CustomerStatus, Gender, OrderStatus, Payment};
