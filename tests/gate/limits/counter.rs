//! The count itself, against one that keeps everything.

use std::collections::BTreeMap;

use edgeward::limits::{Counter, Taken};
use proptest::prelude::*;

use crate::support::FakeHost;

const PERIOD: i64 = 10_000;

/// Counts without any bound.
#[derive(Default)]
struct Naive(BTreeMap<(i64, u8), u32>);

impl Naive {
    fn take(&mut self, now: i64, key: u8, limit: u32) -> bool {
        let count = self.0.entry((now.div_euclid(PERIOD), key)).or_insert(0);
        let within = *count < limit;
        *count += u32::from(within);
        within
    }
}

fn at(milliseconds: i64) -> FakeHost {
    let host = FakeHost::new();
    host.now.set(milliseconds);
    host
}

proptest! {
    /// With room for every key it is the naive count, at every edge.
    #[test]
    fn with_room_for_all_it_counts_as_one_that_keeps_everything(
        steps in prop::collection::vec((0..4_000_i64, 0..6_u8, 1..5_u32), 1..200), start in 0..50_000_i64,
    ) {
        let (host, counter, mut naive) = (at(start), Counter::new(10), Naive::default());
        for (pause, key, limit) in steps {
            host.now.set(host.now.get() + pause);
            let looked = counter.look(&host, &key.to_string(), limit);
            let taken = counter.take(&host, &key.to_string(), limit);
            prop_assert_eq!(taken.within, naive.take(host.now.get(), key, limit));
            prop_assert_eq!(looked.within, taken.within);
            prop_assert_eq!(looked.reset, taken.reset);
            let left = PERIOD - host.now.get().rem_euclid(PERIOD);
            prop_assert_eq!(i64::from(taken.reset), (left + 999) / 1000);
        }
    }

    /// Without room it lets nothing through that the naive count does not, whatever else comes.
    #[test]
    fn without_room_it_never_counts_less(
        steps in prop::collection::vec((0..800_i64, 0..40_u8), 1..400), most in 0..8_usize, limit in 1..5_u32,
    ) {
        let (host, counter, mut naive) = (at(7), Counter::bounded(10, most), Naive::default());
        for (pause, key) in steps {
            host.now.set(host.now.get() + pause);
            let within = counter.take(&host, &key.to_string(), limit).within;
            // What is refused here is not counted there either: the two would part.
            if within {
                prop_assert!(naive.take(host.now.get(), key, limit));
            }
            prop_assert!(counter.keys() <= most);
        }
    }
}

#[test]
fn looking_counts_nothing_and_exhausting_takes_all() {
    let (host, counter) = (at(0), Counter::new(10));
    for _ in 0..3 {
        assert_eq!(counter.look(&host, "a", 1), Taken { within: true, remaining: 1, reset: 10 });
    }
    counter.exhaust(&host, "a", 5);
    assert_eq!(counter.take(&host, "a", 5), Taken { within: false, remaining: 0, reset: 10 });
    assert!(counter.take(&host, "b", 5).within);
    host.now.set(10_000);
    assert!(counter.take(&host, "a", 5).within);
}

#[test]
fn a_flood_leaves_what_was_counted_and_takes_bounded_room() {
    let (host, counter) = (at(0), Counter::bounded(60, 100));
    counter.exhaust(&host, "spent", 3);
    for number in 0..50_000 {
        counter.take(&host, &format!("flood {number}"), 3);
    }
    assert_eq!(counter.keys(), 100);
    assert!(!counter.look(&host, "spent", 3).within);
    // The next window has all the room again.
    host.now.set(60_000);
    assert!(counter.take(&host, "spent", 3).within);
    assert_eq!(counter.keys(), 1);
}

#[test]
fn a_clock_that_is_set_back_hands_out_no_fresh_window() {
    let (host, counter) = (at(20_000), Counter::new(10));
    assert!(counter.take(&host, "a", 1).within);
    host.now.set(19_000);
    assert_eq!(counter.take(&host, "a", 1), Taken { within: false, remaining: 0, reset: 11 });
    host.now.set(20_500);
    assert!(!counter.take(&host, "a", 1).within);
    // A clock that was an hour ahead shuts nobody out for an hour.
    host.now.set(-3_600_000);
    assert!(counter.take(&host, "a", 1).within);
}

#[test]
fn the_ends_of_time_do_no_harm() {
    for period in [0, 1, 3_600, u32::MAX] {
        let counter = Counter::new(period);
        for now in [i64::MIN, -1, 0, i64::MAX, i64::MIN] {
            let taken = counter.take(&at(now), "a", 2);
            assert!(taken.reset >= 1, "{period} {now}: {taken:?}");
        }
        assert!(!counter.take(&at(0), "a", 0).within);
    }
}

#[test]
fn a_host_without_chance_counts_all_the_same() {
    let (host, counter) = (at(0), Counter::bounded(10, 1));
    host.has_chance.set(false);
    for key in ["a", "b"] {
        assert!(counter.take(&host, key, 1).within);
        assert!(!counter.take(&host, key, 1).within);
    }
}
