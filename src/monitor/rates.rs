//! How fast a number grows: now, and in the last minute.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What "now" means: shorter, and a number that is counted in batches would jump.
const WINDOW: Duration = Duration::from_secs(5);
/// What it means for what comes less than once a second: a shop at night has an order a minute.
const LONG_WINDOW: Duration = Duration::from_secs(60);
/// What comes seldom enough for that by the long window: at three a second, five seconds with less than one a second are one in a
/// thousand, so below it the last seconds may have been quiet by chance, and above it the rate has fallen.
const SELDOM: f64 = 3.0;
/// Least distance of two samples that make a rate.
const LEAST_SECONDS: f64 = 0.9;
/// Steps of the history, each at least a second long.
pub(super) const STEPS: usize = 120;
const STEP: Duration = Duration::from_secs(1);

/// The growth of one number.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    samples: VecDeque<(Instant, u64)>,
    history: VecDeque<f64>,
    stepped: Option<(Instant, u64)>,
}

impl Rate {
    /// Takes in what the number is now. One that is smaller than before was counted anew: it begins again.
    pub fn add(&mut self, at: Instant, value: u64) {
        if self.samples.back().is_some_and(|(_, before)| value < *before) {
            *self = Self { history: std::mem::take(&mut self.history), ..Self::default() };
        }
        self.samples.push_back((at, value));
        // One from before the window stays, for it is what the window begins with.
        while self.samples.len() > 2
            && self.samples.get(1).is_some_and(|(then, _)| at.duration_since(*then) >= LONG_WINDOW)
        {
            self.samples.pop_front();
        }
        match self.stepped {
            None => self.stepped = Some((at, value)),
            Some((then, before)) if at.duration_since(then) >= STEP => {
                if self.history.len() == STEPS {
                    self.history.pop_front();
                }
                self.history.push_back((value - before) as f64 / at.duration_since(then).as_secs_f64());
                self.stepped = Some((at, value));
            }
            Some(_) => {}
        }
    }

    /// A second, over the last seconds, or, for what comes less than once a second, over the last minute; none before there are
    /// two samples.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        let now = self.over(WINDOW)?;
        // After a flood the minute tells of the flood, and the last seconds of its end.
        Some(if now < 1.0 { self.over(LONG_WINDOW).filter(|minute| *minute < SELDOM).unwrap_or(now) } else { now })
    }

    /// A second, over so long, or as long as there are samples.
    fn over(&self, window: Duration) -> Option<f64> {
        let (last, to) = self.samples.back()?;
        let is_before = |sample: &&(Instant, u64)| last.duration_since(sample.0) >= window;
        let (first, from) = self.samples.iter().rev().find(is_before).or_else(|| self.samples.front())?;
        let seconds = last.duration_since(*first).as_secs_f64();
        // Two looks that follow each other at once tell nothing of a second.
        (seconds >= LEAST_SECONDS).then(|| (to - from) as f64 / seconds)
    }

    /// A second, step by step, the latest last.
    #[must_use]
    pub fn history(&self) -> Vec<f64> {
        self.history.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_seconds_and_survives_a_reset() {
        let (began, mut rate) = (Instant::now(), Rate::default());
        assert_eq!(rate.per_second(), None);
        for second in 0..20 {
            rate.add(began + Duration::from_secs(second), 100 * second);
        }
        assert_eq!(rate.per_second(), Some(100.0));
        assert_eq!(rate.history(), vec![100.0; 19]);
        // Nothing comes any more: after the window it stands still.
        for second in 20..27 {
            rate.add(began + Duration::from_secs(second), 1_900);
        }
        assert_eq!(rate.per_second(), Some(0.0));
        rate.add(began + Duration::from_secs(27), 5);
        assert_eq!(rate.per_second(), None);
        rate.add(began + Duration::from_secs(28), 9);
        assert_eq!(rate.per_second(), Some(4.0));
        assert_eq!(rate.history().last(), Some(&4.0));
    }

    #[test]
    fn what_comes_once_a_minute_is_counted_by_the_minute() {
        let (began, mut rate) = (Instant::now(), Rate::default());
        for second in 0..240 {
            rate.add(began + Duration::from_secs(second), second / 60);
        }
        let per_minute = rate.per_second().unwrap() * 60.0;
        assert!((per_minute - 1.0).abs() < 0.05, "{per_minute}");
        // About one a second, by chance none for seconds: the minute tells, from 59 to 61.
        let mut steady = Rate::default();
        let mut gone = 0;
        for second in 0..240 {
            // Six at once every six seconds: five seconds without any lie between them.
            gone += if second % 6 == 0 { 6 } else { 0 };
            steady.add(began + Duration::from_secs(second), gone);
            let per_second = steady.per_second().unwrap_or(1.0);
            assert!(second < 60 || per_second >= 0.9, "{second}: {per_second}");
        }
        // A flood that has ended is none, though it was within the minute.
        for second in 240..250 {
            rate.add(began + Duration::from_secs(second), 3 + 500 * (second - 239));
        }
        assert_eq!(rate.per_second(), Some(500.0));
        for second in 250..260 {
            rate.add(began + Duration::from_secs(second), 5_003);
        }
        assert_eq!(rate.per_second(), Some(0.0));
    }
}
