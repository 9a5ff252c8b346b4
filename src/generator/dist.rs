//! Distributions, computed with the same arithmetic on every platform.

use super::rng::Stream;

/// Beta(2, 5): the second smallest of six uniform numbers has exactly this distribution.
pub fn beta_2_5(stream: &mut Stream) -> f64 {
    let (mut least, mut second) = (1.0_f64, 1.0_f64);
    for _ in 0..6 {
        let u = stream.unit();
        if u < least {
            second = least;
            least = u;
        } else if u < second {
            second = u;
        }
    }
    second
}

/// Beta(a, b) by Jöhnk's rejection (1964); quick where both are near or below 1.
pub fn beta(stream: &mut Stream, a: f64, b: f64) -> f64 {
    loop {
        let x = libm::pow(stream.unit(), 1.0 / a);
        let y = libm::pow(stream.unit(), 1.0 / b);
        let sum = x + y;
        if sum > 0.0 && sum <= 1.0 {
            return x / sum;
        }
    }
}

/// A standard normal number, by inversion: one uniform number gives one normal number.
pub fn normal(stream: &mut Stream) -> f64 {
    normal_of_unit(stream.unit())
}

/// The standard normal number that a uniform one of [0, 1) stands for.
#[must_use]
pub fn normal_of_unit(u: f64) -> f64 {
    // The middle of the 2^53 steps, so that 0 does not come up; the last one would round to 1.
    normal_quantile((u + 0.5 / (1u64 << 53) as f64).min(1.0 - f64::EPSILON / 2.0))
}

/// exp(spread × Z) for a standard normal Z.
pub fn log_normal(stream: &mut Stream, spread: f64) -> f64 {
    libm::exp(spread * normal(stream))
}

fn poly(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// The standard normal quantile, algorithm AS 241 (Wichura 1988), exact to about 16 digits.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    const CENTRE_NUM: [f64; 8] = [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ];
    const CENTRE_DEN: [f64; 8] = [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ];
    const NEAR_NUM: [f64; 8] = [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ];
    const NEAR_DEN: [f64; 8] = [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ];
    const FAR_NUM: [f64; 8] = [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ];
    const FAR_DEN: [f64; 8] = [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ];
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * poly(&CENTRE_NUM, r) / poly(&CENTRE_DEN, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-libm::log(tail));
    let z = if r <= 5.0 {
        poly(&NEAR_NUM, r - 1.6) / poly(&NEAR_DEN, r - 1.6)
    } else {
        poly(&FAR_NUM, r - 5.0) / poly(&FAR_DEN, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::rng::Purpose;
    use rand_distr::{Distribution, StandardNormal};

    /// Greatest distance between two samples' distribution functions, scaled so that 1.95 is exceeded by chance once
    /// in a thousand times.
    fn kolmogorov_smirnov(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
        a.sort_by(f64::total_cmp);
        b.sort_by(f64::total_cmp);
        let (mut i, mut j, mut most) = (0, 0, 0.0_f64);
        while i < a.len() && j < b.len() {
            if a[i] <= b[j] {
                i += 1;
            } else {
                j += 1;
            }
            most = most.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
        }
        most * ((a.len() * b.len()) as f64 / (a.len() + b.len()) as f64).sqrt()
    }

    fn ours(draw: impl Fn(&mut Stream) -> f64) -> Vec<f64> {
        let mut stream = Stream::new(11, Purpose::Day, 0);
        (0..50_000).map(|_| draw(&mut stream)).collect()
    }

    fn reference(distribution: impl Distribution<f64>) -> Vec<f64> {
        use rand_xoshiro::rand_core::SeedableRng;
        let mut rng = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(5);
        (0..50_000).map(|_| distribution.sample(&mut rng)).collect()
    }

    #[test]
    fn draws_agree_with_an_independent_implementation() {
        let beta_ref = |a, b| reference(rand_distr::Beta::new(a, b).unwrap());
        assert!(kolmogorov_smirnov(ours(beta_2_5), beta_ref(2.0, 5.0)) < 1.95);
        assert!(kolmogorov_smirnov(ours(|s| beta(s, 0.8, 1.2)), beta_ref(0.8, 1.2)) < 1.95);
        assert!(kolmogorov_smirnov(ours(normal), reference(StandardNormal)) < 1.95);
        assert!(kolmogorov_smirnov(ours(beta_2_5), beta_ref(2.0, 4.7)) > 1.95, "the test can fail");
    }

    #[test]
    fn quantiles_match_published_figures() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959_963_984_540_054), (0.001, -3.090_232_306_167_813)] {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}");
        }
        assert!((normal_quantile(1e-20) + 9.262_340_089_798_408).abs() < 1e-10);
    }
}
