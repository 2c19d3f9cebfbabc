//! Texts of records as they are shown to people, and dates.

/// The longest text of a record that is shown, in characters.
const LONGEST: usize = 200;

/// How many seconds a day has.
pub(super) const DAY: i64 = 86_400;

/// A text of a record, cut where it is long: a line of a list is no place for a book.
pub(super) fn brief(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether a character moves others about, or does not show: controls, and the formatting of bidirectional text (Unicode
/// Annex 9), with which a name can be made to look like another.
pub(super) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// How many whole days lie between two times, in seconds; none where the second does not come after the first.
pub(super) const fn days_between(from: i64, to: i64) -> i64 {
    let seconds = to.saturating_sub(from);
    if seconds > 0 { seconds.div_euclid(DAY) } else { 0 }
}

/// Whether more than so many days have passed between two times, to the second.
pub(super) fn is_more_than(days: u16, from: i64, to: i64) -> bool {
    to.saturating_sub(from) > i64::from(days).saturating_mul(DAY)
}

/// The day of a time in seconds since the Unix epoch, in UTC, as `2026-05-28`. What lies beyond the years from 1 to 9999
/// is said in seconds.
pub(super) fn day(seconds: i64) -> String {
    /// 0001-01-01 and 9999-12-31, as days since the Unix epoch.
    const YEARS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;
    let day = seconds.div_euclid(DAY);
    if !YEARS.contains(&day) {
        return format!("second {seconds}");
    }
    // Days since 0000-03-01: a year that begins in March has its leap day at the end, and all its months in a pattern of
    // 153 days for five of them.
    let day = day.saturating_add(719_468);
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let leap_days = (of_era / 1_460).saturating_sub(of_era / 36_524).saturating_add(of_era / 146_096);
    let year_of_era = of_era.saturating_sub(leap_days) / 365;
    let before = year_of_era.saturating_mul(365).saturating_add(year_of_era / 4).saturating_sub(year_of_era / 100);
    let of_year = of_era.saturating_sub(before);
    let month = of_year.saturating_mul(5).saturating_add(2) / 153;
    let of_month = of_year.saturating_sub(month.saturating_mul(153).saturating_add(2) / 5).saturating_add(1);
    let (month, carried) = if month < 10 { (month.saturating_add(3), 0) } else { (month.saturating_sub(9), 1) };
    let year = era.saturating_mul(400).saturating_add(year_of_era).saturating_add(carried);
    format!("{year:04}-{month:02}-{of_month:02}")
}

/// The minute of a time in seconds since the Unix epoch, in UTC, as `2026-05-28 20:26 UTC`.
pub(super) fn moment(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(DAY);
    format!("{} {:02}:{:02} UTC", day(seconds), of_day / 3_600, of_day % 3_600 / 60)
}

/// A number of days in words.
pub(super) fn count(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // From Python: datetime.fromtimestamp(…, timezone.utc).
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_780_000_000, "2026-05-28"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (-62_135_596_800, "0001-01-01"),
            (253_402_300_799, "9999-12-31"),
            (253_402_300_800, "second 253402300800"),
            (i64::MAX, "second 9223372036854775807"),
            (i64::MIN, "second -9223372036854775808"),
        ] {
            assert_eq!(day(seconds), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(brief("short"), "short");
        assert_eq!(brief(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(brief(&"é".repeat(201)), format!("{}…", "é".repeat(200)));
    }

    #[test]
    fn spans_are_counted_to_the_second() {
        assert!(!is_more_than(2, 0, 2 * DAY) && is_more_than(2, 0, 2 * DAY + 1));
        assert!(!is_more_than(1, i64::MAX, i64::MIN) && is_more_than(1, i64::MIN, i64::MAX));
        assert_eq!((days_between(0, DAY - 1), days_between(0, DAY), days_between(DAY, 0)), (0, 1, 0));
    }
}
