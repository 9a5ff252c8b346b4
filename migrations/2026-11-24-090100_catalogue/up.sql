-- Catalogue. The row is `domain::rows::Product`. Categories and brands come from files that users may replace, so
-- they are only asked to be there.

CREATE TABLE products (
    id            uuid             PRIMARY KEY,
    category      text             NOT NULL,
    brand         text             NOT NULL,
    name          text             NOT NULL,
    description   text             NOT NULL,
    list_price    bigint           NOT NULL,
    price         bigint           NOT NULL,
    discount_rate smallint         NOT NULL,
    stock         integer          NOT NULL,
    rating        double precision NOT NULL,
    review_count  integer          NOT NULL,
    is_best       boolean          NOT NULL,
    order_count   bigint           NOT NULL,
    created_at    timestamptz      NOT NULL,
    withdrawn_at  timestamptz      NOT NULL,
    updated_at    timestamptz      NOT NULL,

    CONSTRAINT products_category_given           CHECK (category <> ''),
    CONSTRAINT products_brand_given              CHECK (brand <> ''),
    CONSTRAINT products_name_given               CHECK (name <> ''),
    CONSTRAINT products_description_given        CHECK (description <> ''),
    CONSTRAINT products_list_price_positive      CHECK (list_price > 0),
    CONSTRAINT products_price_not_negative       CHECK (price >= 0),
    -- May be negative: a list price below the price is one of the shop's deliberate pricing mistakes.
    CONSTRAINT products_discount_rate_in_range   CHECK (discount_rate <= 100),
    CONSTRAINT products_stock_not_negative       CHECK (stock >= 0),
    CONSTRAINT products_rating_in_range          CHECK (rating BETWEEN 0 AND 5),
    CONSTRAINT products_reviews_not_negative     CHECK (review_count >= 0),
    CONSTRAINT products_order_count_not_negative CHECK (order_count >= 0),
    CONSTRAINT products_withdrawn_after_created  CHECK (withdrawn_at > created_at),
    CONSTRAINT products_updated_after_created    CHECK (updated_at >= created_at)
)
-- Each batch of orders moves `order_count` of up to a thousand rows again and again; room on the page keeps the
-- versions of a row together.
WITH (fillfactor = 80);

-- Pool of products, part "sold": most sold first (db/sql/pool_products.sql).
CREATE INDEX products_most_sold ON products (order_count DESC, id) WHERE order_count > 0;

-- Pool of products, part "newest" (db/sql/pool_products.sql).
CREATE INDEX products_newest ON products (created_at DESC, id);

-- Pool of products, called back when too few are on sale: latest withdrawn first (db/sql/pool_products.sql). It also
-- finds the few on sale in a shop whose catalogue has grown old.
CREATE INDEX products_latest_withdrawn ON products (withdrawn_at DESC, id);

COMMENT ON TABLE  products               IS 'Catalogue: everything that is, was or will be on sale.';
COMMENT ON COLUMN products.id            IS 'UUIDv7 of the creation; a function of the seed.';
COMMENT ON COLUMN products.category      IS 'Category by its name in the catalogue file.';
COMMENT ON COLUMN products.brand         IS 'Invented brand.';
COMMENT ON COLUMN products.name          IS 'Name as the shop prints it, with its promotional prefix if it has one.';
COMMENT ON COLUMN products.description   IS 'A sentence about it.';
COMMENT ON COLUMN products.list_price    IS 'Price before discount, KRW.';
COMMENT ON COLUMN products.price         IS 'Price now, KRW.';
COMMENT ON COLUMN products.discount_rate IS 'Per cent off the list price, rounded; negative where the list price lies below the price (a deliberate mistake).';
COMMENT ON COLUMN products.stock         IS 'Pieces in stock; sales do not change it.';
COMMENT ON COLUMN products.rating        IS 'Stars, 0 to 5.';
COMMENT ON COLUMN products.review_count  IS 'Number of reviews.';
COMMENT ON COLUMN products.is_best       IS 'More than 1,000 reviews and rated over 4.5.';
COMMENT ON COLUMN products.order_count   IS 'Order items stored for it, whatever the status of their orders.';
COMMENT ON COLUMN products.created_at    IS 'When it goes on sale, UTC.';
COMMENT ON COLUMN products.withdrawn_at  IS 'When it leaves the shop, UTC; may lie ahead.';
COMMENT ON COLUMN products.updated_at    IS 'Last change of the row, UTC.';
