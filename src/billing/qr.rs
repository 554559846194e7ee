//! The code that a banking app reads to pay an invoice (EPC069-12, "GiroCode").

use crate::types::money::{Currency, Money};

/// A credit transfer as its twelve lines. `None` where it cannot be one: other currencies than the euro, amounts
/// outside 0.01 to 999,999,999.99, no account or no name.
pub fn transfer(
    name: &str,
    iban: &str,
    bic: &str,
    cents: i64,
    currency: Currency,
    reference: &str,
) -> Option<String> {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let payable = currency == Currency::EUR && (1..=99_999_999_999).contains(&cents);
    if !payable || iban.is_empty() || name.is_empty() {
        return None;
    }
    let amount = format!("EUR{}", Money::new(cents, currency).plain());
    let lines = ["BCD", "002", "1", "SCT", bic, &cut(name, 70), iban, &amount, "", "", &cut(reference, 140)];
    Some(lines.join("\n"))
}
