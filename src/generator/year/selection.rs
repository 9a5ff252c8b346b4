//! Who is in the pools, kept up to date order by order: the cost of a refresh follows the pool, not the shop.
//! The live cache asks PostgreSQL for the same (`db/sql/pool_*.sql`); a test holds the two equal.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::generator::customers::Customer;
use crate::generator::products::Product;
use crate::generator::tables::PoolSizes;

const NONE: u32 = u32::MAX;

/// A customer's place in the list it is in, and when it ordered last (Unix seconds; 0 for never): one record, because
/// customers come up in no order, and each look at another array would be another wait for memory.
#[derive(Clone, Copy, Debug)]
struct Rank {
    before: u32,
    after: u32,
    last_ordered: u32,
}

impl Rank {
    const NEW: Self = Self { before: NONE, after: NONE, last_ordered: 0 };
}

/// A doubly linked list over customers; each is in one list at most.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
    len: usize,
}

impl Ends {
    const EMPTY: Self = Self { first: NONE, last: NONE, len: 0 };
}

/// Customers by when they bought last, and those who never did by when they signed up.
#[derive(Clone, Debug)]
pub struct CustomerRanks<'a> {
    customers: &'a [Customer],
    signed_up: usize,
    ranks: Vec<Rank>,
    /// Never bought; the newest is last.
    never: Ends,
    /// Have bought; the latest buyer is last.
    bought: Ends,
    /// By `random_seed`, while there is no history to go by.
    by_seed: Vec<u32>,
}

impl<'a> CustomerRanks<'a> {
    /// Nobody has signed up yet. `customers` are in the order of ids, which is that of sign-ups.
    #[must_use]
    pub fn new(customers: &'a [Customer]) -> Self {
        // Seeds are not negative: their bits have their order, and sort faster.
        let seeds = (0..).zip(customers).map(|(at, customer)| (customer.random_seed.to_bits(), at));
        let mut by_seed: Vec<(u64, u32)> = seeds.collect();
        by_seed.sort_unstable();
        Self {
            customers,
            signed_up: 0,
            ranks: vec![Rank::NEW; customers.len()],
            never: Ends::EMPTY,
            bought: Ends::EMPTY,
            by_seed: by_seed.into_iter().map(|(_, at)| at).collect(),
        }
    }

    /// When the customer ordered last, Unix seconds; 0 for never.
    #[must_use]
    pub fn last_ordered(&self, customer: u32) -> u32 {
        self.ranks[customer as usize].last_ordered
    }

    /// Lets those in who signed up by `now`.
    pub fn sign_up(&mut self, now: u32) {
        while self.customers.get(self.signed_up).is_some_and(|customer| customer.created <= now) {
            append(&mut self.ranks, &mut self.never, self.signed_up as u32);
            self.signed_up += 1;
        }
    }

    /// Notes an order; orders come in order of time.
    pub fn ordered(&mut self, customer: u32, now: u32) {
        let first = self.ranks[customer as usize].last_ordered == 0;
        remove(&mut self.ranks, if first { &mut self.never } else { &mut self.bought }, customer);
        append(&mut self.ranks, &mut self.bought, customer);
        self.ranks[customer as usize].last_ordered = now;
    }

    /// The first days' pool: the lowest `random_seed` of those who have signed up.
    pub fn select_by_seed(&self, sizes: &PoolSizes, out: &mut Vec<u32>) {
        out.clear();
        let here = self.by_seed.iter().copied().filter(|&at| (at as usize) < self.signed_up);
        out.extend(here.take(sizes.customers()));
    }

    /// Forgets what only the first days need.
    pub fn end_of_first_days(&mut self) {
        self.by_seed = Vec::new();
    }

    /// Those who bought longest ago, then the newest of those who never did; where one part falls short, the other
    /// fills up. Returns how many have bought.
    pub fn select(&self, sizes: &PoolSizes, out: &mut Vec<u32>) -> usize {
        let total = sizes.customers();
        let bought = self.bought.len.min(sizes.customers_bought.max(total.saturating_sub(self.never.len)));
        let never = self.never.len.min(total - bought);
        out.clear();
        let rank = |at: u32| &self.ranks[at as usize];
        let part = collect(bought, self.bought.first, |at| (rank(at).last_ordered, at), |at| rank(at).after);
        out.extend(part.into_iter().map(|(_, customer)| customer));
        let created = |at: u32| Reverse(self.customers[at as usize].created);
        let part = collect(never, self.never.last, |at| (created(at), at), |at| rank(at).before);
        out.extend(part.into_iter().map(|(_, customer)| customer));
        bought
    }
}

/// The first `count` of a list in the order of `key`; the list is in that order but for ties of the key's first half.
fn collect<K: Ord + Copy>(
    count: usize,
    mut at: u32,
    key: impl Fn(u32) -> (K, u32),
    next: impl Fn(u32) -> u32,
) -> Vec<(K, u32)> {
    let mut found: Vec<(K, u32)> = Vec::with_capacity(count + 8);
    while at != NONE && (found.len() < count || found.last().is_some_and(|last| last.0 == key(at).0)) {
        found.push(key(at));
        at = next(at);
    }
    found.sort_unstable();
    found.truncate(count);
    found
}

fn append(ranks: &mut [Rank], ends: &mut Ends, at: u32) {
    let rank = &mut ranks[at as usize];
    (rank.before, rank.after) = (ends.last, NONE);
    match ends.last {
        NONE => ends.first = at,
        last => ranks[last as usize].after = at,
    }
    ends.last = at;
    ends.len += 1;
}

fn remove(ranks: &mut [Rank], ends: &mut Ends, at: u32) {
    let Rank { before, after, .. } = ranks[at as usize];
    match before {
        NONE => ends.first = after,
        before => ranks[before as usize].after = after,
    }
    match after {
        NONE => ends.last = before,
        after => ranks[after as usize].before = before,
    }
    ends.len -= 1;
}

/// Sales of a product; one record, because each order item moves both.
#[derive(Clone, Copy, Debug, Default)]
struct Sales {
    count: u32,
    /// Unix seconds; 0 for never.
    last: u32,
}

/// Products by number of sales, and by age.
#[derive(Clone, Debug)]
pub struct ProductRanks<'a> {
    products: &'a [Product],
    created: usize,
    sales: Vec<Sales>,
    /// Sold products outside of the pool: (sales, id order). An entry counts only while it agrees with `queued`.
    outside: BinaryHeap<(u32, Reverse<u32>)>,
    /// The number of sales with which a product waits in `outside`; 0 when it does not.
    queued: Vec<u32>,
    /// Refresh at which the product was chosen last.
    chosen_at: Vec<u32>,
    refresh: u32,
    pool: Vec<u32>,
    called_back: usize,
}

impl<'a> ProductRanks<'a> {
    /// Nothing is on sale yet. `products` are in the order of ids, which is that of creation.
    #[must_use]
    pub fn new(products: &'a [Product]) -> Self {
        Self {
            products,
            created: 0,
            sales: vec![Sales::default(); products.len()],
            outside: BinaryHeap::new(),
            queued: vec![0; products.len()],
            chosen_at: vec![0; products.len()],
            refresh: 0,
            pool: Vec::new(),
            called_back: 0,
        }
    }

    /// Counts a sale of a pool member.
    #[inline]
    pub fn sold(&mut self, product: u32, now: u32) {
        let sales = &mut self.sales[product as usize];
        sales.count += 1;
        sales.last = now;
    }

    /// Number of order items of the product.
    #[must_use]
    pub fn count(&self, product: u32) -> u32 {
        self.sales[product as usize].count
    }

    /// When the product was last sold, Unix seconds; 0 for never.
    #[must_use]
    pub fn last_sold(&self, product: u32) -> u32 {
        self.sales[product as usize].last
    }

    /// The pool of the last refresh; those called back for want of others are last, [`Self::called_back`] in number.
    #[must_use]
    pub fn pool(&self) -> &[u32] {
        &self.pool
    }

    /// How many of the pool are no longer on sale.
    #[must_use]
    pub const fn called_back(&self) -> usize {
        self.called_back
    }

    /// Makes the pool of `now`: the most sold, then the newest; ties by id.
    pub fn refresh(&mut self, sizes: &PoolSizes, now: u32) {
        while self.products.get(self.created).is_some_and(|product| product.created <= now) {
            self.created += 1;
        }
        self.refresh += 1;
        let old = std::mem::take(&mut self.pool);
        let mut inside: Vec<(u32, Reverse<u32>)> = old
            .iter()
            .filter(|&&at| self.count(at) > 0 && self.on_sale(at, now))
            .map(|&at| (self.count(at), Reverse(at)))
            .collect();
        // One number compares faster than a pair; the order is that of the heap, best first.
        inside.sort_unstable_by_key(|&(count, Reverse(at))| !(u64::from(count) << 32 | u64::from(!at)));
        let mut inside = inside.into_iter().peekable();
        while self.pool.len() < sizes.products_sold {
            let waiting = self.best_outside(now);
            let best = match (inside.peek().copied(), waiting) {
                (Some(a), Some(b)) => a.max(b),
                (a, b) => match a.or(b) {
                    Some(only) => only,
                    None => break,
                },
            };
            if inside.peek() == Some(&best) {
                inside.next();
            } else {
                self.outside.pop();
                self.queued[best.1.0 as usize] = 0;
            }
            self.choose(best.1.0);
        }
        self.choose_newest(sizes.products(), now);
        for (count, Reverse(at)) in inside {
            if !self.is_chosen(at) && self.queued[at as usize] != count {
                self.queued[at as usize] = count;
                self.outside.push((count, Reverse(at)));
            }
        }
        self.called_back = 0;
        if self.pool.len() < sizes.products() {
            self.call_back(sizes.products() - self.pool.len(), now);
        }
    }

    fn on_sale(&self, at: u32, now: u32) -> bool {
        self.products[at as usize].withdrawn > now
    }

    fn is_chosen(&self, at: u32) -> bool {
        self.chosen_at[at as usize] == self.refresh
    }

    fn choose(&mut self, at: u32) {
        self.chosen_at[at as usize] = self.refresh;
        self.pool.push(at);
    }

    /// The best seller outside of the pool, left on top of the heap; what has left the shop is thrown away.
    fn best_outside(&mut self, now: u32) -> Option<(u32, Reverse<u32>)> {
        while let Some(&(count, Reverse(at))) = self.outside.peek() {
            let current = self.queued[at as usize] == count && self.count(at) == count;
            if current && self.on_sale(at, now) && !self.is_chosen(at) && !self.was_inside(at) {
                return Some((count, Reverse(at)));
            }
            self.outside.pop();
            if self.queued[at as usize] == count {
                self.queued[at as usize] = 0;
            }
        }
        None
    }

    /// Whether the product was in the pool before this refresh, and so is among those looked at anyway.
    fn was_inside(&self, at: u32) -> bool {
        self.chosen_at[at as usize] + 1 == self.refresh
    }

    fn choose_newest(&mut self, total: usize, now: u32) {
        let mut at = self.created as u32;
        while at > 0 && self.pool.len() < total {
            // Products of one second are next to each other, in the order of ids: the lower id goes first.
            let second = self.products[at as usize - 1].created;
            let mut first = at;
            while first > 0 && self.products[first as usize - 1].created == second {
                first -= 1;
            }
            for candidate in first..at {
                if self.pool.len() < total && self.on_sale(candidate, now) && !self.is_chosen(candidate) {
                    self.choose(candidate);
                }
            }
            at = first;
        }
    }

    /// Fills up with what was withdrawn latest.
    fn call_back(&mut self, missing: usize, now: u32) {
        let mut gone: Vec<(Reverse<u32>, u32)> = (0..self.created as u32)
            .filter(|&at| !self.on_sale(at, now))
            .map(|at| (Reverse(self.products[at as usize].withdrawn), at))
            .collect();
        gone.sort_unstable();
        for (_, at) in gone.into_iter().take(missing) {
            self.choose(at);
            self.called_back += 1;
        }
    }
}
