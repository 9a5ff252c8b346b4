//! Making the stream dirty on purpose: `--inject duplicate=0.5%,late=1%,poison=0.1%,orphan=0.1%`. Each such message says
//! so in a header, so that the right answer stays known.

use std::str::FromStr;

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::id::uuid_v7;
use crate::generator::rng::{Purpose, Stream};
use crate::spelling::did_you_mean;
use crate::stream::message::{Injected, OrderCreated};

/// The probability of each kind, for each order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates([f64; 4]);

impl Rates {
    /// The probability of one kind.
    #[must_use]
    pub fn of(&self, kind: Injected) -> f64 {
        self.0[usize::from(kind.code())]
    }

    /// Whether nothing is injected at all.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|rate| *rate == 0.0)
    }
}

impl FromStr for Rates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rates = Self::default();
        for part in text.split(',') {
            let form = || format!("{part:?} is not KIND=PERCENT, such as duplicate=0.5%");
            let (kind, share) = part.trim().split_once('=').ok_or_else(form)?;
            let kind = Injected::MADE.iter().copied().find(|known| known.as_str() == kind.trim()).ok_or_else(|| {
                let known: Vec<&str> = Injected::MADE.iter().map(|kind| kind.as_str()).collect();
                let meant = did_you_mean(kind.trim(), known.iter().copied());
                format!("{kind:?} is none of {}{meant}", known.join(", "))
            })?;
            let share: f64 = share.trim().strip_suffix('%').and_then(|share| share.parse().ok()).ok_or_else(form)?;
            if !(0.0..=100.0).contains(&share) {
                return Err(format!("{share}% is not between 0% and 100%"));
            }
            rates.0[usize::from(kind.code())] = share / 100.0;
        }
        Ok(rates)
    }
}

/// Draws what is done to each order.
#[derive(Debug)]
pub struct Injector {
    rates: Rates,
    stream: Stream,
}

/// A payload that can never be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poison {
    /// The bytes; none for a tombstone.
    pub payload: Option<Vec<u8>>,
    /// Whether the header that names the type is wrong too.
    pub wrong_type: bool,
}

impl Injector {
    /// An injector of a run's seed.
    #[must_use]
    pub fn new(rates: Rates, seed: u64) -> Self {
        Self { rates, stream: Stream::new(seed, Purpose::Injection, 0) }
    }

    /// Whether it happens now.
    pub fn chance(&mut self, kind: Injected) -> bool {
        let rate = self.rates.of(kind);
        rate > 0.0 && self.stream.chance(rate)
    }

    /// A moment 1 to 24 hours before `now`.
    pub fn earlier(&mut self, now: Timestamp) -> Timestamp {
        now.plus_secs(-self.stream.between(3_600, 24 * 3_600))
    }

    /// Makes an order one of a customer, or with a product, that nobody has heard of.
    pub fn orphan(&mut self, order: &mut OrderCreated) {
        let nobody = uuid_v7(order.created_at, self.stream.bits(), self.stream.bits());
        match order.items.first_mut() {
            Some(line) if self.stream.chance(0.5) => line.product_id = nobody,
            _ => order.user_id = nobody,
        }
    }

    /// Spoils an order in one of the ways in which messages go bad.
    pub fn poison(&mut self, order: &OrderCreated, json: &[u8]) -> Poison {
        let half = json.len() / 2;
        let (payload, wrong_type) = match self.stream.below(8) {
            0 => (Some([&json[..half], b"\xff\xfe", &json[half..]].concat()), false),
            1 => (Some(json[..half].to_vec()), false),
            2 => (edited(order, "/status", "LOST".into()), false),
            3 => (edited(order, "/total_amount", (order.total_amount + 1).into()), false),
            4 => (edited(order, "/items/0/quantity", (-1).into()), false),
            5 => (edited(order, "/user_id", Value::Null), false),
            6 => (Some(json.to_vec()), true),
            _ => (None, false),
        };
        Poison { payload, wrong_type }
    }
}

fn edited(order: &OrderCreated, pointer: &str, value: Value) -> Option<Vec<u8>> {
    let mut json = serde_json::to_value(order).ok()?;
    *json.pointer_mut(pointer)? = value;
    serde_json::to_vec(&json).ok()
}

/// The type that a header names wrongly on purpose.
pub const WRONG_TYPE: &str = "shopstream.order.created.v999";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::message::{Message, decode};

    #[test]
    fn rates_are_percentages_by_kind() {
        let rates: Rates = "duplicate=0.5%, late=1%,orphan=100%".parse().unwrap();
        assert_eq!(Injected::MADE.iter().map(|kind| rates.of(*kind)).collect::<Vec<_>>(), [0.005, 0.01, 0.0, 1.0]);
        assert!(Rates::default().is_zero() && !rates.is_zero());
        for wrong in ["", "duplicate", "duplicate=1", "duplicate=-1%", "late=101%", "late=x%", "lost=1%", "late=NaN%"] {
            assert!(wrong.parse::<Rates>().is_err(), "{wrong:?}");
        }
    }

    fn golden() -> (OrderCreated, Vec<u8>) {
        let json = include_bytes!("../../tests/golden/shopstream.order.created.v1.json").to_vec();
        (decode(Some(&json), None).unwrap(), json)
    }

    #[test]
    fn nothing_poisoned_can_be_stored() {
        let (order, json) = golden();
        let mut injector = Injector::new(Rates::default(), 1);
        let mut classes = std::collections::HashSet::new();
        for _ in 0..500 {
            let poison = injector.poison(&order, &json);
            let header = if poison.wrong_type { WRONG_TYPE } else { OrderCreated::TYPE };
            let refused = decode::<OrderCreated>(poison.payload.as_deref(), Some(header.as_bytes())).unwrap_err();
            classes.insert(refused.class);
        }
        assert_eq!(classes.len(), 6, "{classes:?}");
    }

    #[test]
    fn orphans_and_late_orders_are_still_good_messages() {
        let (order, _) = golden();
        let mut injector = Injector::new(Rates::default(), 1);
        for _ in 0..100 {
            let mut orphan = order.clone();
            injector.orphan(&mut orphan);
            assert!(orphan != order && orphan.check().is_ok());
            let early = order.created_at.secs() - injector.earlier(order.created_at).secs();
            assert!((3_600..=86_400).contains(&early));
        }
    }
}
