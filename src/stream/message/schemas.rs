//! The JSON Schemas in `schemas/`, held equal to the types; and messages of version 1, readable for ever.

use std::path::PathBuf;

use schemars::{JsonSchema, schema_for};

use super::{Message, OrderCreated, ProductCreated, UserCreated, decode};

fn in_project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The schema of a message type, as it is kept in `schemas/`.
fn schema<M: Message + JsonSchema>() -> (PathBuf, String) {
    let mut schema = schema_for!(M);
    schema.insert("$id".to_owned(), format!("urn:shopstream:schema:{}", M::TYPE).into());
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    (in_project(&format!("schemas/{}.json", M::TYPE)), text)
}

#[test]
fn the_schemas_kept_are_those_of_the_types() {
    for (path, expected) in [schema::<OrderCreated>(), schema::<ProductCreated>(), schema::<UserCreated>()] {
        if std::env::var("UPDATE_SCHEMAS").is_ok_and(|value| value == "1") {
            std::fs::write(&path, &expected).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept, expected, "{}: run the tests with UPDATE_SCHEMAS=1, and read the difference", path.display());
    }
}

/// Reads a golden message, and compares what was understood with what was written beside it on the day it was kept.
fn is_still_read<M: Message + PartialEq + std::fmt::Debug>() {
    let text = std::fs::read_to_string(in_project(&format!("tests/golden/{}.json", M::TYPE))).unwrap();
    let message: M = decode(Some(text.as_bytes()), Some(M::TYPE.as_bytes())).unwrap();
    insta::with_settings!({ snapshot_path => "../../../tests/golden" }, {
        insta::assert_debug_snapshot!(M::TYPE, message);
    });
    // What is written today is read today, and means the same.
    let again = serde_json::to_vec(&message).unwrap();
    assert_eq!(decode::<M>(Some(&again), None).unwrap(), message);
}

#[test]
fn messages_of_version_1_stay_readable() {
    is_still_read::<OrderCreated>();
    is_still_read::<ProductCreated>();
    is_still_read::<UserCreated>();
}
