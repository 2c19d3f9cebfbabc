//! The distribution that docs/revocation.md shows: what a run of a thousand isolates measures, as a page says it.

use std::fmt::Write as _;

use edgeward::api_key::KeyCaching;

use crate::simulation::{
    chance::Spread,
    run::Run,
    strict::Strict,
    world::{HOURS, Setting},
};

/// What stands around the measured part of the page.
const BEGIN: &str = "<!-- simulation:begin -->";
const END: &str = "<!-- simulation:end -->";

/// The length of the longest bar of a chart.
const WIDTH: usize = 48;

/// What a bar stands for, in milliseconds.
const STEP: i64 = 5_000;

/// The worlds that are shown.
fn worlds() -> [(&'static str, Setting); 4] {
    let usual = KeyCaching::default();
    // Mostly seconds, now and then as long as the store says at most.
    let spread = Spread::LogNormal { median: 8_000, width: 1.0 };
    let plain = Setting { spread, ..Setting::of(usual) };
    let strict = Setting { strict: Some(Strict::ONE_VALUE), ..plain.clone() };
    [
        ("The defaults: a written record takes some seconds to most places, and up to the stated 60 to others", plain),
        (
            "The defaults: a written record takes the stated 60 s to everywhere",
            Setting { spread: Spread::Constant(60_000), ..Setting::of(usual) },
        ),
        ("Strict mode with a `maxAge` of 60 s, and the store of the first chart", strict.clone()),
        (
            "Strict mode with a `maxAge` of 60 s, and a store that shows the old record for hours",
            Setting { late: HOURS, ..strict },
        ),
    ]
}

/// Milliseconds as seconds with one digit behind the point, rounded up: no figure looks better than it is.
fn seconds(millis: i64) -> String {
    let tenths = millis.div_euclid(100) + i64::from(millis.rem_euclid(100) > 0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The time within which so many in a hundred were done.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// How many isolates let the key through for how long, as bars that need no renderer.
fn chart(page: &mut String, lasts: &[i64], run: &Run) {
    let bars = run.bound / STEP;
    let counts: Vec<usize> = (0..bars)
        .map(|bar| {
            let from = bar * STEP;
            // The last one has the bound itself.
            let until = if bar + 1 == bars { i64::MAX } else { from + STEP };
            lasts.iter().filter(|last| (from..until).contains(*last)).count()
        })
        .collect();
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    // Writing to a string does not fail.
    let _ = writeln!(page, "    not once {:>4}", run.isolates - lasts.len());
    for (bar, count) in (0..).zip(counts) {
        let length = if count == 0 { 0 } else { (count * WIDTH / most).max(1) };
        let (from, until) = (bar * STEP / 1000, (bar + 1) * STEP / 1000);
        let line = format!("{from:>3} to {until:>3} s {count:>4} {}", "█".repeat(length));
        let _ = writeln!(page, "{}", line.trim_end());
    }
}

/// The measured part of the page, for a seed.
fn page(seed: u64) -> String {
    let mut page = String::new();
    let mut table =
        String::from("| | p50, s | p90, s | p99, s | longest, s | stated bound, s |\n|---|--:|--:|--:|--:|--:|\n");
    for (number, (title, setting)) in (1..).zip(worlds()) {
        let run = setting.run(seed);
        run.holds(title);
        let lasts = run.lasts();
        let [p50, p90, p99] = [50, 90, 99].map(|percent| seconds(percentile(&lasts, percent)));
        let (longest, bound) = (seconds(run.longest()), run.bound / 1000);
        let _ = writeln!(table, "| {number} | {p50} | {p90} | {p99} | {longest} | {bound} |");
        let _ = writeln!(page, "**{number}. {title}.**\n\n```text");
        chart(&mut page, &lasts, &run);
        let _ = writeln!(page, "```\n");
    }
    format!("{page}{table}\nSeed {seed}.\n")
}

fn committed() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/revocation.md");
    std::fs::read_to_string(path).expect("the page").replace("\r\n", "\n")
}

#[test]
fn the_page_shows_what_is_measured() {
    let whole = committed();
    let measured = whole.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).expect("the measured part").0;
    let seed = measured.rsplit_once("Seed ").and_then(|(_, rest)| rest.trim().strip_suffix('.')?.parse().ok());
    assert_eq!(measured.trim(), page(seed.expect("a seed")).trim(), "run `cargo xtask revocation --write`");
}

#[test]
#[ignore = "it prints, for `cargo xtask revocation`"]
fn print() {
    let seed = std::env::var("EDGEWARD_SEED").map_or(1, |seed| seed.parse().expect("EDGEWARD_SEED is a number"));
    println!("{BEGIN}\n{}{END}", page(seed));
}

#[test]
fn figures_are_rounded_up_and_percentiles_are_of_those_who_are_there() {
    assert_eq!([0, 1, 100, 101, 59_999].map(seconds), ["0.0", "0.1", "0.1", "0.2", "60.0"]);
    let sorted: Vec<i64> = (1..=200).collect();
    assert_eq!([50, 90, 99, 100].map(|percent| percentile(&sorted, percent)), [100, 180, 198, 200]);
    assert_eq!((percentile(&[7], 50), percentile(&[], 50)), (7, 0));
}
