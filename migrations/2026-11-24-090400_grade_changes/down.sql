DROP TABLE grade_changes;
DROP FUNCTION grade_rank(text);
