//! The stated bound, in every run: from the moment that an end was written no isolate lets the key through for longer,
//! nobody is refused before, and where a store does not answer the answer is "cannot tell".

use edgeward::api_key::KeyCaching;

use crate::simulation::{
    chance::Spread,
    run::{Came, Run},
    store::Manners,
    world::Setting,
};

/// Policies of all kinds.
pub(crate) const CACHINGS: [KeyCaching; 8] = [
    KeyCaching { cache: 15, max_stale: 0, store_cache: 30, store_propagation: 60, timeout: 2000 },
    KeyCaching::NONE,
    KeyCaching { cache: 5, max_stale: 0, store_cache: 0, store_propagation: 0, timeout: 500 },
    KeyCaching { cache: 0, max_stale: 0, store_cache: 30, store_propagation: 10, timeout: 2000 },
    KeyCaching { cache: 60, max_stale: 0, store_cache: 0, store_propagation: 10, timeout: 1000 },
    KeyCaching { cache: 15, max_stale: 30, store_cache: 60, store_propagation: 60, timeout: 2000 },
    KeyCaching { cache: 0, max_stale: 30, store_cache: 0, store_propagation: 10, timeout: 10_000 },
    KeyCaching { cache: 5, max_stale: 30, store_cache: 60, store_propagation: 0, timeout: 300 },
];

/// The ways in which a written value may take to the places of a store, cut off at what it states.
fn spreads(stated: u32) -> [Spread; 5] {
    let most = i64::from(stated) * 1000;
    [
        Spread::Constant(most),
        Spread::Uniform(0, most + 1),
        Spread::Exponential { mean: most / 4 },
        Spread::LogNormal { median: most / 10, width: 1.0 },
        Spread::Bimodal { usual: (0, most / 20), rare: (most / 2, most + 1), in_thousand: 100 },
    ]
}

/// One policy after the other, each with another spread.
fn settings(manners: Manners, outages: usize) -> impl Iterator<Item = Setting> {
    CACHINGS.into_iter().enumerate().map(move |(number, caching)| Setting {
        spread: spreads(caching.store_propagation)[number % 5],
        manners,
        outages,
        ..Setting::of(caching)
    })
}

fn undecided(run: &Run) -> usize {
    run.count(|seen| matches!(seen.came, Came::Undecided(_)))
}

#[test]
fn a_thousand_isolates_keep_the_bound_while_the_store_answers() {
    for (seed, setting) in (1..).zip(settings(Manners::GOOD, 0)) {
        let run = setting.run(seed);
        run.holds(&format!("seed {seed}, {setting:?}"));
        // Where nothing fails, nothing stale is used.
        let without_stale = run.bound - i64::from(setting.caching.max_stale) * 1000;
        let shortest = without_stale.max(i64::from(setting.caching.timeout));
        assert!(run.longest() <= shortest, "{} of {shortest} ms, seed {seed}, {setting:?}", run.longest());
    }
}

#[test]
fn a_thousand_isolates_keep_the_bound_while_the_store_fails_and_the_hosts_timers_too() {
    for (seed, setting) in (101..).zip(settings(Manners::POOR, 3)) {
        let run = setting.run(seed);
        run.holds(&format!("seed {seed}, {setting:?}"));
        assert!(undecided(&run) > 0, "the store failed, and everybody could tell");
    }
}

#[test]
fn every_spread_and_many_seeds_keep_it() {
    for seed in 1_000..1_050 {
        let chosen = usize::try_from(seed).expect("small");
        let caching = CACHINGS[chosen % 8];
        let setting = Setting {
            isolates: 100,
            places: 10,
            spread: spreads(caching.store_propagation)[chosen % 5],
            manners: if chosen % 3 == 0 { Manners::GOOD } else { Manners::POOR },
            outages: chosen % 4,
            ..Setting::of(caching)
        };
        setting.run(seed).holds(&format!("seed {seed}, {setting:?}"));
    }
}

#[test]
fn while_the_store_answers_stale_facts_serve_who_asks_for_nothing_else() {
    // What is allowed for outages alone shows in outages alone.
    let caching = KeyCaching { cache: 5, max_stale: 60, store_cache: 0, store_propagation: 0, timeout: 2000 };
    let healthy = Setting::of(caching).run(7);
    let troubled = Setting { outages: 12, manners: Manners::POOR, ..Setting::of(caching) }.run(7);
    healthy.holds("a store that answers");
    troubled.holds("a store that does not");
    assert!(healthy.longest() <= 5_000 && troubled.longest() > 10_000, "{} {}", healthy.longest(), troubled.longest());
}

#[test]
fn one_seed_is_one_course_of_things() {
    let setting = Setting { isolates: 100, manners: Manners::POOR, outages: 2, ..Setting::of(CACHINGS[5]) };
    let told = |seed| {
        let run = setting.run(seed);
        run.log.iter().map(|seen| (seen.isolate, seen.at, seen.came)).collect::<Vec<_>>()
    };
    assert!(told(1) == told(1) && told(1) != told(2));
}
