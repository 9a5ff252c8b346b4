DROP VIEW order_lines;
