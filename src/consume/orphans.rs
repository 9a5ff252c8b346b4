//! Orders that came before their customer or a product: parked, tried again, and given up in the end.

use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use diesel::{Connection, PgConnection};
use rdkafka::Message as _;
use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};
use uuid::Uuid;

use super::dead::{Corpse, DeadLetters};
use super::failure::NotStored;
use super::handlers::{Counters, Fate, Handler};
use crate::db::offsets::Reader;
use crate::db::parked::{self, ParkedOrder};
use crate::stream::dead_letter::DeadLetter;
use crate::stream::message::{DecodeError, ErrorClass, all_headers, decode};

/// Orders looked at in one transaction.
const AT_ONCE: usize = 500;
/// Time after which the group is attended to before going on with single orders.
const LONGEST: Duration = Duration::from_secs(2);

/// What became of orders that waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tended {
    /// Their customer and products came.
    pub adopted: u64,
    /// They were given up.
    pub expired: u64,
    /// The database refuses them.
    pub refused: u64,
    /// Still waiting, of all members' orders.
    pub waiting: i64,
}

/// The row of an order that must wait.
pub(super) fn parked(message: &OwnedMessage, order_id: Uuid, missing: &[Uuid]) -> ParkedOrder {
    ParkedOrder {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().unwrap_or_default().to_vec(),
        headers: write_headers(message.headers()),
        order_id,
        sent_at_ms: message.timestamp().to_millis(),
        missing: missing.to_vec(),
    }
}

/// Parks orders, in the batch's transaction, if there is room for them.
pub(super) fn park(
    conn: &mut PgConnection,
    reader: &Reader,
    orders: &[ParkedOrder],
    limit: u32,
) -> Result<(), NotStored> {
    if orders.is_empty() {
        return Ok(());
    }
    if parked::count(conn, &reader.topic)? + orders.len() as i64 > i64::from(limit) {
        return Err(NotStored::NoRoom);
    }
    // Few columns a row, and a limit to the parameters of one statement.
    for chunk in orders.chunks(1_000) {
        parked::park(conn, chunk)?;
    }
    Ok(())
}

/// Stores those whose customer and products have come, and gives up those that have waited too long.
pub(super) fn tend<H: Handler>(
    conn: &mut PgConnection,
    reader: &Reader,
    handler: &mut H,
    dead: &mut DeadLetters,
    timeout: Duration,
) -> Result<Tended, NotStored> {
    let mut tended = Tended::default();
    if parked::count(conn, &reader.topic)? == 0 {
        return Ok(tended);
    }
    match adopt(conn, reader, handler, AT_ONCE) {
        Ok(adopted) => tended.adopted = adopted,
        // Somebody among them is not welcome: one by one, then.
        Err(NotStored::Refused(_)) => (tended.adopted, tended.refused) = adopt_singly(conn, reader, handler, dead)?,
        Err(other) => return Err(other),
    }
    tended.expired = conn.transaction(|conn| {
        let expired = parked::expired(conn, &reader.topic, AT_ONCE, timeout.as_secs_f64())?;
        give_up(conn, dead, &expired, |order| DecodeError {
            class: ErrorClass::Orphan,
            text: format!("not there after {} s: {}", timeout.as_secs(), list(&order.missing)),
        })
    })?;
    tended.waiting = parked::count(conn, &reader.topic)?;
    Ok(tended)
}

fn adopt<H: Handler>(conn: &mut PgConnection, reader: &Reader, handler: &mut H, most: usize) -> Result<u64, NotStored> {
    conn.transaction(|conn| {
        let orders = parked::adoptable(conn, &reader.topic, most)?;
        store_parked(conn, handler, &orders)
    })
}

/// Stores parked orders and ends their wait, all or none of them; returns how many.
fn store_parked<H: Handler>(
    conn: &mut PgConnection,
    handler: &mut H,
    orders: &[ParkedOrder],
) -> Result<u64, NotStored> {
    let stored = conn.transaction(|conn| {
        // Whatever was parked was read once: it is read again.
        let read: Vec<(&ParkedOrder, H::Message)> =
            orders.iter().filter_map(|order| Some((order, decode(Some(&order.payload), None).ok()?))).collect();
        let messages: Vec<&H::Message> = read.iter().map(|(_, message)| message).collect();
        let fates = handler.store(conn, &messages, Counters::Update).map_err(NotStored::of)?;
        let mut stored = 0;
        for ((order, _), fate) in read.iter().zip(fates) {
            if fate == Fate::Stored || fate == Fate::Known {
                parked::remove(conn, order)?;
                stored += 1;
            }
        }
        Ok(stored)
    });
    if stored.is_err() {
        handler.forget();
    }
    stored
}

/// The same one order at a time, so that one that the database refuses is found.
fn adopt_singly<H: Handler>(
    conn: &mut PgConnection,
    reader: &Reader,
    handler: &mut H,
    dead: &mut DeadLetters,
) -> Result<(u64, u64), NotStored> {
    let (mut adopted, mut refused) = (0, 0);
    let began = Instant::now();
    while began.elapsed() < LONGEST && !dead.is_last_call() {
        match adopt_one(conn, reader, handler, dead)? {
            None => break,
            Some(true) => adopted += 1,
            Some(false) => refused += 1,
        }
    }
    Ok((adopted, refused))
}

/// The one that waits longest of those that need not any more: true when it was stored, false when it was given up. It
/// stays locked in between, so that what is given up is what was refused.
fn adopt_one<H: Handler>(
    conn: &mut PgConnection,
    reader: &Reader,
    handler: &mut H,
    dead: &mut DeadLetters,
) -> Result<Option<bool>, NotStored> {
    conn.transaction(|conn| {
        let found = parked::adoptable(conn, &reader.topic, 1)?;
        let Some(order) = found.first() else { return Ok(None) };
        let mut refusal = None;
        // The second time with fresh eyes: somebody else may have stored the same meanwhile.
        for _ in 0..2 {
            match store_parked(conn, handler, &found) {
                Ok(1..) => return Ok(Some(true)),
                // Its customer or product has gone again: it waits on.
                Ok(0) => return Ok(None),
                Err(NotStored::Refused(report)) => refusal = Some(report),
                Err(other) => return Err(other),
            }
        }
        let text = refusal.map_or_else(String::new, |report| format!("{report:#}"));
        let why = |_: &ParkedOrder| DecodeError { class: ErrorClass::Constraint, text: text.clone() };
        give_up(conn, dead, std::slice::from_ref(order), why)?;
        Ok(Some(false))
    })
}

/// Writes orders to the dead letters, and ends their wait.
fn give_up(
    conn: &mut PgConnection,
    dead: &mut DeadLetters,
    orders: &[ParkedOrder],
    why: impl Fn(&ParkedOrder) -> DecodeError,
) -> Result<u64, NotStored> {
    let corpses: Vec<Corpse<'_>> = orders
        .iter()
        .map(|order| Corpse {
            letter: DeadLetter::new(&order.topic, order.partition, order.offset, &why(order)).sent_at(order.sent_at_ms),
            key: order.key.as_deref(),
            payload: Some(&order.payload),
            headers: Some(read_headers(&order.headers)),
        })
        .collect();
    dead.write(&corpses).map_err(NotStored::Away)?;
    for order in orders {
        parked::remove(conn, order)?;
    }
    Ok(orders.len() as u64)
}

fn list(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", ")
}

/// Headers as JSON: `[[name, hexadecimal digits or null], …]`; a value may be any bytes.
fn write_headers(headers: Option<&OwnedHeaders>) -> serde_json::Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let pair = |header: Header<'_, &[u8]>| serde_json::json!([header.key, header.value.map(hex)]);
    all_headers(headers).into_iter().map(pair).collect()
}

fn read_headers(json: &serde_json::Value) -> OwnedHeaders {
    let pairs: Vec<(String, Option<String>)> = serde_json::from_value(json.clone()).unwrap_or_default();
    pairs.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
        let bytes = value.as_ref().map(|digits| unhex(digits));
        headers.insert(Header { key, value: bytes.as_deref() })
    })
}

fn unhex(digits: &str) -> Vec<u8> {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..digits.len()).step_by(2).filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use rdkafka::message::Headers;

    use super::*;

    #[test]
    fn headers_of_any_bytes_survive_the_wait() {
        let headers = OwnedHeaders::new()
            .insert(Header { key: "ce_type", value: Some("a.b.v1".as_bytes()) })
            .insert(Header { key: "bytes", value: Some(&[0u8, 255, 10][..]) })
            .insert(Header::<&[u8]> { key: "none", value: None })
            .insert(Header { key: "가", value: Some(&[][..]) });
        let back = read_headers(&write_headers(Some(&headers)));
        let pairs = |headers: &OwnedHeaders| {
            headers.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect::<Vec<_>>()
        };
        assert_eq!(pairs(&back), pairs(&headers));
        assert_eq!(read_headers(&write_headers(None)).count(), 0);
    }
}
