-- Customers. The row is `domain::rows::User`; a test compares the two column by column.

CREATE TABLE users (
    id              uuid             PRIMARY KEY,
    name            text             NOT NULL,
    gender          text             NOT NULL,
    birth_date      date             NOT NULL,
    email           text             NOT NULL,
    region          text             NOT NULL,
    address         text             NOT NULL,
    grade           text             NOT NULL,
    status          text             NOT NULL,
    marketing_agree boolean          NOT NULL,
    random_seed     double precision NOT NULL,
    created_at      timestamptz      NOT NULL,
    last_login_at   timestamptz      NOT NULL,
    last_ordered_at timestamptz,
    updated_at      timestamptz      NOT NULL,

    CONSTRAINT users_email_key            UNIQUE (email),
    CONSTRAINT users_name_given           CHECK (name <> ''),
    CONSTRAINT users_gender_known         CHECK (gender IN ('F', 'M')),
    CONSTRAINT users_born_before_sign_up  CHECK (birth_date <= (created_at AT TIME ZONE 'UTC')::date),
    -- RFC 2606 reserves these domains: no real mailbox can ever be named.
    CONSTRAINT users_email_is_an_example  CHECK (email ~ '^[^@[:space:]]+@([a-z0-9-]+\.)*example\.(com|org|net)$'),
    CONSTRAINT users_region_given         CHECK (region <> ''),
    CONSTRAINT users_address_given        CHECK (address <> ''),
    CONSTRAINT users_grade_known          CHECK (grade IN ('BRONZE', 'SILVER', 'GOLD', 'VIP')),
    CONSTRAINT users_status_known         CHECK (status IN ('ACTIVE', 'DORMANT')),
    CONSTRAINT users_random_seed_in_range CHECK (random_seed BETWEEN 0 AND 1),
    CONSTRAINT users_login_after_sign_up  CHECK (last_login_at >= created_at),
    CONSTRAINT users_update_after_sign_up CHECK (updated_at >= created_at)
)
-- Each order moves `last_ordered_at`. That column is indexed, so such an update is never heap-only; room on the page
-- still keeps the new version beside the old one, and lets grade changes (no index holds the grade) be heap-only.
WITH (fillfactor = 85);

-- Pool of customers, part "have bought": longest ago first (db/sql/pool_customers.sql).
CREATE INDEX users_bought_longest_ago ON users (last_ordered_at, id) WHERE last_ordered_at IS NOT NULL;

-- Pool of customers, part "never bought": newest first (db/sql/pool_customers.sql).
CREATE INDEX users_never_bought_newest ON users (created_at DESC, id) WHERE last_ordered_at IS NULL;

-- Pool of a year's first week: lowest random_seed first (db/sql/pool_first_week.sql).
CREATE INDEX users_lowest_random_seed ON users (random_seed, id);

COMMENT ON TABLE  users                 IS 'Customers: registered shoppers, one row each.';
COMMENT ON COLUMN users.id              IS 'UUIDv7 of the sign-up; a function of the seed.';
COMMENT ON COLUMN users.name            IS 'Family and given name, Korean, without a space.';
COMMENT ON COLUMN users.gender          IS 'F or M.';
COMMENT ON COLUMN users.birth_date      IS 'Day of birth.';
COMMENT ON COLUMN users.email           IS 'Unique address under example.com, example.org or example.net.';
COMMENT ON COLUMN users.region          IS 'Region by its Korean name.';
COMMENT ON COLUMN users.address         IS 'Road-name address: province or city, district, road, building number.';
COMMENT ON COLUMN users.grade           IS 'BRONZE, SILVER, GOLD or VIP, from completed orders of six months; BRONZE at sign-up. Every change is in grade_changes.';
COMMENT ON COLUMN users.status          IS 'ACTIVE or DORMANT (has not been seen for long).';
COMMENT ON COLUMN users.marketing_agree IS 'Whether marketing mail is welcome.';
COMMENT ON COLUMN users.random_seed     IS 'Number from 0 to 1; the lowest 1,000 make the pool of a simulated year''s first week.';
COMMENT ON COLUMN users.created_at      IS 'Sign-up, UTC.';
COMMENT ON COLUMN users.last_login_at   IS 'Last visit, UTC; only moves forward.';
COMMENT ON COLUMN users.last_ordered_at IS 'Latest order of any status, UTC; null until the first; only moves forward.';
COMMENT ON COLUMN users.updated_at      IS 'Last change of the row, UTC.';
