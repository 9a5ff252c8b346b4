//! What a ledger tells of messages and rows.

use super::*;

const ID: Uuid = Uuid::from_u128(7);

fn ledger(messages: &[(u64, Standing)]) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.push(Uuid::from_u128(1), 1 << 9, Standing::Read, 0, false);
    messages.iter().for_each(|(content, standing)| ledger.push(ID, *content, *standing, 3, false));
    ledger.push(Uuid::from_u128(9), 1 << 10, Standing::Read, 0, false);
    ledger.seal();
    ledger
}

#[test]
fn an_entry_takes_16_bytes() {
    assert_eq!(size_of::<Entry>(), 16);
}

#[test]
fn rows_in_any_order_make_a_message_whole_and_leave_its_marks_alone() {
    let mut ledger = ledger(&[(0x300, Standing::Unread)]);
    ledger.meet_part(ID, 0x500);
    assert_eq!(ledger.find(ID).outcome(), Outcome::NotRead);
    assert_eq!(ledger.meet(ID, 0x300_u64.wrapping_sub(0x500)), Met::First);
    let group = ledger.find(ID);
    assert_eq!((group.outcome(), group.is_altered()), (Outcome::Stored, false));
    assert_eq!(group.kinds().collect::<Vec<_>>(), [3]);
    assert_eq!(ledger.meet(ID, 0x300), Met::Again);
    assert!(!ledger.find(ID).is_altered(), "a row too many does not alter the first");
    assert_eq!(ledger.meet(Uuid::from_u128(8), 0x300), Met::Stranger);
    assert_eq!(ledger.find(Uuid::from_u128(8)).messages(), 0);
}

#[test]
fn a_row_must_be_one_of_the_messages_of_its_id() {
    for (stored, altered) in [(0x300, false), (0x400, false), (0x500, true)] {
        let mut ledger = ledger(&[(0x300, Standing::Read), (0x400, Standing::Read)]);
        assert!(ledger.find(ID).is_contradictory());
        ledger.meet(ID, stored);
        assert_eq!(ledger.find(ID).is_altered(), altered);
    }
    assert!(!ledger(&[(0x300, Standing::Read), (0x300, Standing::Dead)]).find(ID).is_contradictory());
}

#[test]
fn what_is_not_stored_stands_where_its_messages_do() {
    use Standing::{Dead, Parked, Read, Unread};
    for (standings, expected) in [
        (&[Read][..], Outcome::Missing),
        (&[Read, Unread], Outcome::Missing),
        (&[Unread], Outcome::NotRead),
        (&[Read, Parked], Outcome::Waiting),
        (&[Dead, Parked], Outcome::Waiting),
        (&[Dead, Read], Outcome::DeadLettered),
    ] {
        let messages: Vec<_> = standings.iter().map(|standing| (0x300, *standing)).collect();
        assert_eq!(ledger(&messages).find(ID).outcome(), expected, "{standings:?}");
    }
}

#[test]
fn a_replay_that_was_read_must_be_stored() {
    let mut ledger = ledger(&[(0x300, Standing::Dead)]);
    ledger.push(ID, 0x300, Standing::Read, 0, true);
    ledger.seal();
    assert_eq!(ledger.find(ID).outcome(), Outcome::Missing);
    ledger.meet(ID, 0x300);
    assert_eq!(ledger.find(ID).outcome(), Outcome::Stored);
}
