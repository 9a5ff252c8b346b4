//! `seed`: repeatable, extensible, safe when two run at once.

use shopstream::backfill::request::DEFAULT_SEED;
use shopstream::db::seeding::{SeedRequest, seed};
use shopstream::interrupt::Interrupt;

use crate::shop::{Shop, as_of};

#[test]
fn the_same_seed_twice_adds_nothing_and_a_larger_count_the_difference() {
    let shop = Shop::seeded(500, 700);
    let first = shop.digest();
    let again = shop.seed(DEFAULT_SEED, 500, 700);
    assert_eq!((again.users, again.products), ((0, 500), (0, 700)));
    assert_eq!(shop.digest(), first);
    let fewer = shop.seed(DEFAULT_SEED, 100, 100);
    assert_eq!((fewer.users, fewer.products), ((0, 500), (0, 700)));
    let more = shop.seed(DEFAULT_SEED, 800, 750);
    assert_eq!((more.users, more.products), ((300, 800), (50, 750)));
    let at_once = Shop::seeded(800, 750);
    assert_eq!(at_once.digest(), shop.digest(), "grown or sown at once, the shop is the same");
}

#[test]
fn another_seed_adds_a_shop_beside_the_first() {
    let shop = Shop::seeded(300, 400);
    let other = shop.seed(43, 300, 400);
    assert_eq!((other.users, other.products), ((300, 300), (400, 400)));
    assert_eq!(shop.number("SELECT count(*) FROM users"), 600);
    assert_eq!(shop.number("SELECT count(DISTINCT email) FROM users"), 600);
}

#[test]
fn a_later_day_keeps_the_recorded_as_of_and_another_one_asked_for_is_refused() {
    let shop = Shop::seeded(300, 400);
    let mut request = SeedRequest {
        seed: DEFAULT_SEED,
        users: 300,
        products: 400,
        as_of: None,
        default_as_of: as_of() + chrono::Days::new(365),
    };
    let sow = |request: &SeedRequest| seed(&mut shop.db.connect(), &shop.world, request, &|_| (), &Interrupt::never());
    let later = sow(&request).unwrap();
    assert_eq!((later.as_of, later.users.0), (as_of(), 0));
    request.as_of = Some(as_of() + chrono::Days::new(1));
    let refused = sow(&request).unwrap_err();
    assert!(refused.to_string().contains("was sown as of 2026-01-01"), "{refused}");
}

#[test]
fn two_seeders_at_once_sow_once() {
    let shop = Shop::seeded(0, 0);
    std::thread::scope(|threads| {
        let sowing: Vec<_> = (0..3).map(|_| threads.spawn(|| shop.seed(7, 900, 1_000))).collect();
        let added: u32 = sowing.into_iter().map(|seeder| seeder.join().unwrap().users.0).sum();
        assert_eq!(added, 900);
    });
    assert_eq!(shop.number("SELECT count(*) FROM users"), 900);
    assert_eq!(shop.number("SELECT count(*) FROM products"), 1_000);
}

#[test]
fn an_interrupted_seeder_leaves_nothing() {
    let shop = Shop::seeded(0, 0);
    let interrupt = Interrupt::never();
    let request = SeedRequest { seed: 7, users: 20_000, products: 20_000, as_of: None, default_as_of: as_of() };
    let stopper = interrupt.clone();
    let watch = move |_rows| stopper.trigger();
    let stopped = seed(&mut shop.db.connect(), &shop.world, &request, &watch, &interrupt).unwrap_err();
    assert!(stopped.is::<shopstream::interrupt::Interrupted>(), "{stopped:?}");
    assert_eq!(shop.number("SELECT count(*) FROM users") + shop.number("SELECT count(*) FROM products"), 0);
    assert_eq!(shop.number("SELECT count(*) FROM seed_runs WHERE seed = 7"), 0);
}

#[test]
fn only_seeded_customers_and_products_take_part_in_a_year() {
    let shop = Shop::seeded(1_800, 2_000);
    let plain = shop.backfill(2_000);
    let with_guest = Shop::seeded(1_800, 2_000);
    with_guest.execute(
        "INSERT INTO users
         SELECT gen_random_uuid(), name, gender, birth_date, 'guest@example.com', region, address, grade, status,
                marketing_agree, 0, created_at, last_login_at, last_ordered_at, updated_at
           FROM users ORDER BY id LIMIT 1",
    );
    assert_eq!(with_guest.backfill(2_000).run_id, plain.run_id);
    let bought = "SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id WHERE u.email = 'guest@example.com'";
    assert_eq!(with_guest.number(bought), 0);
}
