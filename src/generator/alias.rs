//! Weighted draws in constant time: Walker's alias method, built by Vose's algorithm (1991).

use super::rng::Stream;

/// A table that draws index `i` with probability `weights[i] / Σ weights`.
#[derive(Clone, Debug, Default)]
pub struct AliasTable {
    /// For each column: below the threshold (of 2^32) the column itself, else its alias.
    columns: Vec<(u32, u32)>,
    scratch: Vec<f64>,
    small: Vec<u32>,
    large: Vec<u32>,
}

impl AliasTable {
    /// A table over `weights`; negative and non-finite weights count as zero, and where all are zero each is equal.
    #[must_use]
    pub fn new(weights: &[f64]) -> Self {
        let mut table = Self::default();
        table.rebuild(weights.iter().copied());
        table
    }

    /// Puts other weights into the table, keeping its memory.
    pub fn rebuild(&mut self, weights: impl IntoIterator<Item = f64>) {
        self.scratch.clear();
        self.scratch.extend(weights.into_iter().map(|w| if w.is_finite() && w > 0.0 { w } else { 0.0 }));
        let n = self.scratch.len();
        let mut sum: f64 = self.scratch.iter().sum();
        if sum <= 0.0 {
            self.scratch.fill(1.0);
            sum = n as f64;
        }
        self.small.clear();
        self.large.clear();
        let scale = n as f64 / sum;
        for (i, weight) in self.scratch.iter_mut().enumerate() {
            *weight *= scale;
            if *weight < 1.0 { self.small.push(i as u32) } else { self.large.push(i as u32) }
        }
        self.columns.clear();
        self.columns.resize(n, (u32::MAX, 0));
        while let (Some(&under), Some(&over)) = (self.small.last(), self.large.last()) {
            self.small.pop();
            let share = self.scratch[under as usize];
            self.columns[under as usize] = ((share * 4_294_967_296.0) as u32, over);
            let rest = self.scratch[over as usize] + share - 1.0;
            self.scratch[over as usize] = rest;
            if rest < 1.0 {
                self.large.pop();
                self.small.push(over);
            }
        }
        for &full in self.small.iter().chain(&self.large) {
            self.columns[full as usize] = (u32::MAX, full);
        }
    }

    /// Number of indices.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Draws an index; 0 from an empty table.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> usize {
        let bits = stream.bits();
        let column = (((bits >> 32) * self.columns.len() as u64) >> 32) as usize;
        match self.columns.get(column) {
            Some(&(threshold, _)) if (bits as u32) < threshold => column,
            Some(&(_, alias)) => alias as usize,
            None => 0,
        }
    }
}

/// Draws an index of a short list of running totals (the last one is the sum).
#[inline]
pub fn draw_cumulative(totals: &[f64], stream: &mut Stream) -> usize {
    let Some(sum) = totals.last() else { return 0 };
    let at = stream.unit() * sum;
    totals.iter().position(|&total| at < total).unwrap_or(totals.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::rng::Purpose;

    fn shares(weights: &[f64]) -> Vec<f64> {
        let table = AliasTable::new(weights);
        let mut stream = Stream::new(1, Purpose::Day, 0);
        let mut seen = vec![0u32; weights.len()];
        for _ in 0..1_000_000 {
            seen[table.draw(&mut stream)] += 1;
        }
        seen.iter().map(|&n| f64::from(n) / 1_000_000.0).collect()
    }

    #[test]
    fn indices_come_up_as_often_as_they_weigh() {
        let weights = [25.0, 20.0, 0.0, 12.0, 0.5, 7.0, 35.5];
        for (share, weight) in shares(&weights).iter().zip(weights) {
            assert!((share - weight / 100.0).abs() < 0.002, "{share} for {weight}");
        }
    }

    #[test]
    fn all_zero_weights_are_all_equal_and_a_single_one_always_wins() {
        assert!(shares(&[0.0, 0.0, f64::NAN]).iter().all(|s| (s - 1.0 / 3.0).abs() < 0.002));
        assert_eq!(shares(&[3.0]), [1.0]);
    }
}
