//! A sign-up.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Message, check_text, check_time, require};
use crate::domain::rows::{Names, User};
use crate::domain::{CustomerStatus, Gender, Grade, Timestamp};

/// Nobody who signs up was born before this year.
const FIRST_BIRTH: i32 = 1850;

/// A customer who has just signed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserCreated {
    /// UUIDv7 of the sign-up.
    pub id: Uuid,
    /// Family and given name.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub name: String,
    /// Gender.
    pub gender: Gender,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Unique address under a reserved example domain.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub email: String,
    /// Region, by its Korean name.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub region: String,
    /// Road-name address.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub address: String,
    /// Grade.
    pub grade: Grade,
    /// Active or dormant.
    pub status: CustomerStatus,
    /// Whether marketing mail is welcome.
    pub marketing_agree: bool,
    /// 0 to 1; orders the pool of a year's first week.
    #[cfg_attr(test, schemars(range(min = 0.0, max = 1.0)))]
    pub random_seed: f64,
    /// Sign-up.
    pub created_at: Timestamp,
    /// Last visit, not before the sign-up.
    pub last_login_at: Timestamp,
}

impl UserCreated {
    /// The message that makes a row.
    #[must_use]
    pub fn of_row(user: User, names: &Names) -> Self {
        Self {
            id: user.id,
            name: user.name,
            gender: user.gender,
            birth_date: user.birth_date,
            email: user.email,
            region: names.regions[usize::from(user.region)].clone(),
            address: user.address,
            grade: user.grade,
            status: user.status,
            marketing_agree: user.marketing_agree,
            random_seed: user.random_seed,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
        }
    }
}

impl Message for UserCreated {
    const TYPE: &'static str = "shopstream.user.created.v1";

    fn id(&self) -> Uuid {
        self.id
    }

    fn key(&self) -> Uuid {
        self.id
    }

    fn time(&self) -> Timestamp {
        self.created_at
    }

    fn check(&self) -> Result<(), String> {
        let texts =
            [("name", &self.name), ("email", &self.email), ("region", &self.region), ("address", &self.address)];
        for (field, text) in texts {
            check_text(field, text)?;
        }
        require(self.grade == Grade::Bronze, || format!("grade is {}; every new customer is BRONZE", self.grade))?;
        require((0.0..=1.0).contains(&self.random_seed), || format!("random_seed is {}", self.random_seed))?;
        check_time("created_at", self.created_at)?;
        check_time("last_login_at", self.last_login_at)?;
        require(self.birth_date.year() >= FIRST_BIRTH, || {
            format!("birth_date is {}; nobody is that old", self.birth_date)
        })?;
        require(self.last_login_at >= self.created_at, || "last_login_at is before created_at".to_owned())?;
        require(self.birth_date <= self.created_at.to_utc().date_naive(), || {
            "birth_date is after created_at".to_owned()
        })
    }
}
