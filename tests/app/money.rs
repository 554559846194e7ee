//! Money, durations and zones: what is written can be read, and every rounding is the named one.

use bureau::types::clock::UtcTime;
use bureau::types::duration;
use bureau::types::money::{
    Currency, MAX_CENTS, Money, div_round, entry_amount, hours_e4, line_net, parse_decimal, plain_decimal,
    tax,
};
use bureau::types::zone::{self, Instant, Tz};
use chrono::NaiveDateTime;
use proptest::prelude::*;

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn an_amount_as_a_form_shows_it_reads_back(cents in -MAX_CENTS..=MAX_CENTS, currency in currency()) {
        let text = Money::new(cents, currency).plain();
        prop_assert_eq!(parse_decimal(&text, currency.decimals()), Some(cents), "{}", text);
    }

    #[test]
    fn an_amount_as_a_page_shows_it_reads_back(cents in -MAX_CENTS..=MAX_CENTS, currency in currency()) {
        let shown = Money::new(cents, currency).to_string();
        let number: String = shown.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '−')).collect();
        prop_assert_eq!(parse_decimal(&number, currency.decimals()), Some(cents), "{}", shown);
    }

    #[test]
    fn a_scaled_number_reads_back(value in any::<i32>(), decimals in 0_u32..=4) {
        let text = plain_decimal(i64::from(value), decimals);
        prop_assert_eq!(parse_decimal(&text, decimals), Some(i64::from(value)), "{}", text);
    }

    #[test]
    fn reading_a_number_never_panics(text in "\\PC{0,30}", decimals in 0_u32..=4) {
        let _ = parse_decimal(&text, decimals);
        let _ = duration::parse(&text);
    }

    #[test]
    fn reading_digits_and_marks_never_panics(text in "[-+−0-9., hms:'\u{a0}]{0,40}", decimals in 0_u32..=4) {
        let _ = parse_decimal(&text, decimals);
        let _ = duration::parse(&text);
    }

    #[test]
    fn rounding_is_to_the_nearest_and_alike_on_both_sides_of_zero(
        numerator in -1_000_000_000_000_i128..1_000_000_000_000,
        denominator in 1_i128..1_000_000,
    ) {
        let rounded = i128::from(div_round(numerator, denominator).unwrap());
        prop_assert!((rounded * denominator - numerator).abs() * 2 <= denominator);
        prop_assert_eq!(div_round(-numerator, denominator).map(i128::from), Some(-rounded));
    }

    #[test]
    fn exactly_half_goes_away_from_zero(whole in 0_i64..1_000_000_000) {
        prop_assert_eq!(div_round(i128::from(whole) * 2 + 1, 2), Some(whole + 1));
        prop_assert_eq!(div_round(-(i128::from(whole) * 2 + 1), 2), Some(-whole - 1));
    }

    #[test]
    fn a_stopwatch_reads_back(seconds in 0_i64..=duration::MAX_SECONDS) {
        prop_assert_eq!(duration::parse(&duration::stopwatch(seconds)), Some(seconds));
    }

    #[test]
    fn whole_minutes_read_back(minutes in 0_i64..=duration::MAX_SECONDS / 60) {
        prop_assert_eq!(duration::parse(&duration::clock(minutes * 60)), Some(minutes * 60));
        prop_assert_eq!(duration::parse(&format!("{minutes}m")), Some(minutes * 60));
    }

    #[test]
    fn the_printed_quantity_reproduces_the_amount(seconds in 0_i64..360_000, rate in 0_i64..1_000_000) {
        // What a customer computes from the printed quantity is what stands at the end of the line.
        let quantity = hours_e4(seconds).unwrap();
        let printed = parse_decimal(&plain_decimal(quantity, 4), 4).unwrap();
        prop_assert_eq!(line_net(printed, rate), line_net(quantity, rate));
    }

    #[test]
    fn an_instant_comes_back_from_its_wall_clock(seconds in 0_i64..4_000_000_000, name in prop::sample::select(
        vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"],
    )) {
        let zone = zone::zone(name);
        let at = UtcTime::from_datetime(chrono::DateTime::from_timestamp(seconds, 0).unwrap());
        let found = match zone::resolve(zone::local_time(at, zone), zone).unwrap() {
            Instant::One(one) => one == at,
            Instant::Ambiguous(first, second) => first == at || second == at,
            Instant::Skipped(_) => false,
        };
        prop_assert!(found);
    }
}

#[test]
fn minor_units_follow_the_currency() {
    let amount = |code: &str, cents| Money::new(cents, code.parse().unwrap());
    assert_eq!(amount("JPY", 4_820).to_string(), "¥4,820");
    assert_eq!(amount("EUR", 482_000).to_string(), "€4,820.00");
    assert_eq!(amount("KWD", 4_820_000).to_string(), "KWD\u{a0}4,820.000");
    assert_eq!(amount("EUR", -1_250).to_string(), "−€12.50");
    assert_eq!(amount("EUR", 5).plain(), "0.05");
    assert_eq!(amount("KWD", -5).plain(), "-0.005");
    assert_eq!(amount("JPY", -5).plain(), "-5");
    assert_eq!(amount("EUR", i64::MIN).plain(), "-92233720368547758.08");
}

#[test]
fn a_tile_shows_the_nearest_whole_units() {
    for (code, cents, wanted) in [
        ("EUR", 1_842_000, "€18,420"),
        ("EUR", 1_842_049, "€18,420"),
        ("EUR", 1_842_050, "€18,421"),
        ("EUR", 673_158, "€6,732"),
        ("EUR", 99_950, "€1,000"),
        ("EUR", -673_150, "−€6,732"),
        ("EUR", -673_149, "−€6,731"),
        ("EUR", -150, "−€2"),
        ("EUR", 0, "€0"),
        ("EUR", 100, "€1"),
        // Less than one unit would be nothing, or twice as much as it is.
        ("EUR", 99, "€0.99"),
        ("EUR", -40, "−€0.40"),
        ("CHF", 5_950, "CHF\u{a0}60"),
        ("JPY", 18_420, "¥18,420"),
        ("JPY", -1, "−¥1"),
        ("KWD", 4_820_499, "KWD\u{a0}4,820"),
        ("KWD", 4_820_500, "KWD\u{a0}4,821"),
        ("KWD", -1_500, "−KWD\u{a0}2"),
        ("EUR", i64::MAX, "€92,233,720,368,547,758"),
        // What would not fit stays as it is, too.
        ("KWD", i64::MAX, "KWD\u{a0}9,223,372,036,854,775.807"),
    ] {
        assert_eq!(Money::new(cents, code.parse().unwrap()).whole(), wanted, "{code} {cents}");
    }
}

#[test]
fn numbers_are_read_as_people_type_them() {
    for (text, decimals, wanted) in [
        ("90", 2, Some(9_000)),
        ("1,234.50", 2, Some(123_450)),
        ("1.234,50", 2, Some(123_450)),
        ("1.234.567", 2, Some(123_456_700)),
        ("1 020,5", 2, Some(102_050)),
        ("1'020.50", 2, Some(102_050)),
        ("−3.20", 2, Some(-320)),
        (".5", 2, Some(50)),
        ("9.975", 3, Some(9_975)),
        ("0,25", 4, Some(2_500)),
        ("1.250", 4, Some(12_500)),
        ("", 2, None),
        ("-", 2, None),
        (".", 2, None),
        ("1.2.3", 2, None),
        ("12,34,56", 2, None),
        ("1e5", 2, None),
        ("NaN", 2, None),
        ("١٢", 2, None),
        ("0.005", 2, None),
        ("99999999999999999999", 2, None),
    ] {
        assert_eq!(parse_decimal(text, decimals), wanted, "{text:?} with {decimals} places");
    }
}

/// "1,000" must never become 1.00: a thousand is what Bureau itself writes so, and where a thousand and a fraction
/// look alike nothing is guessed.
#[test]
fn a_thousand_is_not_read_as_one() {
    assert_eq!(parse_decimal("1,000", 2), Some(100_000));
    assert_eq!(parse_decimal("12,500", 2), Some(1_250_000));
    assert_eq!(parse_decimal("4,820", 0), Some(4_820));
    assert_eq!(parse_decimal("1.000", 2), None);
    assert_eq!(parse_decimal("12.500", 0), None);
    assert_eq!(parse_decimal("0.500", 2), Some(50), "no thousand begins with a zero");
    assert_eq!(parse_decimal("0,500", 2), Some(50));
    assert_eq!(parse_decimal("1234,500", 2), Some(123_450), "nor has four digits before its mark");
}

#[test]
fn durations_are_read_as_people_type_them() {
    for (text, wanted) in [
        ("1.5", Some(5_400)),
        ("1,5", Some(5_400)),
        ("1:30", Some(5_400)),
        ("1:30:15", Some(5_415)),
        ("90m", Some(5_400)),
        ("2h", Some(7_200)),
        ("1h 30m", Some(5_400)),
        ("45s", Some(45)),
        ("1.5h", Some(5_400)),
        ("0", Some(0)),
        ("1:60", None),
        ("1:30:60", None),
        ("30m 1h", None),
        ("1h 1h", None),
        ("-1", None),
        ("h", None),
        (":30", None),
        ("1:2:3:4", None),
        ("9999999999:00", None),
        ("99999999999999999999h", None),
    ] {
        assert_eq!(duration::parse(text), wanted, "{text:?}");
    }
    assert_eq!(duration::clock(5_459), "1:30", "a minute that was not worked is not shown");
    assert_eq!(duration::hours(5_400), "1.5");
    assert_eq!(duration::column_hours(5_400), "1.50");
    assert_eq!(duration::column_hours(-306_001), "−85.00");
    assert_eq!(duration::stopwatch(36_062), "10:01:02");
}

/// field.md, rule 8: rounded at the line and at the tax group, never at tax per line.
#[test]
fn tax_is_rounded_once_per_rate() {
    let base = line_net(50 * 10_000, 24_167).unwrap();
    assert_eq!(base, 1_208_350);
    assert_eq!(tax(base, 20_000), Some(241_670));
    assert_eq!(tax(14_000, 5_000).zip(tax(14_000, 9_975)), Some((700, 1_397)));
    assert_eq!(tax(114_000, 5_000).zip(tax(114_000, 9_975)), Some((5_700, 11_372)));
    assert_eq!(tax(-14_000, 9_975), Some(-1_397), "a credit note mirrors its invoice");
}

/// field.md, rules 8 and 9: seconds are summed first; the quantity has four places and its amount is computed from it.
#[test]
fn hours_are_priced_by_their_printed_quantity() {
    let price = |seconds, rate| line_net(hours_e4(seconds).unwrap(), rate).unwrap();
    assert_eq!(price(1_800, 3_225), 1_613);
    assert_eq!(price(2 * 900, 2_750), 1_375);
    assert_eq!(hours_e4(3_000), Some(8_333));
    assert_eq!(price(3_000, 10_000), 8_333);
    assert_eq!(entry_amount(1_800, 3_225), Some(1_613));
}

#[test]
fn arithmetic_that_does_not_fit_is_refused() {
    assert_eq!(div_round(1, 0), None);
    assert_eq!(div_round(i128::MAX, 1), None);
    assert_eq!(line_net(i64::MAX, i64::MAX), None);
    assert_eq!(tax(i64::MAX, 100_000), Some(i64::MAX));
    assert_eq!(entry_amount(i64::MAX, i64::MAX), None);
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn seconds_between(from: &str, to: &str, zone: Tz) -> i64 {
    let at = |text| zone::resolve(wall(text), zone).unwrap().earliest();
    at(to).seconds_since(at(from))
}

/// field.md, rule 18.
#[test]
fn a_day_is_as_long_as_the_clocks_made_it() {
    let berlin = zone::zone("Europe/Berlin");
    assert_eq!(seconds_between("2021-10-31T00:00:00", "2021-11-01T00:00:00", berlin), 25 * 3_600);
    assert_eq!(seconds_between("2020-03-29T00:00:00", "2020-03-30T00:00:00", berlin), 23 * 3_600);
    assert_eq!(seconds_between("2020-03-29T01:49:00", "2020-03-29T03:15:00", berlin), 26 * 60);
}

#[test]
fn a_repeated_hour_is_two_instants_and_a_skipped_one_moves_forward() {
    let berlin = zone::zone("Europe/Berlin");
    let Some(Instant::Ambiguous(first, second)) = zone::resolve(wall("2021-10-31T02:30:00"), berlin) else {
        panic!("02:30 happened twice")
    };
    assert_eq!(second.seconds_since(first), 3_600);
    let Some(Instant::Skipped(at)) = zone::resolve(wall("2020-03-29T02:30:00"), berlin) else {
        panic!("02:30 did not happen")
    };
    assert_eq!(zone::local_time(at, berlin), wall("2020-03-29T03:00:00"));
    let apia = zone::zone("Pacific/Apia");
    let Some(Instant::Skipped(at)) = zone::resolve(wall("2011-12-30T12:00:00"), apia) else {
        panic!("that Friday did not happen")
    };
    assert_eq!(zone::local_time(at, apia), wall("2011-12-31T00:00:00"));
}

#[test]
fn an_instant_belongs_to_the_local_day() {
    let at = UtcTime::from_datetime("2026-11-19T23:30:00Z".parse().unwrap());
    assert_eq!(zone::local_date(at, zone::zone("Europe/Berlin")).to_string(), "2026-11-20");
    assert_eq!(zone::local_date(at, zone::zone("America/New_York")).to_string(), "2026-11-19");
    assert_eq!(
        zone::local_date(at, zone::zone("No/Where")).to_string(),
        "2026-11-19",
        "unknown zones are UTC"
    );
}

#[test]
fn what_may_be_one_or_a_thousand_is_told_from_what_is_clear() {
    for (text, is_unclear) in [
        ("1,000", true),
        ("12,500", true),
        ("0,500", false),
        ("1,5", false),
        ("1000", false),
        ("1.000", false),
        ("1,234.5", false),
    ] {
        assert_eq!(bureau::types::money::may_be_a_thousand(text), is_unclear, "{text}");
    }
}
