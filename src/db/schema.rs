//! The tables as Diesel sees them. A test compares them with a freshly migrated database.

#![expect(missing_docs, reason = "columns are documented once, in `domain::rows` and as comments in the database")]

diesel::table! {
    users (id) {
        id -> Uuid,
        name -> Text,
        gender -> Text,
        birth_date -> Date,
        email -> Text,
        region -> Text,
        address -> Text,
        grade -> Text,
        status -> Text,
        marketing_agree -> Bool,
        random_seed -> Double,
        created_at -> Timestamptz,
        last_login_at -> Timestamptz,
        last_ordered_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    products (id) {
        id -> Uuid,
        category -> Text,
        brand -> Text,
        name -> Text,
        description -> Text,
        list_price -> BigInt,
        price -> BigInt,
        discount_rate -> SmallInt,
        stock -> Integer,
        rating -> Double,
        review_count -> Integer,
        is_best -> Bool,
        order_count -> BigInt,
        created_at -> Timestamptz,
        withdrawn_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    orders (id) {
        id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
        status -> Text,
        payment_method -> Text,
        item_count -> SmallInt,
        subtotal -> BigInt,
        discount_amount -> BigInt,
        shipping_fee -> BigInt,
        total_amount -> BigInt,
        scenario -> Text,
        region -> Text,
        gender -> Text,
        age_group -> Text,
        grade -> Text,
        run_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    order_items (order_id, line_no) {
        order_id -> Uuid,
        line_no -> SmallInt,
        product_id -> Uuid,
        category -> Text,
        quantity -> SmallInt,
        unit_price -> BigInt,
        discount_amount -> BigInt,
        line_amount -> BigInt,
    }
}

diesel::table! {
    grade_changes (seq) {
        seq -> BigInt,
        user_id -> Uuid,
        changed_at -> Timestamptz,
        from_grade -> Text,
        to_grade -> Text,
        amount_6m -> BigInt,
        orders_6m -> BigInt,
        counted -> Text,
        run_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    seed_runs (seed) {
        seed -> BigInt,
        as_of -> Date,
        users -> BigInt,
        products -> BigInt,
        version -> Text,
        recorded_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    backfill_runs (run_id) {
        run_id -> Uuid,
        year -> SmallInt,
        parameters -> Jsonb,
        state -> Text,
        months_done -> Array<SmallInt>,
        orders -> BigInt,
        items -> BigInt,
        version -> Text,
        attempt -> Uuid,
        started_at -> Timestamptz,
        updated_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    consumer_offsets (consumer_group, topic, partition) {
        consumer_group -> Text,
        topic -> Text,
        partition -> Integer,
        next_offset -> BigInt,
        epoch -> BigInt,
        last_hash -> Nullable<BigInt>,
        expired -> BigInt,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    parked_orders (topic, partition, offset, order_id) {
        topic -> Text,
        partition -> Integer,
        offset -> BigInt,
        key -> Nullable<Bytea>,
        payload -> Bytea,
        headers -> Jsonb,
        order_id -> Uuid,
        sent_at_ms -> Nullable<BigInt>,
        missing -> Array<Uuid>,
        parked_at -> Timestamptz,
    }
}

diesel::joinable!(orders -> users (user_id));
diesel::joinable!(order_items -> orders (order_id));
diesel::joinable!(order_items -> products (product_id));
diesel::joinable!(grade_changes -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, products, orders, order_items, grade_changes);
