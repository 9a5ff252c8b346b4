-- A month of a simulated year is there; runs in the transaction of its rows.
-- $1 run_id, $2 month (1–12), $3 its orders, $4 its items
UPDATE backfill_runs
   SET months_done = array_append(months_done, $2),
       orders = orders + $3,
       items = items + $4,
       updated_at = now()
 WHERE run_id = $1;
