-- What `seed` and `backfill` did, so that repeating, resuming and taking back are exact. Wall-clock times here are
-- bookkeeping: no generated row depends on them.

CREATE TABLE seed_runs (
    seed        bigint      PRIMARY KEY,
    as_of       date        NOT NULL,
    users       bigint      NOT NULL,
    products    bigint      NOT NULL,
    version     text        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT seed_runs_users_not_negative    CHECK (users >= 0),
    CONSTRAINT seed_runs_products_not_negative CHECK (products >= 0),
    CONSTRAINT seed_runs_version_given         CHECK (version <> '')
);

COMMENT ON TABLE  seed_runs             IS 'Which seeds were sown, as of which day, and how far: the same seed later adds the difference only.';
COMMENT ON COLUMN seed_runs.seed        IS 'The seed; its 64 bits read as a signed number.';
COMMENT ON COLUMN seed_runs.as_of       IS 'Business day the customers and products were made for; later runs of the seed take this one.';
COMMENT ON COLUMN seed_runs.users       IS 'Customers sown so far.';
COMMENT ON COLUMN seed_runs.products    IS 'Products sown so far.';
COMMENT ON COLUMN seed_runs.version     IS 'Version of shopstream that sowed last.';
COMMENT ON COLUMN seed_runs.recorded_at IS 'First run of the seed, wall clock, UTC.';
COMMENT ON COLUMN seed_runs.updated_at  IS 'Latest run that added something, wall clock, UTC.';

CREATE TABLE backfill_runs (
    run_id        uuid        PRIMARY KEY,
    year          smallint    NOT NULL,
    parameters    jsonb       NOT NULL,
    state         text        NOT NULL DEFAULT 'running',
    months_done   smallint[]  NOT NULL DEFAULT '{}',
    orders        bigint      NOT NULL DEFAULT 0,
    items         bigint      NOT NULL DEFAULT 0,
    version       text        NOT NULL,
    attempt       uuid        NOT NULL DEFAULT gen_random_uuid(),
    started_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,

    -- A year is written once; two runs that start together cannot both have it.
    CONSTRAINT backfill_runs_year_key             UNIQUE (year),
    CONSTRAINT backfill_runs_year_in_range        CHECK (year BETWEEN 1975 AND 2100),
    CONSTRAINT backfill_runs_parameters_named     CHECK (jsonb_typeof(parameters) = 'object'),
    CONSTRAINT backfill_runs_state_known          CHECK (state IN ('running', 'complete')),
    CONSTRAINT backfill_runs_months_in_range      CHECK (months_done <@ '{1,2,3,4,5,6,7,8,9,10,11,12}'::smallint[]),
    CONSTRAINT backfill_runs_orders_not_negative  CHECK (orders >= 0),
    CONSTRAINT backfill_runs_items_not_negative   CHECK (items >= 0),
    CONSTRAINT backfill_runs_version_given        CHECK (version <> ''),
    CONSTRAINT backfill_runs_complete_is_finished CHECK ((state = 'complete') = (finished_at IS NOT NULL))
);

COMMENT ON TABLE  backfill_runs             IS 'Simulated years written by backfill, with their progress; what --resume goes on from and --replace takes back.';
COMMENT ON COLUMN backfill_runs.run_id      IS 'Name of the run, a function of its parameters; orders and grade_changes carry it.';
COMMENT ON COLUMN backfill_runs.year        IS 'The simulated year, of business time.';
COMMENT ON COLUMN backfill_runs.parameters  IS 'Everything that decides the rows: seed, orders, habits, files and their checksums.';
COMMENT ON COLUMN backfill_runs.state       IS 'running (or interrupted), or complete.';
COMMENT ON COLUMN backfill_runs.months_done IS 'Months (1 to 12) whose transaction has committed.';
COMMENT ON COLUMN backfill_runs.orders      IS 'Orders committed so far.';
COMMENT ON COLUMN backfill_runs.items       IS 'Order items committed so far.';
COMMENT ON COLUMN backfill_runs.version     IS 'Version of shopstream that runs it.';
COMMENT ON COLUMN backfill_runs.attempt     IS 'Who may write it: each process that goes on with the run takes a new one, and writers of an older one are refused.';
COMMENT ON COLUMN backfill_runs.started_at  IS 'Start, wall clock, UTC.';
COMMENT ON COLUMN backfill_runs.updated_at  IS 'Last committed month, wall clock, UTC.';
COMMENT ON COLUMN backfill_runs.finished_at IS 'End, wall clock, UTC; null until complete.';
