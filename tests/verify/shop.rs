//! A small shop whose messages are produced and consumed by the test itself, so that it is known what is right.

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::{Offset, TopicPartitionList};
use shopstream::domain::Grade;
use shopstream::domain::rows::{GradeChange, Order, OrderItem, Product, User};
use shopstream::follow::Follow;
use shopstream::interrupt::Interrupt;
use shopstream::stream::client::Kafka;
use shopstream::stream::dead_letter::DeadLetter;
use shopstream::stream::message::*;
use shopstream::stream::sender::{Outgoing, Sender};
use shopstream::stream::topics::{self, Wishes};
use shopstream::verify::report::Report;
use shopstream::verify::{Audit, Request, Watch};
use uuid::Uuid;

use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// Customers, products and orders, some of which were seeded and never had a message.
pub struct Shop {
    pub scratch: ScratchDb,
    pub kafka: Kafka,
    prefix: String,
    pub users: Vec<User>,
    pub products: Vec<Product>,
    pub orders: Vec<(Order, Vec<OrderItem>)>,
    /// Of the customers and the products, so many were seeded.
    pub seeded: usize,
}

/// What the test's own consumer does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carelessness {
    /// Writes no dead letter of poison.
    pub loses_poison: bool,
}

impl Shop {
    /// Topics and tables, two seeded customers and products, three customers and products with messages, 12 orders.
    pub fn new() -> Self {
        let scratch = ScratchDb::migrated();
        let prefix = format!("{}.", scratch.schema());
        let kafka = kafka_at(&kafka_brokers(), &prefix);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(topics::create(&kafka, Wishes { partitions: Some(3), replication: Some(1) })).unwrap();
        let began = at(2026, 1, 1);
        let users: Vec<_> = (0..5).map(|_| user(began)).collect();
        let products: Vec<_> = (0..5).map(|_| product(began)).collect();
        let mut shop = Self { scratch, kafka, prefix, users, products, orders: Vec::new(), seeded: 2 };
        store(&mut shop.connect(), &shop.users[..2]).unwrap();
        store(&mut shop.connect(), &shop.products[..2]).unwrap();
        shop.add_orders(12);
        shop
    }

    /// Orders of one or two lines, taking customers and products in turn; returns where they begin.
    pub fn add_orders(&mut self, count: usize) -> usize {
        let first = self.orders.len();
        for number in first..first + count {
            let buyer = self.users[number % self.users.len()].id;
            let new = order(buyer, at(2026, 2, 1).plus_secs(number as i64), 40_000 + 1_000 * number as i64);
            self.orders.push(with_lines(new, [self.products[number % 5].id, self.products[(number + 1) % 5].id]));
        }
        first
    }

    pub fn connect(&self) -> PgConnection {
        self.scratch.connect()
    }

    pub fn sql(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// Sends the customers and products that were not seeded, and all orders.
    pub fn produce_all(&self) {
        let names = names();
        let users = self.users[self.seeded..].iter().map(|user| message(&UserCreated::of_row(user.clone(), &names)));
        self.send("users", users.collect());
        let products = self.products[self.seeded..].iter();
        let products = products.map(|product| message(&ProductCreated::of_row(product.clone(), &names)));
        self.send("products", products.collect());
        self.produce_orders(0);
    }

    /// Sends the orders from the one at `first` on.
    pub fn produce_orders(&self, first: usize) {
        self.send(
            "orders",
            self.orders[first..].iter().map(|(order, items)| message(&order_message(order, items))).collect(),
        );
    }

    /// Makes the stream dirty: one order twice, one late, two of poison, two whose customer does not exist.
    pub fn inject(&mut self) {
        let late = self.add_orders(1);
        let late = message(&order_message(&self.orders[late].0, &self.orders[late].1));
        let (first, lines) = &self.orders[0];
        let again = order_message(first, lines);
        let (stranger, lines) = with_lines(order(fresh_id(at(2026, 1, 1)), at(2026, 2, 2), 9_000), self.ids());
        let orphan = order_message(&stranger, &lines);
        let other = OrderCreated { id: fresh_id(at(2026, 2, 3)), ..orphan.clone() };
        let wrong_sum = OrderCreated { id: fresh_id(at(2026, 2, 3)), total_amount: 1, ..again.clone() };
        let torn = Sent { payload: b"{\"id\":".to_vec(), ..message(&again) };
        self.send(
            "orders",
            vec![
                message(&again).injected("duplicate"),
                late.injected("late"),
                message(&wrong_sum).injected("poison"),
                torn.injected("poison"),
                message(&orphan).injected("orphan"),
                message(&other).injected("orphan"),
            ],
        );
    }

    fn ids(&self) -> [Uuid; 2] {
        [self.products[0].id, self.products[1].id]
    }

    pub fn send(&self, topic: &str, messages: Vec<Sent>) {
        let sender = Sender::of_messages(&self.kafka, None).unwrap();
        let (topic, count) = (self.kafka.name(topic), messages.len() as u64);
        for sent in messages {
            let outgoing = Outgoing {
                topic: &topic,
                key: Some(&sent.key),
                payload: Some(&sent.payload),
                headers: sent.headers,
                lane: 0,
            };
            sender.send(outgoing, &Interrupt::never()).unwrap();
        }
        assert_eq!(sender.flush(PATIENCE).delivered, count);
    }

    /// All that a topic holds.
    pub fn messages_of(&self, topic: &str) -> Vec<OwnedMessage> {
        let topic = self.kafka.name(topic);
        let consumer: BaseConsumer = self.kafka.config(&[("group.id", "test")]).create().unwrap();
        let metadata = consumer.fetch_metadata(Some(&topic), PATIENCE).unwrap();
        let mut assigned = TopicPartitionList::new();
        let mut expected = 0;
        for partition in metadata.topics()[0].partitions() {
            let (low, high) = watermarks(&consumer, &topic, partition.id());
            expected += (high - low) as usize;
            assigned.add_partition_offset(&topic, partition.id(), Offset::Offset(low)).unwrap();
        }
        consumer.assign(&assigned).unwrap();
        let (mut found, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        while found.len() < expected {
            assert!(Instant::now() < deadline, "{} of {expected} messages of {topic} came", found.len());
            if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                found.push(message.unwrap().detach());
            }
        }
        found
    }

    /// What the consumers do, once and from the beginning: rows, parked orders, dead letters, offsets, counters.
    pub fn consume(&self, carelessness: Carelessness) {
        let conn = &mut self.connect();
        store(conn, &self.users[self.seeded..]).unwrap();
        store(conn, &self.products[self.seeded..]).unwrap();
        for topic in ["users", "products", "orders"] {
            self.commit(topic);
        }
        let (mut seen, mut dead, mut parked) = (HashSet::new(), Vec::new(), false);
        for message in self.messages_of("orders") {
            match decode::<OrderCreated>(message.payload(), header_text(message.headers(), "ce_type")) {
                Ok(order) => match self.orders.iter().find(|(known, _)| known.id == order.id) {
                    Some((row, items)) if seen.insert(order.id) => {
                        store(conn, &[*row]).unwrap();
                        store(conn, items).unwrap();
                    }
                    Some(_) => {}
                    // The first that comes waits; the second has waited for too long.
                    None if parked => dead.push((message, ErrorClass::Orphan)),
                    None => {
                        self.park(&message, &order);
                        parked = true;
                    }
                },
                Err(_) if carelessness.loses_poison => {}
                Err(error) => dead.push((message, error.class)),
            }
        }
        self.give_up(&dead);
        self.sql(
            "UPDATE products p SET order_count = (SELECT count(*) FROM order_items i WHERE i.product_id = p.id);
             UPDATE users u SET last_ordered_at = (SELECT max(created_at) FROM orders o WHERE o.user_id = u.id)",
        );
    }

    /// The first produced customer rises to SILVER, as the updater would have it.
    pub fn promote(&self) {
        let user_id = self.users[self.seeded].id;
        let change = GradeChange {
            amount_6m: 600_000,
            orders_6m: 5,
            ..grade_change(user_id, at(2026, 3, 1), Grade::Bronze, Grade::Silver)
        };
        store::<GradeChange>(&mut self.connect(), &[change]).unwrap();
        self.sql(&format!("UPDATE users SET grade = 'SILVER' WHERE id = '{user_id}'"));
    }

    /// Records everything that a topic holds as read.
    pub fn commit(&self, topic: &str) {
        let full = self.kafka.name(topic);
        let consumer: BaseConsumer = self.kafka.config(&[("group.id", "test")]).create().unwrap();
        for partition in 0..3 {
            let (_, high) = watermarks(&consumer, &full, partition);
            self.sql(&format!(
                "INSERT INTO consumer_offsets (consumer_group, topic, \"partition\", next_offset)
                 VALUES ('{topic}_group', '{full}', {partition}, {high})
                 ON CONFLICT (consumer_group, topic, \"partition\") DO UPDATE SET next_offset = EXCLUDED.next_offset"
            ));
        }
    }

    fn park(&self, message: &OwnedMessage, order: &OrderCreated) {
        self.sql(&format!(
            "INSERT INTO parked_orders (topic, \"partition\", \"offset\", payload, headers, order_id, missing)
             VALUES ('{}', {}, {}, '', '[]', '{}', ARRAY['{}'::uuid])",
            message.topic(),
            message.partition(),
            message.offset(),
            order.id,
            order.user_id
        ));
    }

    /// Writes dead letters, each twice: a consumer that is killed in between does so.
    pub fn give_up(&self, dead: &[(OwnedMessage, ErrorClass)]) {
        let mut letters = Vec::new();
        for (message, class) in dead {
            let why = DecodeError { class: *class, text: "a test".to_owned() };
            let letter = DeadLetter::new(message.topic(), message.partition(), message.offset(), &why);
            for _ in 0..2 {
                letters.push(Sent {
                    key: message.key().unwrap_or_default().to_vec(),
                    payload: message.payload().unwrap_or_default().to_vec(),
                    headers: letter.headers(message.headers()),
                });
            }
        }
        self.send("orders.dlq", letters);
    }

    pub fn audit(&self, request: &Request) -> Report {
        self.audit_followed(request, &|_: &str| {})
    }

    pub fn audit_followed(&self, request: &Request, follow: &dyn Follow) -> Report {
        let interrupt = Interrupt::never();
        let watch = Watch { interrupt: &interrupt, follow };
        let audit = Audit { kafka: &self.kafka, watch };
        audit.run(&mut self.connect(), request).unwrap()
    }

    /// Exit status, standard output and standard error of the program.
    pub fn run(&self, line: &str) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_shopstream"))
            .args(line.split(' '))
            .env_clear()
            .env("DATABASE_URL", self.scratch.url())
            .env("KAFKA_BROKERS", kafka_brokers())
            .env("SHOPSTREAM_TOPIC_PREFIX", &self.prefix)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let names: Vec<_> = topics::TOPICS.iter().map(|spec| self.kafka.name(spec.name)).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        // A panic in a drop during a panic would hide what failed: topics may stay behind then.
        if let (Ok(admin), Ok(runtime)) = (self.kafka.admin(), tokio::runtime::Builder::new_current_thread().build()) {
            let _ = runtime.block_on(admin.delete_topics(&names, &AdminOptions::new()));
        }
    }
}

/// A message to be sent.
pub struct Sent {
    pub key: Vec<u8>,
    pub payload: Vec<u8>,
    pub headers: OwnedHeaders,
}

impl Sent {
    /// The same, marked as wrong on purpose.
    pub fn injected(self, kind: &str) -> Self {
        Self { headers: self.headers.insert(Header { key: INJECTED, value: Some(kind) }), ..self }
    }
}

pub fn message<M: Message>(message: &M) -> Sent {
    Sent {
        key: message.key().to_string().into_bytes(),
        payload: serde_json::to_vec(message).unwrap(),
        headers: EventHeaders::of(message).to_kafka(),
    }
}

/// The order spread over two lines.
fn with_lines(order: Order, products: [Uuid; 2]) -> (Order, Vec<OrderItem>) {
    let order = Order { item_count: 2, ..order };
    let (one, two) = (item(&order, products[0]), item(&order, products[1]));
    let (half, rest) = (order.subtotal / 2, order.subtotal - order.subtotal / 2);
    let lines = vec![
        OrderItem { unit_price: half, line_amount: half, ..one },
        OrderItem { line_no: 2, unit_price: rest, line_amount: rest, ..two },
    ];
    (order, lines)
}

pub fn order_message(order: &Order, items: &[OrderItem]) -> OrderCreated {
    OrderCreated::of_rows(order, items, &names())
}
