-- All of a simulated year is there. $1 run_id
UPDATE backfill_runs SET state = 'complete', finished_at = now(), updated_at = now() WHERE run_id = $1;
