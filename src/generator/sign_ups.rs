//! How sign-ups slow down: a new shop draws many, a known one few. The rate follows a logistic curve.

/// Most customers of one batch.
const MOST_IN_BATCH: f64 = 10.0;
/// Seconds that a batch of a fast shop stands for.
const BATCH_SECS: f64 = 10.0;

/// The curve: `rate(t) = floor + (start − floor) / (1 + exp((t − midpoint) / width))`, scaled so that it begins at
/// `start`. Rates are customers a second, times are seconds since the run began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignUpCurve {
    /// Rate at the beginning.
    pub start: f64,
    /// Rate that remains.
    pub floor: f64,
    /// When half of the decline lies behind.
    pub midpoint: f64,
    /// How slowly it declines.
    pub width: f64,
}

impl Default for SignUpCurve {
    fn default() -> Self {
        Self { start: 1.0, floor: 1.0 / 120.0, midpoint: 3.0 * 3600.0, width: 45.0 * 60.0 }
    }
}

/// What happens next: so many at once, and the next after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignUps {
    /// Customers.
    pub batch: u32,
    /// Seconds until the next batch.
    pub interval: f64,
}

impl SignUpCurve {
    /// Customers a second after so many seconds.
    #[must_use]
    pub fn rate(&self, t: f64) -> f64 {
        let logistic = |t: f64| 1.0 / (1.0 + libm::exp((t - self.midpoint) / self.width));
        self.floor + (self.start - self.floor) * logistic(t) / logistic(0.0)
    }

    /// The batch and its interval: the batch shrinks from 10 to 1 first, then the interval grows.
    #[must_use]
    pub fn at(&self, t: f64) -> SignUps {
        let rate = self.rate(t);
        let batch = libm::round(rate * BATCH_SECS).clamp(1.0, MOST_IN_BATCH);
        SignUps { batch: batch as u32, interval: batch / rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_begins_with_ten_customers_every_ten_seconds() {
        assert_eq!(SignUpCurve::default().at(0.0), SignUps { batch: 10, interval: 10.0 });
    }

    #[test]
    fn the_rate_only_falls_and_ends_at_its_floor() {
        let curve = SignUpCurve::default();
        let rates: Vec<f64> = (0..200).map(|i| curve.rate(f64::from(i) * 300.0)).collect();
        assert!(rates.windows(2).all(|pair| pair[1] < pair[0]));
        assert!((rates[199] - curve.floor).abs() < 1e-6);
        let middle = curve.rate(curve.midpoint) - curve.floor;
        assert!((middle / (curve.start - curve.floor) - 0.5).abs() < 0.02, "{middle}");
    }

    #[test]
    fn the_batch_shrinks_before_the_interval_grows() {
        let curve = SignUpCurve::default();
        let steps: Vec<SignUps> = (0..240).map(|i| curve.at(f64::from(i) * 300.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[1].batch <= pair[0].batch));
        for step in &steps {
            assert!(step.batch == 1 || step.interval < 20.0, "{step:?}");
        }
        let last = steps[239];
        assert!(last.batch == 1 && (119.0..=120.0).contains(&last.interval), "{last:?}");
    }
}
