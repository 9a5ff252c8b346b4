-- Orders whose amounts are not those of their items. The database's own checks hold an order's total and a line's amount
-- by themselves; only here are the two compared, and checks that somebody has dropped are made up for.
WITH sums AS (
    SELECT order_id,
           count(*)                       AS lines,
           sum(quantity * unit_price)     AS subtotal,
           sum(discount_amount)           AS discount,
           count(*) FILTER (WHERE line_amount <> quantity * unit_price - discount_amount) AS wrong_lines
      FROM order_items
     GROUP BY order_id
)
SELECT o.id::text AS id,
       format('items %s, subtotal %s, discount %s, shipping %s, total %s; its items make %s, %s, %s%s',
              o.item_count, o.subtotal, o.discount_amount, o.shipping_fee, o.total_amount,
              coalesce(s.lines, 0), coalesce(s.subtotal, 0), coalesce(s.discount, 0),
              CASE WHEN s.wrong_lines > 0 THEN format('; %s line amounts do not add up', s.wrong_lines) END) AS found
  FROM orders o
  LEFT JOIN sums s ON s.order_id = o.id
 WHERE s.lines IS DISTINCT FROM o.item_count
    OR s.subtotal IS DISTINCT FROM o.subtotal
    OR s.discount IS DISTINCT FROM o.discount_amount
    OR o.total_amount <> o.subtotal - o.discount_amount + o.shipping_fee
    OR s.wrong_lines > 0
