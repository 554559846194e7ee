//! Days and times of day in words.

use bureau::types::calendar::{day_month, day_month_year, hour_minute};
use chrono::{NaiveDate, NaiveTime};
use proptest::prelude::*;

proptest! {
    #[test]
    fn days_and_times_read_as_chrono_writes_them(days in 1..3_000_000_i32, seconds in 0..86_400_u32) {
        let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
        prop_assert_eq!(day_month(date), date.format("%-d %b").to_string());
        prop_assert_eq!(day_month_year(date), format!("{} {}", date.format("%-d %b"), date.format("%Y").to_string().trim_start_matches('0')));
        let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap();
        prop_assert_eq!(hour_minute(time), time.format("%H:%M").to_string());
    }
}
