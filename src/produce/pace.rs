//! When the next message is due.

use std::time::{Duration, Instant};

use crate::generator::rng::{Purpose, Stream};

/// A backlog older than this is not made up for: a producer that was held up does not flood the topic afterwards.
const MOST_BACKLOG: Duration = Duration::from_secs(1);
/// Seconds between two orders of an average hour, and between two products.
const ORDER_SECS: [f64; 2] = [3.0, 5.0];
const PRODUCT_SECS: [f64; 2] = [6.0, 8.0];
/// Whatever the demand, orders stay at least and at most so many seconds apart.
const ORDER_BOUNDS: [f64; 2] = [0.2, 60.0];

/// One stream's clock.
#[derive(Clone, Copy, Debug)]
pub struct Due(Option<Instant>);

impl Due {
    /// Due at once.
    #[must_use]
    pub const fn from(now: Instant) -> Self {
        Self(Some(now))
    }

    /// A stream that is not asked for.
    #[must_use]
    pub const fn never() -> Self {
        Self(None)
    }

    /// How long to wait; `None` for never.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.0.map(|due| due.saturating_duration_since(now))
    }

    /// The next one is due `interval` after this one was due, or after now if that is long past.
    pub fn advance(&mut self, now: Instant, interval: Duration) {
        if let Some(due) = &mut self.0 {
            let earliest = now.checked_sub(MOST_BACKLOG).unwrap_or(now);
            *due = (*due).max(earliest) + interval;
        }
    }
}

/// Orders an hour at a demand (1 is average), on average.
#[must_use]
pub fn orders_an_hour(demand: f64, speed: f64) -> f64 {
    let [least, most] = ORDER_BOUNDS;
    let mean = f64::midpoint(ORDER_SECS[0], ORDER_SECS[1]);
    3_600.0 * speed / (mean / demand.max(1e-9)).clamp(least, most)
}

/// The live shop's intervals.
#[derive(Debug)]
pub struct Cadence {
    stream: Stream,
    speed: f64,
}

impl Cadence {
    /// Intervals drawn from a run's seed, `speed` times as short.
    #[must_use]
    pub fn new(seed: u64, speed: f64) -> Self {
        Self { stream: Stream::new(seed, Purpose::Cadence, 0), speed }
    }

    /// Until the next order, at a demand (1 is average).
    pub fn order(&mut self, demand: f64) -> Duration {
        let [least, most] = ORDER_BOUNDS;
        let secs = self.uniform(ORDER_SECS) / demand.max(1e-9);
        self.hastened(secs.clamp(least, most))
    }

    /// Until the next product.
    pub fn product(&mut self) -> Duration {
        let secs = self.uniform(PRODUCT_SECS);
        self.hastened(secs)
    }

    /// So many seconds of the shop in ours.
    #[must_use]
    pub fn hastened(&self, secs: f64) -> Duration {
        Duration::from_secs_f64((secs / self.speed).clamp(0.0, 1e9))
    }

    fn uniform(&mut self, [low, high]: [f64; 2]) -> f64 {
        low + (high - low) * self.stream.unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_every_three_to_five_seconds_over_the_demand_within_bounds() {
        let mut cadence = Cadence::new(1, 1.0);
        let secs = |demand: f64, cadence: &mut Cadence| {
            (0..1_000).map(|_| cadence.order(demand).as_secs_f64()).collect::<Vec<_>>()
        };
        for (demand, low, high) in [(1.0, 3.0, 5.0), (2.0, 1.5, 2.5), (0.01, 60.0, 60.0), (100.0, 0.2, 0.2)] {
            let drawn = secs(demand, &mut cadence);
            assert!(drawn.iter().all(|s| (low - 1e-6..=high + 1e-6).contains(s)), "{demand}");
            let mean = drawn.iter().sum::<f64>() / 1_000.0;
            assert!((mean - f64::midpoint(low, high)).abs() < 0.1 * high, "{demand}: {mean}");
        }
        let product = cadence.product().as_secs_f64();
        assert!((6.0..=8.0).contains(&product));
        assert!(Cadence::new(1, 60.0).order(1.0) < Duration::from_millis(84));
    }

    #[test]
    fn a_small_backlog_is_made_up_for_and_a_long_one_is_not() {
        let began = Instant::now();
        let second = Duration::from_secs(1);
        let mut due = Due::from(began);
        due.advance(began + second / 2, second / 10);
        assert_eq!(due.wait(began + second / 2), Some(Duration::ZERO));
        assert_eq!(due.wait(began), Some(second / 10));
        due.advance(began + 60 * second, second / 10);
        assert_eq!(due.wait(began), Some(59 * second + second / 10));
        assert_eq!(Due::never().wait(began), None);
    }
}
