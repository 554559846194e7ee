//! What must hold of quotes: that they add up, and that what was sent and answered is what is stored.

use diesel::prelude::*;

use crate::billing::outline::Outline;
use crate::db::Conn;
use crate::db::schema::{quote_answers, quote_versions};
use crate::error::AppResult;
use crate::keys::sha256_hex;
use crate::types::ids::{QuoteId, QuoteVersionId};

/// Versions read at a time.
const BATCH: i64 = 200;

/// A version: which, of which quote and in which place, what it says and adds up to, its document with its hash, and the
/// hash that was answered.
type Version = (
    (QuoteVersionId, QuoteId, i64),
    (Outline, i64, i64, i64),
    (Option<String>, Option<String>, Option<String>),
);

/// A sentence for every version of a quote whose sums, document or answer do not hold.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let mut faults = Vec::new();
    let mut after = QuoteVersionId(0);
    loop {
        let rows: Vec<Version> = quote_versions::table
            .left_join(quote_answers::table.on(quote_answers::version_id.eq(quote_versions::id)))
            .filter(quote_versions::id.gt(after))
            .order(quote_versions::id)
            .limit(BATCH)
            .select((
                (quote_versions::id, quote_versions::quote_id, quote_versions::ordinal),
                (
                    quote_versions::content,
                    quote_versions::net_cents,
                    quote_versions::tax_cents,
                    quote_versions::total_cents,
                ),
                (quote_versions::html, quote_versions::sha256, quote_answers::document_sha256.nullable()),
            ))
            .load(conn)?;
        let Some(((last, ..), ..)) = rows.last() else { return Ok(faults) };
        after = *last;
        for ((_, quote, ordinal), (outline, net, tax, total), (html, stored, answered)) in rows {
            let mut fault = |what: &str| faults.push(format!("Quote {quote}, version {ordinal}: {what}."));
            let totals = &outline.totals;
            let adds_up = outline.computed().is_ok_and(|computed| computed == *totals)
                && (totals.net, totals.tax, totals.total) == (net, tax, total);
            if !adds_up {
                fault("its lines and taxes do not add up to its total");
            }
            if html.map(|html| sha256_hex(&html)) != stored {
                fault("its document is not the one that was sent");
            }
            if answered.is_some_and(|answered| Some(answered) != stored) {
                fault("what was answered is not what was sent");
            }
        }
    }
}
