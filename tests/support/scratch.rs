//! A schema of a test's own, so that tests run side by side on one server and leave nothing behind.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use shopstream::db;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The server for tests.
pub fn database_url() -> String {
    std::env::var("DATABASE_URL").unwrap_or_else(|_| {
        panic!("DATABASE_URL is not set: this test needs PostgreSQL. Run `make up`, then `make test`.")
    })
}

/// A fresh schema on the server of `DATABASE_URL`; dropped with everything in it when the value is.
pub struct ScratchDb {
    schema: String,
    server: String,
    url: String,
}

impl ScratchDb {
    /// An empty schema.
    pub fn empty() -> Self {
        let server = database_url();
        let millis = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("test_{millis}_{}_{number}", std::process::id());
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-c%20search_path%3D{schema}");
        db::connect(&server).unwrap().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        Self { schema, server, url }
    }

    /// A schema with every migration applied.
    pub fn migrated() -> Self {
        let scratch = Self::empty();
        db::migrate::apply(&mut scratch.connect()).unwrap();
        scratch
    }

    /// The URL under which a shopstream sees nothing but this schema.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The schema's name.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// A number out of it.
    pub fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let query = diesel::sql_query(format!("SELECT ({sql})::bigint AS number"));
        query.get_result::<Number>(&mut self.connect()).unwrap().number
    }

    /// Changes something behind the program's back.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// A new connection into the schema.
    pub fn connect(&self) -> PgConnection {
        db::connect(&self.url).unwrap()
    }
}

impl Drop for ScratchDb {
    fn drop(&mut self) {
        // A panic in a drop during a panic would hide what failed: a schema may stay behind then.
        if let Ok(mut conn) = db::connect(&self.server) {
            let _ = conn.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema));
        }
    }
}

/// Runs `work` and undoes what it wrote.
pub fn rolled_back<T>(conn: &mut PgConnection, work: impl FnOnce(&mut PgConnection) -> T) -> T {
    let mut result = None;
    let undone = conn.transaction::<(), _, _>(|conn| {
        result = Some(work(conn));
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(diesel::result::Error::RollbackTransaction));
    result.unwrap()
}
