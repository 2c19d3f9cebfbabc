//! The other ends of a key, and of what it may do: the same bound for what somebody writes, and the very second for what
//! stood in the record before.

use edgeward::{api_key::KeyCaching, verdict::Reason};

use crate::{
    bound::CACHINGS,
    simulation::{
        run::Came,
        store::Manners,
        world::{End, Setting},
    },
};

#[test]
fn a_key_that_is_switched_off_and_a_scope_that_is_taken_away_keep_the_bound() {
    for (seed, end) in (1..).zip([End::Disabled, End::Narrowed]) {
        let good = Setting { end, ..Setting::of(KeyCaching::default()) };
        let poor = Setting { end, manners: Manners::POOR, outages: 3, ..Setting::of(CACHINGS[6]) };
        for setting in [good, poor] {
            let run = setting.run(seed);
            run.holds(&format!("seed {seed}, {setting:?}"));
            assert!(run.longest() > 0, "{setting:?}");
            if end == End::Narrowed {
                assert!(run.count(|seen| seen.came == Came::New) > 1000, "it goes on with what it may still do");
            }
        }
    }
}

#[test]
fn the_overlap_of_a_rotation_ends_at_its_second_or_within_the_bound_where_it_is_shorter() {
    for (seed, overlap) in [(1, 300), (2, 10)] {
        let setting = Setting { end: End::Rotated(overlap), ..Setting::of(KeyCaching::default()) };
        let run = setting.run(seed);
        run.holds(&format!("an overlap of {overlap} s"));
        let last = run.written + run.longest();
        let overlap_ends = run.terms.refused_from;
        if overlap == 300 {
            assert_eq!(run.terms.last_old, overlap_ends - 1);
            assert!((overlap_ends - 1_000..overlap_ends).contains(&last), "{} ms before", overlap_ends - last);
        } else {
            assert!(last > overlap_ends, "some did not know yet, and were not to");
        }
    }
}

#[test]
fn a_key_expires_at_its_second_whatever_is_kept() {
    for (seed, caching) in
        (1..).zip([KeyCaching { cache: 3600, max_stale: 3600, ..KeyCaching::default() }, CACHINGS[6]])
    {
        let setting = Setting { end: End::Expired, manners: Manners::POOR, outages: 2, ..Setting::of(caching) };
        let run = setting.run(seed);
        run.holds(&format!("{setting:?}"));
        assert_eq!(run.longest(), 0, "nobody is let through from the second of its end on");
        assert!(run.count(|seen| seen.came == Came::Refused(Reason::KeyExpired)) > 1000);
    }
}
