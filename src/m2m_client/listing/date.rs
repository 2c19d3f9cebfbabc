//! Dates as issuers write them (RFC 3339 §5.6).

/// The second since the Unix epoch of a date with its time, as `2024-01-15T12:30:00.000Z`; none for what is none. Parts of a
/// second are dropped.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (time, offset) = split_offset(rest)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let time = time.split_once('.').map_or(Some(time), |(whole, part)| {
        (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(whole)
    })?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    // A leap second counts as the one before it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let of_day = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second.min(59))?;
    days(year, month, day)?.checked_mul(86_400)?.checked_add(of_day)?.checked_sub(offset)
}

/// The time of a day, and how far it is ahead of UTC, in seconds.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let place = text.rfind(['+', '-'])?;
    let (time, offset) = text.split_at_checked(place)?;
    let [hours, minutes] = numbers(offset.get(1..)?, ':', [2, 2])?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    Some((time, if offset.starts_with('-') { seconds.checked_neg()? } else { seconds }))
}

/// Numbers of so many digits each, parted by this.
fn numbers<const N: usize>(text: &str, parting: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(parting);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// The days from the Unix epoch to a day of the calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28_i64.checked_add(i64::from(leap))?,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // A year that begins in March has its leap day at the end, and all its months in a pattern of 153 days for five.
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let of_year = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?.checked_sub(1)?;
    let leaps = year.div_euclid(4).checked_sub(year.div_euclid(100))?.checked_add(year.div_euclid(400))?;
    year.checked_mul(365)?.checked_add(leaps)?.checked_add(of_year)?.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // From Python: datetime.fromisoformat(…).timestamp().
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2024-01-15T12:30:00.000Z", 1_705_321_800),
            ("2024-02-29t23:59:59z", 1_709_251_199),
            ("2000-03-01 00:00:00+00:00", 951_868_800),
            ("2026-05-28T20:26:40.999999+02:00", 1_779_992_800),
            ("1969-12-31T19:00:00-05:00", 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "T",
            "2024-01-15",
            "2024-01-15T12:30Z",
            "2024-01-15T12:30:00",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-15T24:00:00Z",
            "2024-01-15T12:30:00.Z",
            "2024-01-15T12:30:00+2:00",
            "24-01-15T12:30:00Z",
            "2024-01-15T12:30:00ZZ",
            "١٢٣٤-01-15T12:30:00Z",
            "2024-01-15T12:30:00+02:00:00",
            "1705321800",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
