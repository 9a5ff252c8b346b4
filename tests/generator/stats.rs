//! Tests of fit. A fit is refused when chance alone would bring it about less than once in a thousand times; seeds are
//! fixed, so a verdict never changes from run to run.

/// Probability below which a fit is refused.
const LEAST_P: f64 = 0.001;
/// Expected count below which cells are put together.
const LEAST_EXPECTED: f64 = 5.0;
/// The scaled Kolmogorov–Smirnov distance that chance exceeds once in a thousand times.
const KS_LIMIT: f64 = 1.95;

/// Pearson's statistic; several of them add up.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChiSquare {
    pub statistic: f64,
    pub degrees: f64,
}

impl ChiSquare {
    /// How far counts are from shares proportional to `weights`.
    pub fn of(observed: &[u64], weights: &[f64]) -> Self {
        assert_eq!(observed.len(), weights.len());
        let (total, sum) = (observed.iter().sum::<u64>() as f64, weights.iter().sum::<f64>());
        let (mut statistic, mut cells) = (0.0, 0.0);
        let mut rest = (0.0, 0.0);
        let mut add = |seen: f64, expected: f64| {
            statistic += (seen - expected).powi(2) / expected;
            cells += 1.0;
        };
        for (&seen, weight) in observed.iter().zip(weights) {
            let expected = weight / sum * total;
            if expected >= LEAST_EXPECTED {
                add(seen as f64, expected);
            } else if expected == 0.0 && seen > 0 {
                add(seen as f64, f64::MIN_POSITIVE);
            } else {
                rest = (rest.0 + seen as f64, rest.1 + expected);
            }
        }
        if rest.1 > 0.0 {
            add(rest.0, rest.1);
        }
        Self { statistic, degrees: f64::max(cells - 1.0, 0.0) }
    }

    pub fn and(self, other: Self) -> Self {
        Self { statistic: self.statistic + other.statistic, degrees: self.degrees + other.degrees }
    }

    /// Probability of a statistic at least as large, were the weights right.
    pub fn p(self) -> f64 {
        if self.degrees == 0.0 { 1.0 } else { upper_gamma(self.degrees / 2.0, self.statistic / 2.0) }
    }
}

/// The regularised upper incomplete gamma function, by series below a + 1 and by continued fraction above.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if !x.is_finite() {
        return 0.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-15 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    // Lentz's method.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    front * h
}

#[track_caller]
pub fn assert_fits(what: &str, observed: &[u64], weights: &[f64]) {
    assert_p(what, ChiSquare::of(observed, weights));
}

#[track_caller]
pub fn assert_p(what: &str, fit: ChiSquare) {
    assert!(fit.p() > LEAST_P, "{what}: {fit:?} has p = {:.2e}", fit.p());
}

/// The negative control of [`assert_fits`]: the data tell these weights from the right ones.
#[track_caller]
pub fn assert_refuses(what: &str, observed: &[u64], weights: &[f64]) {
    let fit = ChiSquare::of(observed, weights);
    assert!(fit.p() < LEAST_P, "{what}: {fit:?} has p = {:.2e}, too good for wrong weights", fit.p());
}

/// Greatest distance between two samples' distribution functions, scaled; ties go together.
pub fn kolmogorov_smirnov(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (mut i, mut j, mut most) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        i += a[i..].iter().take_while(|&&y| y <= x).count();
        j += b[j..].iter().take_while(|&&y| y <= x).count();
        most = most.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    most * ((a.len() * b.len()) as f64 / (a.len() + b.len()) as f64).sqrt()
}

#[track_caller]
pub fn assert_same_distribution(what: &str, ours: Vec<f64>, reference: Vec<f64>) {
    let distance = kolmogorov_smirnov(ours, reference);
    assert!(distance < KS_LIMIT, "{what}: distance {distance:.2}");
}

/// The negative control of [`assert_same_distribution`].
#[track_caller]
pub fn assert_other_distribution(what: &str, ours: Vec<f64>, reference: Vec<f64>) {
    let distance = kolmogorov_smirnov(ours, reference);
    assert!(distance > KS_LIMIT, "{what}: distance {distance:.2}, too near for a wrong distribution");
}

/// Even steps through [low, high): a reference sample of the uniform distribution without chance in it.
pub fn uniform(low: f64, high: f64, steps: usize) -> Vec<f64> {
    (0..steps).map(|i| low + (high - low) * (i as f64 + 0.5) / steps as f64).collect()
}

/// A reference sample from an implementation that is not ours.
pub fn reference(seed: u64, count: usize, distribution: impl rand_distr::Distribution<f64>) -> Vec<f64> {
    use rand_xoshiro::rand_core::SeedableRng;
    let mut rng = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count).map(|_| distribution.sample(&mut rng)).collect()
}

/// How often each index came up.
pub fn tally(cells: usize, indices: impl IntoIterator<Item = usize>) -> Vec<u64> {
    let mut seen = vec![0; cells];
    for index in indices {
        seen[index] += 1;
    }
    seen
}

#[test]
fn the_tail_of_chi_square_matches_published_critical_values() {
    for (degrees, critical) in [(1.0, 10.828), (4.0, 18.467), (12.0, 32.909), (100.0, 149.449), (999.0, 1142.848)] {
        let p = ChiSquare { statistic: critical, degrees }.p();
        assert!((p - 0.001).abs() < 2e-6, "{degrees}: {p}");
    }
    assert!((ChiSquare { statistic: 3.0, degrees: 4.0 }.p() - 0.557_825).abs() < 1e-5);
}

#[test]
fn counts_where_none_may_be_are_refused_whatever_the_rest() {
    assert_refuses("an impossible cell", &[500, 500, 1], &[1.0, 1.0, 0.0]);
    assert_fits("an empty impossible cell", &[500, 500, 0], &[1.0, 1.0, 0.0]);
}
