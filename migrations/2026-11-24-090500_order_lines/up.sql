-- For analysts: everything about a sold item in one row.

-- Left joins, although foreign keys guarantee the matches: what a query does not select is then not joined at all.
CREATE VIEW order_lines AS
SELECT
    i.order_id,
    i.line_no,
    o.created_at                                  AS ordered_at,
    o.created_at AT TIME ZONE INTERVAL '+09:00'   AS ordered_at_business,
    o.status,
    o.payment_method,
    o.scenario,
    i.product_id,
    p.name                                        AS product_name,
    p.brand,
    i.category,
    i.quantity,
    i.unit_price,
    i.discount_amount,
    i.line_amount,
    o.item_count,
    o.subtotal                                    AS order_subtotal,
    o.discount_amount                             AS order_discount_amount,
    o.shipping_fee                                AS order_shipping_fee,
    o.total_amount                                AS order_total_amount,
    o.user_id,
    u.name                                        AS user_name,
    u.birth_date,
    o.gender,
    o.age_group,
    o.region,
    o.grade,
    u.grade                                       AS grade_now,
    u.status                                      AS user_status,
    u.marketing_agree,
    u.created_at                                  AS signed_up_at,
    o.run_id
FROM order_items i
LEFT JOIN orders   o ON o.id = i.order_id
LEFT JOIN users    u ON u.id = o.user_id
LEFT JOIN products p ON p.id = i.product_id;

COMMENT ON VIEW   order_lines                       IS 'One row an order item, with the columns of its order, its buyer and its product.';
COMMENT ON COLUMN order_lines.order_id              IS 'The order.';
COMMENT ON COLUMN order_lines.line_no               IS 'Place within the order, 1 to 10.';
COMMENT ON COLUMN order_lines.ordered_at            IS 'When the order was placed, UTC.';
COMMENT ON COLUMN order_lines.ordered_at_business   IS 'The same on the shop''s clock (business time, UTC+9), without a zone: for its days, weekdays and hours.';
COMMENT ON COLUMN order_lines.status                IS 'Status of the order: COMPLETED, CANCELLED or REFUNDED.';
COMMENT ON COLUMN order_lines.payment_method        IS 'Card, NaverPay, KakaoPay or Bank.';
COMMENT ON COLUMN order_lines.scenario              IS 'Id of the scenario (shopping event) the order followed.';
COMMENT ON COLUMN order_lines.product_id            IS 'The product.';
COMMENT ON COLUMN order_lines.product_name          IS 'Name of the product, as it is now.';
COMMENT ON COLUMN order_lines.brand                 IS 'Brand of the product.';
COMMENT ON COLUMN order_lines.category              IS 'Category of the product.';
COMMENT ON COLUMN order_lines.quantity              IS 'Pieces.';
COMMENT ON COLUMN order_lines.unit_price            IS 'The product''s price at that moment, KRW.';
COMMENT ON COLUMN order_lines.discount_amount       IS 'Discount on the line, KRW.';
COMMENT ON COLUMN order_lines.line_amount           IS 'quantity × unit_price − discount_amount, KRW: the figure to add up for revenue by product or category.';
COMMENT ON COLUMN order_lines.item_count            IS 'Number of lines of the order.';
COMMENT ON COLUMN order_lines.order_subtotal        IS 'Subtotal of the whole order, KRW: repeated on each of its lines.';
COMMENT ON COLUMN order_lines.order_discount_amount IS 'Discount on the whole order, KRW: repeated on each of its lines.';
COMMENT ON COLUMN order_lines.order_shipping_fee    IS 'Shipping of the whole order, KRW: repeated on each of its lines.';
COMMENT ON COLUMN order_lines.order_total_amount    IS 'What was paid for the whole order, KRW: repeated on each of its lines.';
COMMENT ON COLUMN order_lines.user_id               IS 'The buyer.';
COMMENT ON COLUMN order_lines.user_name             IS 'Name of the buyer.';
COMMENT ON COLUMN order_lines.birth_date            IS 'Day of birth of the buyer.';
COMMENT ON COLUMN order_lines.gender                IS 'Gender of the buyer, F or M.';
COMMENT ON COLUMN order_lines.age_group             IS 'Age group of the buyer on that day.';
COMMENT ON COLUMN order_lines.region                IS 'Region of the buyer at that moment.';
COMMENT ON COLUMN order_lines.grade                 IS 'Grade of the buyer at that moment.';
COMMENT ON COLUMN order_lines.grade_now             IS 'Grade of the buyer now.';
COMMENT ON COLUMN order_lines.user_status           IS 'ACTIVE or DORMANT, now.';
COMMENT ON COLUMN order_lines.marketing_agree       IS 'Whether the buyer welcomes marketing mail, now.';
COMMENT ON COLUMN order_lines.signed_up_at          IS 'Sign-up of the buyer, UTC.';
COMMENT ON COLUMN order_lines.run_id                IS 'The backfill that wrote the order; null: it came through Kafka.';
