DROP TABLE parked_orders;
DROP TABLE consumer_offsets;
