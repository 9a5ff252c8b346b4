//! Won in few characters: `₩401.5억`. 1만 is 10,000, 1억 is 100,000,000, 1조 is a million million.

use crate::output::number;

/// Units from the largest.
const UNITS: [(f64, &str); 3] = [(1e12, "조"), (1e8, "억"), (1e4, "만")];

/// A sum to about three digits, in the largest unit that it reaches; the page's script writes axes the same way.
#[must_use]
pub fn short(amount: i64) -> String {
    let size = amount.unsigned_abs() as f64;
    // What would be rounded up to the next unit belongs to it.
    let Some((unit, name)) = UNITS.iter().find(|(unit, _)| size >= unit * 0.999_95) else { return number::won(amount) };
    let value = size / unit;
    let digits = match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => number::count(value.round() as i64),
    };
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{}₩{digits}{name}", if amount < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_written_in_the_largest_unit_it_reaches() {
        for (amount, text) in [
            (0, "₩0"),
            (9_300, "₩9,300"),
            (10_000, "₩1만"),
            (39_900, "₩3.99만"),
            (835_400, "₩83.5만"),
            (1_234_567, "₩123만"),
            (99_999_900, "₩1억"),
            (185_356_022, "₩1.85억"),
            (40_145_784_846, "₩401억"),
            (1_853_560_221, "₩18.5억"),
            (4_100_000_000_000, "₩4.1조"),
            (99_960_000, "₩9,996만"),
            (-25_000, "-₩2.5만"),
        ] {
            assert_eq!(short(amount), text, "{amount}");
        }
    }
}
