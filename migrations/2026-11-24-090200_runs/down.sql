DROP TABLE backfill_runs;
DROP TABLE seed_runs;
