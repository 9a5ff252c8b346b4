//! From bytes to a message that may be stored, or the reason why it never can be.

use std::fmt;

use super::Message;
use crate::domain::labels::label_enum;

label_enum! {
    /// Why a message can never be stored; a label of dead letters and metrics.
    ErrorClass {
        /// There is no payload (a tombstone).
        Empty = "empty",
        /// The payload is not UTF-8.
        NotUtf8 = "not_utf8",
        /// The payload is not JSON.
        NotJson = "not_json",
        /// A field is missing, of another type, or out of its set of values.
        Schema = "schema",
        /// Every field is well formed, but together they cannot be.
        Inconsistent = "inconsistent",
        /// The headers name a type or version that this reader does not know.
        UnknownType = "unknown_type",
        /// The database refuses the row.
        Constraint = "constraint",
        /// Its customer or a product of it never came.
        Orphan = "orphan",
    }
}

/// A message that can never be stored, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The kind of mistake.
    pub class: ErrorClass,
    /// What exactly is wrong, for people.
    pub text: String,
}

impl DecodeError {
    fn new(class: ErrorClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into() }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.text)
    }
}

impl std::error::Error for DecodeError {}

/// Reads a message. `type_header` is its `ce_type`; a message without one, from another client, is taken for the
/// type that its topic holds.
///
/// # Errors
/// When it can never be stored, however often it is tried.
pub fn decode<M: Message>(payload: Option<&[u8]>, type_header: Option<&[u8]>) -> Result<M, DecodeError> {
    if let Some(given) = type_header.filter(|given| *given != M::TYPE.as_bytes()) {
        let given = String::from_utf8_lossy(given);
        return Err(DecodeError::new(ErrorClass::UnknownType, format!("ce_type is {given:?}, not {:?}", M::TYPE)));
    }
    let payload = payload.ok_or_else(|| DecodeError::new(ErrorClass::Empty, "there is no payload"))?;
    let text = std::str::from_utf8(payload)
        .map_err(|error| DecodeError::new(ErrorClass::NotUtf8, format!("not UTF-8: {error}")))?;
    let message: M = serde_json::from_str(text).map_err(|error| {
        let class = if error.is_data() { ErrorClass::Schema } else { ErrorClass::NotJson };
        DecodeError::new(class, error.to_string())
    })?;
    message.check().map_err(|what| DecodeError::new(ErrorClass::Inconsistent, what))?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::{OrderCreated, ProductCreated, UserCreated};
    use super::*;

    fn order() -> Value {
        json!({
            "id": "019ac000-0000-7000-8000-000000000001",
            "user_id": "019ac000-0000-7000-8000-000000000002",
            "created_at": "2026-11-25T12:00:00.123456Z",
            "status": "COMPLETED",
            "payment_method": "Card",
            "item_count": 2,
            "subtotal": 70_000,
            "discount_amount": 1_000,
            "shipping_fee": 3_000,
            "total_amount": 72_000,
            "scenario": "baseline",
            "region": "서울",
            "gender": "F",
            "age_group": "30s",
            "grade": "BRONZE",
            "items": [
                { "line_no": 1, "product_id": "019ac000-0000-7000-8000-000000000003", "category": "스킨케어",
                  "quantity": 2, "unit_price": 20_000, "discount_amount": 1_000, "line_amount": 39_000 },
                { "line_no": 2, "product_id": "019ac000-0000-7000-8000-000000000004", "category": "항공",
                  "quantity": 1, "unit_price": 30_000, "discount_amount": 0, "line_amount": 30_000 },
            ],
        })
    }

    fn read(value: &Value) -> Result<OrderCreated, DecodeError> {
        decode(Some(value.to_string().as_bytes()), None)
    }

    fn class_of(value: &Value) -> ErrorClass {
        read(value).unwrap_err().class
    }

    /// The order with the value at a JSON pointer changed.
    fn with(pointer: &str, value: Value) -> Value {
        let mut order = order();
        *order.pointer_mut(pointer).unwrap() = value;
        order
    }

    #[test]
    fn a_good_order_is_read_and_written_without_loss() {
        let read = read(&order()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), order());
    }

    #[test]
    fn times_may_have_any_offset() {
        let elsewhere = with("/created_at", json!("2026-11-25T21:00:00.123456+09:00"));
        assert_eq!(read(&elsewhere), read(&order()));
        assert_eq!(class_of(&with("/created_at", json!("2026-11-25T21:00:00"))), ErrorClass::Schema);
        assert!(read(&with("/created_at", json!("9999-12-31T23:59:59Z"))).is_ok());
        assert_eq!(class_of(&with("/created_at", json!("10000-01-01T00:00:00Z"))), ErrorClass::Schema);
    }

    #[test]
    fn unknown_fields_are_taken_in_stride() {
        let mut more = order();
        more["coupon"] = json!({ "code": "A", "deep": [[[[]]]] });
        more["items"][0]["gift_wrap"] = json!(true);
        assert_eq!(read(&more), read(&order()));
    }

    #[test]
    fn what_violates_the_schema_is_told_apart_from_what_does_not_add_up() {
        for (pointer, value) in [
            ("/id", json!("no id")),
            ("/status", json!("LOST")),
            ("/subtotal", json!(70_000.5)),
            ("/subtotal", json!("70000")),
            ("/item_count", json!(70_000)),
            ("/items", json!({})),
            ("/region", Value::Null),
            ("/total_amount", json!(1e300)),
        ] {
            assert_eq!(class_of(&with(pointer, value.clone())), ErrorClass::Schema, "{pointer} {value}");
        }
        for (pointer, value) in [
            ("/subtotal", json!(70_001)),
            ("/discount_amount", json!(0)),
            ("/total_amount", json!(72_001)),
            ("/shipping_fee", json!(-3_000)),
            ("/item_count", json!(1)),
            ("/items", json!([])),
            ("/items/0/line_no", json!(2)),
            ("/items/0/line_no", json!(11)),
            ("/items/0/quantity", json!(0)),
            ("/items/0/unit_price", json!(i64::MAX)),
            ("/items/0/line_amount", json!(39_001)),
            ("/items/0/discount_amount", json!(-1)),
            ("/region", json!("")),
            ("/scenario", json!("a\u{0}b")),
        ] {
            assert_eq!(class_of(&with(pointer, value.clone())), ErrorClass::Inconsistent, "{pointer} {value}");
        }
    }

    #[test]
    fn a_missing_or_repeated_field_violates_the_schema() {
        let mut less = order();
        less.as_object_mut().unwrap().remove("grade");
        assert_eq!(class_of(&less), ErrorClass::Schema);
        let twice = order().to_string().replacen('{', "{\"grade\":\"VIP\",", 1);
        assert_eq!(decode::<OrderCreated>(Some(twice.as_bytes()), None).unwrap_err().class, ErrorClass::Schema);
    }

    #[test]
    fn what_is_no_json_text_at_all_is_told_apart_too() {
        let class = |bytes: &[u8]| decode::<OrderCreated>(Some(bytes), None).unwrap_err().class;
        assert_eq!(class(b"\xff\xfe"), ErrorClass::NotUtf8);
        for text in ["", "{", "NaN", "{\"id\":NaN}", "null garbage", &"[".repeat(100_000)] {
            let found = class(text.as_bytes());
            assert!([ErrorClass::NotJson, ErrorClass::Schema].contains(&found), "{text:.20}: {found}");
        }
        assert_eq!(decode::<OrderCreated>(None, None).unwrap_err().class, ErrorClass::Empty);
    }

    #[test]
    fn another_type_or_version_is_not_read() {
        let text = order().to_string();
        let class = |header: &[u8]| decode::<OrderCreated>(Some(text.as_bytes()), Some(header)).map_err(|e| e.class);
        assert!(class(OrderCreated::TYPE.as_bytes()).is_ok());
        for header in [&b"shopstream.order.created.v2"[..], b"shopstream.user.created.v1", b"\xff", b""] {
            assert_eq!(class(header), Err(ErrorClass::UnknownType));
        }
    }

    proptest! {
        /// Whatever comes: an answer, never a panic; and what is accepted adds up.
        #[test]
        fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode::<OrderCreated>(Some(&bytes), None);
            let _ = decode::<UserCreated>(Some(&bytes), None);
            let _ = decode::<ProductCreated>(Some(&bytes), None);
        }

        /// A good message with a piece torn out, doubled or overwritten: closer to what is accepted than chance gets.
        #[test]
        fn a_damaged_order_gets_an_answer(at in 0.0..1.0_f64, length in 0_usize..40, patch in "\\PC{0,8}", twice: bool) {
            let text = order().to_string();
            let start = text.floor_char_boundary((text.len() as f64 * at) as usize);
            let end = text.floor_char_boundary((start + length).min(text.len()));
            let kept = if twice { &text[start..end] } else { "" };
            let damaged = [&text[..start], kept, &patch, kept, &text[end..]].concat();
            if let Ok(order) = decode::<OrderCreated>(Some(damaged.as_bytes()), None) {
                prop_assert_eq!(order.total_amount, order.subtotal - order.discount_amount + order.shipping_fee);
            }
        }

        /// Money of any size: sums are never taken modulo 2^64.
        #[test]
        fn no_sum_wraps_around(price: i64, quantity: i16, discount: i64, shipping: i64) {
            let mut value = order();
            for line in value["items"].as_array_mut().unwrap() {
                line["unit_price"] = json!(price);
                line["quantity"] = json!(quantity);
                line["discount_amount"] = json!(discount);
                line["line_amount"] = json!(price.wrapping_mul(quantity.into()).wrapping_sub(discount));
            }
            let subtotal = price.wrapping_mul(quantity.into()).wrapping_mul(2);
            value["subtotal"] = json!(subtotal);
            value["discount_amount"] = json!(discount.wrapping_mul(2));
            value["shipping_fee"] = json!(shipping);
            value["total_amount"] = json!(subtotal.wrapping_sub(discount.wrapping_mul(2)).wrapping_add(shipping));
            let exact = (i128::from(price) * i128::from(quantity) - i128::from(discount)) * 2 + i128::from(shipping);
            if let Ok(order) = read(&value) {
                prop_assert_eq!(i128::from(order.total_amount), exact);
            }
        }
    }
}
