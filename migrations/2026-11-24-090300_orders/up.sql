-- Orders and their items. The rows are `domain::rows::{Order, OrderItem}`. These two tables take nearly all writes,
-- so every index here has to earn its place; those that are left out are named below.

CREATE TABLE orders (
    id              uuid        PRIMARY KEY,
    user_id         uuid        NOT NULL REFERENCES users,
    created_at      timestamptz NOT NULL,
    status          text        NOT NULL,
    payment_method  text        NOT NULL,
    item_count      smallint    NOT NULL,
    subtotal        bigint      NOT NULL,
    discount_amount bigint      NOT NULL,
    shipping_fee    bigint      NOT NULL,
    total_amount    bigint      NOT NULL,
    scenario        text        NOT NULL,
    region          text        NOT NULL,
    gender          text        NOT NULL,
    age_group       text        NOT NULL,
    grade           text        NOT NULL,
    -- No foreign key: backfill records the run before its first order, and the check would cost each of them.
    run_id          uuid,

    CONSTRAINT orders_status_known          CHECK (status IN ('COMPLETED', 'CANCELLED', 'REFUNDED')),
    CONSTRAINT orders_payment_method_known  CHECK (payment_method IN ('Card', 'NaverPay', 'KakaoPay', 'Bank')),
    CONSTRAINT orders_item_count_in_range   CHECK (item_count BETWEEN 1 AND 10),
    -- With it, neither subtotal nor total can be negative.
    CONSTRAINT orders_discount_in_range     CHECK (discount_amount BETWEEN 0 AND subtotal),
    CONSTRAINT orders_shipping_not_negative CHECK (shipping_fee >= 0),
    CONSTRAINT orders_total_adds_up         CHECK (total_amount = subtotal - discount_amount + shipping_fee),
    CONSTRAINT orders_scenario_given        CHECK (scenario <> ''),
    CONSTRAINT orders_region_given          CHECK (region <> ''),
    CONSTRAINT orders_gender_known          CHECK (gender IN ('F', 'M')),
    CONSTRAINT orders_age_group_known       CHECK (age_group IN ('teens', '20s', '30s', '40s', '50+')),
    CONSTRAINT orders_grade_known           CHECK (grade IN ('BRONZE', 'SILVER', 'GOLD', 'VIP'))
);

-- Grades: completed orders of six months, read from the index alone (db/sql/grades_candidates.sql). In order of time,
-- so a writer only ever touches its last pages.
CREATE INDEX orders_completed_by_time ON orders (created_at)
    INCLUDE (user_id, subtotal, discount_amount, item_count) WHERE status = 'COMPLETED';

-- A customer's orders, latest first: `last_ordered_at` after `backfill --replace`, and the foreign key to users.
CREATE INDEX orders_of_customer ON orders (user_id, created_at);

-- Left out on purpose: by id is by time already (UUIDv7), so "the last orders" come from the primary key; a run's
-- orders lie in one year and are taken back by a scan of what is to be rewritten anyway.

COMMENT ON TABLE  orders                 IS 'Orders: one checkout each, a cart of 1 to 10 items bought at once.';
COMMENT ON COLUMN orders.id              IS 'UUIDv7 of the checkout.';
COMMENT ON COLUMN orders.user_id         IS 'The buyer.';
COMMENT ON COLUMN orders.created_at      IS 'When it was placed, UTC; business time is UTC+9.';
COMMENT ON COLUMN orders.status          IS 'COMPLETED, CANCELLED or REFUNDED; only COMPLETED counts towards grades.';
COMMENT ON COLUMN orders.payment_method  IS 'Card, NaverPay, KakaoPay or Bank.';
COMMENT ON COLUMN orders.item_count      IS 'Number of lines, 1 to 10.';
COMMENT ON COLUMN orders.subtotal        IS 'Sum of quantity × unit price of its items, KRW.';
COMMENT ON COLUMN orders.discount_amount IS 'Sum of the discounts of its items, KRW.';
COMMENT ON COLUMN orders.shipping_fee    IS 'Shipping, KRW.';
COMMENT ON COLUMN orders.total_amount    IS 'What was paid, KRW: subtotal − discount_amount + shipping_fee.';
COMMENT ON COLUMN orders.scenario        IS 'Id of the scenario (shopping event) it followed.';
COMMENT ON COLUMN orders.region          IS 'The buyer''s region at that moment, by its Korean name.';
COMMENT ON COLUMN orders.gender          IS 'The buyer''s gender, F or M.';
COMMENT ON COLUMN orders.age_group       IS 'The buyer''s age group on that day: teens, 20s, 30s, 40s or 50+.';
COMMENT ON COLUMN orders.grade           IS 'The buyer''s grade at that moment.';
COMMENT ON COLUMN orders.run_id          IS 'The backfill that wrote it (backfill_runs.run_id); null: it came through Kafka.';

CREATE TABLE order_items (
    order_id        uuid     NOT NULL REFERENCES orders ON DELETE CASCADE,
    line_no         smallint NOT NULL,
    product_id      uuid     NOT NULL REFERENCES products,
    category        text     NOT NULL,
    quantity        smallint NOT NULL,
    unit_price      bigint   NOT NULL,
    discount_amount bigint   NOT NULL,
    line_amount     bigint   NOT NULL,

    PRIMARY KEY (order_id, line_no),
    CONSTRAINT order_items_line_no_in_range      CHECK (line_no BETWEEN 1 AND 10),
    CONSTRAINT order_items_category_given        CHECK (category <> ''),
    CONSTRAINT order_items_quantity_positive     CHECK (quantity >= 1),
    CONSTRAINT order_items_discount_not_negative CHECK (discount_amount >= 0),
    -- With the others, the unit price cannot be negative either.
    CONSTRAINT order_items_amount_not_negative   CHECK (line_amount >= 0),
    CONSTRAINT order_items_amount_adds_up        CHECK (line_amount = quantity * unit_price - discount_amount)
);

-- Left out on purpose: an index by product. No query of the shop asks for one product's items, and none is deleted.

COMMENT ON TABLE  order_items                 IS 'Order items: one product line of an order each.';
COMMENT ON COLUMN order_items.order_id        IS 'Its order.';
COMMENT ON COLUMN order_items.line_no         IS 'Place within the order, 1 to 10.';
COMMENT ON COLUMN order_items.product_id      IS 'The product.';
COMMENT ON COLUMN order_items.category        IS 'The product''s category.';
COMMENT ON COLUMN order_items.quantity        IS 'Pieces, at least 1.';
COMMENT ON COLUMN order_items.unit_price      IS 'The product''s price at that moment, KRW.';
COMMENT ON COLUMN order_items.discount_amount IS 'Discount on the line, KRW.';
COMMENT ON COLUMN order_items.line_amount     IS 'quantity × unit_price − discount_amount, KRW.';
