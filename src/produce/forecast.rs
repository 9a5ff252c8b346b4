//! What to expect of a live shop: at night hardly anybody orders, which is no fault.

use chrono::Utc;

use super::pace::orders_an_hour;
use crate::domain::Timestamp;
use crate::generator::World;
use crate::generator::live::{LiveShop, Run};
use crate::output::number;

/// Below this part of an average hour's demand the shop is called quiet.
const QUIET: f64 = 0.5;
const HOUR_SECS: i64 = 3_600;

/// What is to be expected at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Orders an hour now, as the calendar has it.
    pub orders_an_hour: f64,
    /// When the shop is quiet: the hour of the day (UTC+9) that is no longer, and the orders an hour then.
    pub busier: Option<(usize, f64)>,
    /// Whether the shop's own time is that of clocks: somebody who has quickened it knows how.
    pub is_of_clocks: bool,
}

impl Forecast {
    /// Looks a day ahead; a scenario that is switched on by hand is not known yet.
    #[must_use]
    pub fn at(now: Timestamp, world: &World, speed: f64) -> Self {
        let mut shop = LiveShop::new(world, Run::new(0, "forecast"), false);
        let demand = shop.demand(now, None);
        let mut ahead = (1..=24).map(|hours| now.plus_secs(hours * HOUR_SECS));
        let busier = if demand < QUIET { ahead.find(|at| shop.demand(*at, None) >= QUIET) } else { None };
        let busier = busier.map(|at| (at.business_hour(), orders_an_hour(shop.demand(at, None), speed)));
        Self { orders_an_hour: orders_an_hour(demand, speed), busier, is_of_clocks: speed <= 1.0 }
    }

    /// The same now.
    #[must_use]
    pub fn now(world: &World, speed: f64) -> Self {
        Self::at(Utc::now().into(), world, speed)
    }

    /// What an operator reads when the shop opens.
    #[must_use]
    pub fn text(&self) -> String {
        let count = |orders: f64| number::count(orders.round() as i64);
        let now = format!("about {} orders an hour are to be expected now", count(self.orders_an_hour));
        match self.busier {
            None => now,
            Some((hour, orders)) => {
                let quicker = if self.is_of_clocks { "--speed 30, or " } else { "" };
                format!(
                    "{now}, for it is night in the shop (UTC+9), and about {} from {hour:02}:00 on; to see more at once: \
                     {quicker}--rate 10/s whatever the hour",
                    count(orders)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    fn at(hour_of_shop: u32, speed: f64) -> Forecast {
        // A Tuesday without an event. Hours of the shop are nine ahead.
        let midnight = Utc.with_ymd_and_hms(2025, 3, 10, 15, 0, 0).unwrap();
        let moment = Timestamp::from(midnight).plus_secs(i64::from(hour_of_shop) * HOUR_SECS + 60);
        Forecast::at(moment, &World::new(None, None).unwrap(), speed)
    }

    #[test]
    fn at_night_an_order_a_minute_is_told_and_when_the_shop_wakes_up() {
        let night = at(3, 1.0);
        assert_eq!((night.orders_an_hour, night.busier.map(|(hour, _)| hour)), (60.0, Some(8)));
        assert!(
            night.text().starts_with("about 60 orders an hour are to be expected now, for it is night"),
            "{}",
            night.text()
        );
        assert!(night.text().contains("from 08:00 on"), "{}", night.text());
        assert!(night.text().contains("to see more at once: --speed 30, or --rate 10/s"), "{}", night.text());
        let quickened = at(3, 30.0);
        assert_eq!(quickened.orders_an_hour, 1_800.0);
        assert!(quickened.text().contains("to see more at once: --rate 10/s"), "{}", quickened.text());
        // Past midnight the hour that is busier lies on the same day, before it on the next.
        assert_eq!(at(0, 1.0).busier.map(|(hour, _)| hour), Some(8));
    }

    #[test]
    fn by_day_nothing_needs_an_explanation() {
        let evening = at(20, 1.0);
        assert_eq!(evening.busier, None);
        assert!(evening.orders_an_hour > 2_000.0, "{evening:?}");
        assert_eq!(
            evening.text(),
            format!(
                "about {} orders an hour are to be expected now",
                number::count(evening.orders_an_hour.round() as i64)
            )
        );
    }
}
