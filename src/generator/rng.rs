//! Random streams: each (seed, kind of thing, index) has its own, so that a row never depends on another row.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;

/// What a stream's numbers are for; two kinds never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// A customer's figures.
    Customer = 1,
    /// A customer's name and address.
    CustomerText = 2,
    /// A product's figures.
    Product = 3,
    /// A product's name and description.
    ProductText = 4,
    /// The moments of a day's orders.
    Day = 5,
    /// One order.
    Order = 6,
    /// A pool member's mood until the next refresh.
    Mood = 7,
    /// How long a product stays on sale.
    Withdrawal = 8,
    /// How much a product is liked.
    Appeal = 9,
    /// A customer's habit.
    Habit = 10,
    /// A shard's own seed.
    Shard = 11,
    /// A run's id.
    Run = 12,
    /// When and who: the id of a customer who signs up now.
    SignUp = 13,
    /// The same of a product that comes into the shop now.
    NewProduct = 14,
    /// The moments between two live messages.
    Cadence = 15,
    /// What is done wrong on purpose.
    Injection = 16,
    /// The id of a live order.
    LiveOrder = 17,
}

/// What SplitMix64 adds to its state at each step.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit moves every output bit.
#[inline]
#[must_use]
pub const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(STEP);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number that stands for (seed, purpose, index).
#[must_use]
pub const fn key(seed: u64, purpose: Purpose, index: u64) -> u64 {
    mix(mix(mix(seed) ^ purpose as u64) ^ index)
}

/// A number that stands for (id, purpose), the same in every shop that holds the id.
#[must_use]
pub fn key_of_id(id: Uuid, purpose: Purpose) -> u64 {
    let (high, low) = id.as_u64_pair();
    mix(mix(high ^ (purpose as u64)) ^ low)
}

/// An independent random stream: xoshiro256++ (Blackman and Vigna 2019), seeded through SplitMix64.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of (seed, purpose, index).
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        Self::of_key(key(seed, purpose, index))
    }

    /// The stream of (id, purpose).
    #[must_use]
    pub fn of_id(id: Uuid, purpose: Purpose) -> Self {
        Self::of_key(key_of_id(id, purpose))
    }

    /// The same as `seed_from_u64` (a test holds it to that), but inlined: every row begins with it.
    #[inline]
    fn of_key(key: u64) -> Self {
        let mut seed = [0; 32];
        let mut state = key;
        for word in seed.chunks_exact_mut(8) {
            word.copy_from_slice(&mix(state).to_le_bytes());
            state = state.wrapping_add(STEP);
        }
        Self(Xoshiro256PlusPlus::from_seed(seed))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), with 53 random bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        unit_of_bits(self.bits())
    }

    /// Uniform in 0..n (Lemire's multiplication; the bias is below n / 2^64). Zero for `n` = 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in 0..n, as an index.
    #[inline]
    pub fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    /// Uniform in low..=high; `low` when the range is empty.
    #[inline]
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { low + self.below((high - low) as u64 + 1) as i64 }
    }

    /// True with the given probability.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One element; `None` of an empty slice.
    #[inline]
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }
}

/// The uniform number in [0, 1) that 64 random bits stand for.
#[inline]
#[must_use]
pub fn unit_of_bits(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_pinned_for_ever() {
        let mut stream = Stream::new(42, Purpose::Order, 7);
        insta::assert_debug_snapshot!([stream.bits(), stream.bits(), stream.bits()]);
    }

    #[test]
    fn a_stream_is_seeded_as_its_generator_prescribes() {
        for key in [0, 1, u64::MAX, 0x9E37_79B9_7F4A_7C15, mix(7)] {
            assert_eq!(Stream::of_key(key).0, Xoshiro256PlusPlus::seed_from_u64(key));
        }
    }

    #[test]
    fn neighbouring_indices_and_purposes_share_nothing() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).bits();
        let base = first(1, Purpose::Order, 1);
        for other in [first(1, Purpose::Order, 2), first(2, Purpose::Order, 1), first(1, Purpose::Day, 1)] {
            assert!((base ^ other).count_ones() > 10);
        }
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut stream = Stream::new(3, Purpose::Day, 0);
        let mut seen = [0u32; 10];
        for _ in 0..100_000 {
            seen[stream.index(10)] += 1;
        }
        assert!(seen.iter().all(|&n| (9_500..10_500).contains(&n)), "{seen:?}");
    }
}
