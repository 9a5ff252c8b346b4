//! The schedule of a test's faults, from a seed that is printed and can be given again.

use std::time::{Duration, UNIX_EPOCH};

/// Draws when and where. SplitMix64: a schedule must not change with a library's version.
pub struct Dice(u64);

impl Dice {
    /// The seed of `SHOPSTREAM_FAULT_SEED`, or a new one; printed either way.
    pub fn new(test: &str) -> Self {
        let given = std::env::var("SHOPSTREAM_FAULT_SEED").ok();
        let seed = given.map_or_else(
            || UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 % 1_000_000,
            |seed| seed.replace('_', "").parse().expect("SHOPSTREAM_FAULT_SEED is a whole number"),
        );
        println!("{test}: SHOPSTREAM_FAULT_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A time between the two, in milliseconds.
    pub fn between(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        Duration::from_millis(from_ms + self.next() % (to_ms - from_ms))
    }

    /// Sleeps for a time between the two, in milliseconds.
    pub fn sleep(&mut self, from_ms: u64, to_ms: u64) {
        std::thread::sleep(self.between(from_ms, to_ms));
    }
}
