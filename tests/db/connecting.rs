//! Connections, and the failures an operator can act on.

use diesel::prelude::*;
use diesel::sql_types::Text;
use shopstream::db;
use shopstream::db::address::DatabaseAddress;
use shopstream::error::Failure;

use crate::support::{ScratchDb, database_url};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn setting(conn: &mut PgConnection, name: &str) -> String {
    diesel::sql_query("SELECT current_setting($1) AS value")
        .bind::<Text, _>(name)
        .get_result::<Setting>(conn)
        .unwrap()
        .value
}

fn failure(url: &str) -> Failure {
    let report = db::connect(url).err().unwrap_or_else(|| panic!("connected to {url}"));
    report.downcast::<Failure>().unwrap()
}

#[test]
fn a_session_says_who_it_is_and_lives_in_utc() {
    let scratch = ScratchDb::empty();
    let conn = &mut scratch.connect();
    assert_eq!(setting(conn, "application_name"), "shopstream");
    assert_eq!(setting(conn, "TimeZone"), "UTC");
}

#[test]
fn a_server_that_is_not_there_is_named_with_its_port() {
    let failure = failure("postgres://shop:topsecret@127.0.0.1:1/main");
    assert!(
        failure.to_string().contains("127.0.0.1:1, database \"main\", user \"shop\" cannot be reached"),
        "{failure}"
    );
    assert!(failure.remedy().unwrap().contains("make up"));
    assert!(!failure.to_string().contains("topsecret"));
}

#[test]
fn a_missing_database_and_a_wrong_password_are_told_apart() {
    let server = database_url();
    let a = DatabaseAddress::parse(&server).unwrap();
    let (head, _) = server.rsplit_once('/').unwrap();
    let missing = failure(&format!("{head}/there_is_no_such_database"));
    assert!(missing.to_string().contains("has no database \"there_is_no_such_database\""), "{missing}");
    assert!(missing.remedy().unwrap().contains("createdb"));

    let wrong = failure(&format!("postgres://{}:topsecret@{}:{}/{}", a.user, a.host, a.port, a.database));
    assert!(wrong.to_string().contains("does not accept this user with this password"), "{wrong}");
    assert!(!format!("{wrong:?}").contains("topsecret"), "{wrong:?}");
}
