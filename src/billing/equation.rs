//! The proof that every billable hour and every cost is billed once. For hours: billable = unbilled + drafted + billed + written down + written
//! off + rounding, per client, in seconds and in money, each term counted on its own way through the tables: billable from
//! the sums by project, which the doctor adds up anew, unbilled from the entries. Billed is what the issued lines charge;
//! written down is what their hours said and lines changed by hand do not charge; rounding is what lines that nobody
//! changed charge less or more than that: by a rule of rounding, and by the cents by which an hour valued alone and hours
//! priced together differ. For costs (expenses, milestones, charges of retainers): billable = unbilled + drafted + billed +
//! written down, billable and unbilled from the costs, the others from the lines that claim them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::clients;
use crate::error::{AppError, AppResult};
use crate::types::duration;
use crate::types::ids::ClientId;
use crate::types::money::{Currency, Money};
use crate::types::pagination::{PER_PAGE, has_more};

/// The terms of one client.
#[derive(Debug, Clone, QueryableByName, serde::Serialize, utoipa::ToSchema)]
pub struct Equation {
    /// Which client.
    #[diesel(sql_type = BigInt)]
    pub client_id: ClientId,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub client: String,
    /// Where its hours and costs are.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: Terms,
}

impl Equation {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.terms.holds()
    }
}

/// The terms in one currency: hours in seconds and in minor units, costs in minor units. Written down is negative where
/// more was charged than logged; so is rounding where it bills more.
#[derive(Debug, Clone, QueryableByName, serde::Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "each term has its seconds and its minor units")]
pub struct Terms {
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub billable_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub billable_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub unbilled_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub unbilled_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub drafted_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub drafted_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub billed_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub billed_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub written_down_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub written_down_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub written_off_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub written_off_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub rounding_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub rounding_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub costs_billable_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub costs_unbilled_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub costs_drafted_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub costs_billed_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub costs_written_down_cents: i64,
}

/// A row of the equation's table.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// What it is called.
    pub name: &'static str,
    /// Hours, in seconds.
    pub seconds: i64,
    /// Their value in minor units.
    pub cents: i64,
    /// Costs in minor units; `None` where costs have no such term.
    pub cost_cents: Option<i64>,
}

impl Terms {
    /// What the terms miss of the billable seconds; 0 when the equation holds.
    pub fn difference_seconds(&self) -> i64 {
        self.billable_seconds - self.rows().iter().map(|term| term.seconds).sum::<i64>()
    }

    /// What the terms miss of the billable value; 0 when the equation holds.
    pub fn difference_cents(&self) -> i64 {
        self.billable_cents - self.rows().iter().map(|term| term.cents).sum::<i64>()
    }

    /// What the terms miss of the billable costs; 0 when the equation holds.
    pub fn costs_difference_cents(&self) -> i64 {
        self.costs_billable_cents - self.rows().iter().filter_map(|term| term.cost_cents).sum::<i64>()
    }

    /// Whether there is anything to bill, billed or not.
    pub fn is_empty(&self) -> bool {
        self.billable_seconds == 0 && self.costs_billable_cents == 0 && self.holds()
    }

    fn add(&mut self, other: &Self) {
        for (sum, term) in [
            (&mut self.billable_seconds, other.billable_seconds),
            (&mut self.billable_cents, other.billable_cents),
            (&mut self.unbilled_seconds, other.unbilled_seconds),
            (&mut self.unbilled_cents, other.unbilled_cents),
            (&mut self.drafted_seconds, other.drafted_seconds),
            (&mut self.drafted_cents, other.drafted_cents),
            (&mut self.billed_seconds, other.billed_seconds),
            (&mut self.billed_cents, other.billed_cents),
            (&mut self.written_down_seconds, other.written_down_seconds),
            (&mut self.written_down_cents, other.written_down_cents),
            (&mut self.written_off_seconds, other.written_off_seconds),
            (&mut self.written_off_cents, other.written_off_cents),
            (&mut self.rounding_seconds, other.rounding_seconds),
            (&mut self.rounding_cents, other.rounding_cents),
            (&mut self.costs_billable_cents, other.costs_billable_cents),
            (&mut self.costs_unbilled_cents, other.costs_unbilled_cents),
            (&mut self.costs_drafted_cents, other.costs_drafted_cents),
            (&mut self.costs_billed_cents, other.costs_billed_cents),
            (&mut self.costs_written_down_cents, other.costs_written_down_cents),
        ] {
            *sum = sum.saturating_add(term);
        }
    }

    /// Whether it holds, for hours and for costs.
    pub fn holds(&self) -> bool {
        (self.difference_seconds(), self.difference_cents(), self.costs_difference_cents()) == (0, 0, 0)
    }

    /// Each term, for a table.
    pub fn rows(&self) -> [Term; 6] {
        let term = |name, seconds, cents, cost_cents| Term { name, seconds, cents, cost_cents };
        [
            term("Unbilled", self.unbilled_seconds, self.unbilled_cents, Some(self.costs_unbilled_cents)),
            term("On drafts", self.drafted_seconds, self.drafted_cents, Some(self.costs_drafted_cents)),
            term("Billed", self.billed_seconds, self.billed_cents, Some(self.costs_billed_cents)),
            term(
                "Written down",
                self.written_down_seconds,
                self.written_down_cents,
                Some(self.costs_written_down_cents),
            ),
            term("Written off", self.written_off_seconds, self.written_off_cents, None),
            term("Rounding", self.rounding_seconds, self.rounding_cents, None),
        ]
    }
}

// Drafted and billed go by the invoice's client, the others by the entry's: an hour on another client's invoice shows.
// A running timer is stored as lasting nothing, so it need not be left out. A line that counts hours bills its quantity,
// (18 q + 25) / 50 being q ten-thousandths of an hour in whole seconds; a line that counts something else bills all the
// time it holds for its price. A line that bills just what its hours say (`InvoiceLine::is_adjusted`), (50 s + 9) / 18
// being s seconds in ten-thousandths of an hour, differs from them by rounding only.
const TERMS: &str = "\
    SELECT c.id AS client_id, c.name AS client, c.currency, \
      coalesce(b.seconds, 0) AS billable_seconds, coalesce(b.cents, 0) AS billable_cents, \
      coalesce(u.seconds, 0) AS unbilled_seconds, coalesce(u.cents, 0) AS unbilled_cents, \
      coalesce(d.seconds, 0) AS drafted_seconds, coalesce(d.cents, 0) AS drafted_cents, \
      coalesce(i.seconds, 0) AS billed_seconds, coalesce(i.cents, 0) AS billed_cents, \
      coalesce(i.logged_seconds - i.seconds - i.rounding_seconds, 0) AS written_down_seconds, \
      coalesce(i.logged_cents - i.cents - i.rounding_cents, 0) AS written_down_cents, \
      coalesce(w.seconds, 0) AS written_off_seconds, coalesce(w.cents, 0) AS written_off_cents, \
      coalesce(i.rounding_seconds, 0) AS rounding_seconds, coalesce(i.rounding_cents, 0) AS rounding_cents, \
      coalesce(k.cents, 0) AS costs_billable_cents, coalesce(k.unbilled_cents, 0) AS costs_unbilled_cents, \
      coalesce(q.drafted_cents, 0) AS costs_drafted_cents, coalesce(q.billed_cents, 0) AS costs_billed_cents, \
      coalesce(q.written_down_cents, 0) AS costs_written_down_cents \
    FROM clients c \
    LEFT JOIN (SELECT p.client_id, CAST(SUM(h.billable_seconds) AS BIGINT) AS seconds, CAST(SUM(h.cents) AS BIGINT) AS cents \
      FROM projects p JOIN project_hours h ON h.project_id = p.id WHERE TRUE {project} GROUP BY p.client_id) b ON b.client_id = c.id \
    LEFT JOIN (SELECT client_id, CAST(SUM(duration_seconds) AS BIGINT) AS seconds, CAST(SUM(amount_cents) AS BIGINT) AS cents \
      FROM time_entries WHERE is_unbilled {entry} GROUP BY client_id) u ON u.client_id = c.id \
    LEFT JOIN (SELECT v.client_id, CAST(SUM(l.logged_seconds) AS BIGINT) AS seconds, CAST(SUM(l.logged_cents) AS BIGINT) AS cents \
      FROM invoices v JOIN invoice_lines l ON l.invoice_id = v.id AND l.logged_seconds IS NOT NULL \
      WHERE v.issued_at IS NULL {invoice} GROUP BY v.client_id) d ON d.client_id = c.id \
    LEFT JOIN (SELECT v.client_id, CAST(SUM({sign} l.logged_seconds) AS BIGINT) AS logged_seconds, \
        CAST(SUM({sign} l.logged_cents) AS BIGINT) AS logged_cents, CAST(SUM({sign} l.amount_cents) AS BIGINT) AS cents, \
        CAST(SUM({sign} CASE WHEN l.unit = 'HUR' THEN (l.quantity_e4 * 18 + 25) / 50 ELSE l.logged_seconds END) AS BIGINT) AS seconds, \
        CAST(SUM({sign} CASE WHEN l.unit = 'HUR' AND l.unit_price_cents = l.logged_rate_cents \
          AND l.quantity_e4 = (coalesce(l.rounded_seconds, l.logged_seconds) * 50 + 9) / 18 \
          THEN l.logged_seconds - (l.quantity_e4 * 18 + 25) / 50 ELSE 0 END) AS BIGINT) AS rounding_seconds, \
        CAST(SUM({sign} CASE WHEN l.unit = 'HUR' AND l.unit_price_cents = l.logged_rate_cents \
          AND l.quantity_e4 = (coalesce(l.rounded_seconds, l.logged_seconds) * 50 + 9) / 18 \
          THEN l.logged_cents - l.amount_cents - l.discount_cents ELSE 0 END) AS BIGINT) AS rounding_cents \
      FROM invoices v JOIN invoice_lines o ON o.invoice_id = v.id AND o.logged_seconds IS NOT NULL \
        JOIN invoice_lines l ON l.id = coalesce(o.corrects_line_id, o.id) \
      WHERE v.issued_at IS NOT NULL {invoice} GROUP BY v.client_id) i ON i.client_id = c.id \
    LEFT JOIN (SELECT e.client_id, CAST(SUM(e.duration_seconds) AS BIGINT) AS seconds, CAST(SUM(e.amount_cents) AS BIGINT) AS cents \
      FROM time_write_offs o JOIN time_entries e ON e.id = o.time_entry_id WHERE TRUE {written_off} GROUP BY e.client_id) w ON w.client_id = c.id \
    LEFT JOIN (SELECT client_id, CAST(SUM(cents) AS BIGINT) AS cents, \
        CAST(SUM(CASE WHEN is_unbilled THEN cents ELSE 0 END) AS BIGINT) AS unbilled_cents FROM ( \
        SELECT client_id, price_cents AS cents, is_unbilled FROM expenses WHERE is_billable {entry} \
        UNION ALL \
        SELECT p.client_id, m.amount_cents AS cents, m.is_unbilled FROM projects p JOIN milestones m ON m.project_id = p.id \
          WHERE m.reached_on IS NOT NULL AND m.amount_cents IS NOT NULL {project} \
        UNION ALL \
        SELECT p.client_id, r.amount_cents AS cents, r.is_unbilled FROM projects p JOIN retainer_charges r ON r.project_id = p.id \
          WHERE TRUE {project}) a GROUP BY client_id) k ON k.client_id = c.id \
    LEFT JOIN (SELECT v.client_id, \
        CAST(SUM(CASE WHEN v.issued_at IS NULL THEN l.claimed_cents ELSE 0 END) AS BIGINT) AS drafted_cents, \
        CAST(SUM(CASE WHEN v.issued_at IS NULL THEN 0 ELSE l.amount_cents END) AS BIGINT) AS billed_cents, \
        CAST(SUM(CASE WHEN v.issued_at IS NULL THEN 0 ELSE l.claimed_cents - l.amount_cents END) AS BIGINT) AS written_down_cents \
      FROM invoices v JOIN invoice_lines l ON l.invoice_id = v.id AND l.claimed_cents IS NOT NULL \
      WHERE NOT EXISTS (SELECT 1 FROM released_costs g WHERE g.invoice_line_id = l.id) {invoice} \
      GROUP BY v.client_id) q ON q.client_id = c.id \
    WHERE TRUE {client} ORDER BY c.name_key, c.id";

/// A line of a credit note with hours gives back what the line that it completes billed, whatever of it earlier notes took.
const SIGN: &str = "CASE WHEN v.kind = 'credit_note' THEN -1 ELSE 1 END *";

/// The equations of `clients`, or of all.
fn terms(conn: &mut Conn, clients: Option<&[ClientId]>) -> AppResult<Vec<Equation>> {
    let list = clients.map(|ids| ids.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(", "));
    let narrowed =
        |column: &str| list.as_ref().map(|ids| format!("AND {column} IN ({ids})")).unwrap_or_default();
    let text = TERMS
        .replace("{sign}", SIGN)
        .replace("{project}", &narrowed("p.client_id"))
        .replace("{entry}", &narrowed("client_id"))
        .replace("{invoice}", &narrowed("v.client_id"))
        .replace("{written_off}", &narrowed("e.client_id"))
        .replace("{client}", &narrowed("c.id"));
    match clients {
        Some(_) => Ok(diesel::sql_query(text).load(conn)?),
        None => Ok(diesel::sql_query(text).cached().load(conn)?),
    }
}

/// The terms of all clients together, by currency, since two currencies are never added.
pub fn by_currency(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<Terms>> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut sums: Vec<Terms> = Vec::new();
    for Equation { terms, .. } in terms(conn, None)? {
        match sums.iter_mut().find(|sum| sum.currency == terms.currency) {
            Some(sum) => sum.add(&terms),
            None => sums.push(terms),
        }
    }
    Ok(sums)
}

/// The equation of one client.
pub fn of_client(conn: &mut Conn, actor: &Actor, client: ClientId) -> AppResult<Equation> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    terms(conn, Some(&[client]))?.pop().ok_or(AppError::NotFound)
}

/// A page of equations by the clients' names, and the client after whom the next begins.
pub fn page(
    conn: &mut Conn,
    actor: &Actor,
    after: Option<ClientId>,
) -> AppResult<(Vec<Equation>, Option<ClientId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = clients::table
        .select(clients::id)
        .order((clients::name_key, clients::id))
        .limit(PER_PAGE + 1)
        .into_boxed();
    if let Some(after) = after {
        let key: String = clients::table.find(after).select(clients::name_key).first(conn)?;
        let follows = clients::name_key.eq(key.clone()).and(clients::id.gt(after));
        query = query.filter(clients::name_key.gt(key).or(follows));
    }
    let mut ids: Vec<ClientId> = query.load(conn)?;
    let more = has_more(&mut ids, PER_PAGE);
    let next = ids.last().copied().filter(|_| more);
    if ids.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut rows = terms(conn, Some(&ids))?;
    rows.retain(|equation| !equation.terms.is_empty());
    Ok((rows, next))
}

/// A sentence for every client whose equation does not hold.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    Ok(terms(conn, None)?
        .into_iter()
        .filter(|equation| !equation.holds())
        .map(|equation| {
            format!(
                "Client {} ({}): what is billable and the sum of unbilled, drafted, billed, written down, written off and rounding differ by {} h and {}, for costs by {}.",
                equation.client_id,
                equation.client,
                duration::hours(equation.terms.difference_seconds()),
                Money::new(equation.terms.difference_cents(), equation.terms.currency),
                Money::new(equation.terms.costs_difference_cents(), equation.terms.currency),
            )
        })
        .collect())
}
