//! Orders that wait for their customer or a product: what ends their wait depends on who reads the topics.

use std::time::Duration;

use crate::db::parked::Waiting;
use crate::doctor::across::{Facts, GroupState};
use crate::doctor::finding::Finding;
use crate::output::number::{count, duration, some};

/// One finding for each topic whose orders wait.
pub(in crate::doctor) fn findings(facts: &Facts) -> Vec<Finding> {
    facts.parked.iter().map(|waiting| of_topic(waiting, facts)).collect()
}

fn of_topic(waiting: &Waiting, facts: &Facts) -> Finding {
    let orders = some(waiting.orders, "order");
    let since = duration(Duration::try_from_secs_f64(waiting.secs).unwrap_or_default());
    let what = format!("{orders} waiting for a customer or a product, the first for {since}");
    let group = |topic: &str| facts.groups.iter().find(|group| group.topic == topic);
    // Those of another prefix are read by groups that nobody has looked at.
    let orders = group("orders").filter(|orders| orders.full_topic == waiting.topic);
    let (what, mend) = match (group("users"), group("products"), orders) {
        (Some(users), Some(products), Some(orders)) => {
            let behind = [users, products].into_iter().filter(|group| facts.lag(group) > 0).collect::<Vec<_>>();
            told(what, waiting, &behind, orders, facts)
        }
        _ => (
            what,
            "first shopstream consume --topic users and --topic products: what is there is stored. Then shopstream consume \
             --topic orders stores those whose customer has come, and makes dead letters of the others after --orphan-timeout"
                .to_owned(),
        ),
    };
    Finding::note("parked_orders", what).mend(mend).about(&waiting.topic)
}

/// What is said of them where the groups are known.
fn told(
    what: String,
    waiting: &Waiting,
    behind: &[&GroupState],
    orders: &GroupState,
    facts: &Facts,
) -> (String, String) {
    if !behind.is_empty() {
        let lags = behind.iter().map(|group| format!("{} of {}", some(facts.lag(group), "message"), group.full_topic));
        let what = format!("{what}; not stored yet: {}", lags.collect::<Vec<_>>().join(", "));
        let unread = behind.iter().filter(|group| group.members == 0);
        let consume: Vec<String> = unread.map(|group| format!("shopstream consume --topic {}", group.topic)).collect();
        if consume.is_empty() {
            return (what, "nothing, unless they stay: what they wait for may be in what is being read".to_owned());
        }
        return (what, consume.join(", and "));
    }
    if orders.members == 0 {
        let what = format!("{what}; for {} of them it has come", count(waiting.come));
        let mend = "shopstream consume --topic orders: it stores those whose customer and products have come, and makes dead \
                    letters of the others after --orphan-timeout";
        return (what, mend.to_owned());
    }
    let what = format!("{what}; users and products are read to their ends: what they wait for is not on its way");
    let mend = "after --orphan-timeout they are dead letters (shopstream dlq inspect orders). If rows were lost: a backup, or \
                shopstream consume --topic users --from-beginning; if the pool is another database's: shopstream cache refresh. \
                Then for those that were given up: shopstream dlq replay orders --class orphan";
    (what, mend.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::across::PartitionState;

    fn group(topic: &'static str, members: usize, lag: i64) -> GroupState {
        let partition = PartitionState { partition: 0, low: 0, high: 50, committed: Some(50 - lag) };
        GroupState {
            topic,
            full_topic: format!("test.{topic}"),
            group: format!("test.{topic}_group"),
            members,
            rebalancing: false,
            partitions: vec![partition],
        }
    }

    /// What is said of three orders, of which one needs not wait any more, with so many members and messages behind.
    fn said(groups: &[(&'static str, usize, i64)]) -> (String, String) {
        let groups = groups.iter().map(|(topic, members, lag)| group(topic, *members, *lag)).collect();
        let waiting = Waiting { topic: "test.orders".into(), orders: 3, come: 1, secs: 75.0 };
        let mut found = findings(&Facts { stored: None, groups, parked: vec![waiting] });
        let finding = found.pop().unwrap();
        assert!(finding.what.starts_with("3 orders waiting for a customer or a product, the first for 1 min 15 s"));
        (finding.what, finding.mend.unwrap())
    }

    #[test]
    fn customers_that_nobody_reads_are_to_be_consumed() {
        let (what, mend) = said(&[("users", 0, 7), ("products", 1, 0), ("orders", 1, 0)]);
        assert!(what.ends_with("not stored yet: 7 messages of test.users"), "{what}");
        assert_eq!(mend, "shopstream consume --topic users");
        let (_, mend) = said(&[("users", 0, 7), ("products", 0, 1), ("orders", 0, 0)]);
        assert_eq!(mend, "shopstream consume --topic users, and shopstream consume --topic products");
        let (_, mend) = said(&[("users", 1, 7), ("products", 1, 0), ("orders", 1, 0)]);
        assert!(mend.starts_with("nothing, unless they stay"), "{mend}");
    }

    #[test]
    fn orders_that_nobody_reads_wait_for_their_own_consumer() {
        let (what, mend) = said(&[("users", 1, 0), ("products", 0, 0), ("orders", 0, 9)]);
        assert!(what.ends_with("for 1 of them it has come"), "{what}");
        assert!(mend.starts_with("shopstream consume --topic orders"), "{mend}");
    }

    #[test]
    fn where_everything_is_read_nobody_is_told_to_consume_what_is_consumed() {
        let (what, mend) = said(&[("users", 1, 0), ("products", 1, 0), ("orders", 1, 0)]);
        assert!(what.ends_with("what they wait for is not on its way"), "{what}");
        assert!(mend.contains("--orphan-timeout") && mend.ends_with("dlq replay orders --class orphan"), "{mend}");
    }

    #[test]
    fn without_kafkas_word_both_steps_are_named() {
        for groups in [&[][..], &[("users", 1, 0), ("products", 1, 0)]] {
            let (_, mend) = said(groups);
            let (first, then) = (mend.find("--topic users"), mend.find("--topic orders"));
            assert!(first.is_some() && first < then, "{mend}");
        }
    }
}
