//! The payment ledger: rows only ever added, a reversal or refund is a row with the opposite sign.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::exchange::{self, Rate};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::issue::PAR_E6;
use crate::billing::model::{self, Invoice};
use crate::db::schema::{invoices, payment_allocations, payments};
use crate::db::sum::sum;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::{Currency, Money};

crate::text_enum! {
    /// How money came in.
    pub enum PaymentMethod {
        /// Into our account.
        BankTransfer = "bank_transfer", "Bank transfer";
        /// By card.
        Card = "card", "Card";
        /// In notes.
        Cash = "cash", "Cash";
        /// Collected by us.
        DirectDebit = "direct_debit", "Direct debit";
        /// Any other way.
        Other = "other", "Other";
    }
}

crate::text_enum! {
    /// Why a payment is taken back.
    pub enum ReversalKind {
        /// It was recorded wrongly or never came in: the fee falls away with it.
        Correction = "correction", "Reversal";
        /// The client had its bank take it back; the fee stays with ours.
        Chargeback = "chargeback", "Chargeback";
    }
}

/// A payment, or the reversal of one.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payments)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// From whom.
    pub client_id: ClientId,
    /// When it came in.
    pub received_on: NaiveDate,
    /// Minor units; negative for a reversal.
    pub amount_cents: i64,
    /// Their currency.
    pub currency: Currency,
    /// How it came in.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: String,
    /// What the bank kept of it, in minor units; negative where a reversal gives it back.
    pub fee_cents: i64,
    /// The payment that this row takes back.
    pub reverses_id: Option<PaymentId>,
    /// Why it does.
    pub reversal_kind: Option<ReversalKind>,
    /// The payment whose rest this row gives back to the client.
    pub refunds_id: Option<PaymentId>,
    /// One unit of its currency in millionths of the agency's.
    pub exchange_rate_e6: Option<i64>,
    /// The agency's currency at that time.
    pub base_currency: Option<Currency>,
    /// When it was recorded.
    pub created_at: UtcTime,
}

impl Payment {
    /// What reached our account, in minor units.
    pub fn received_cents(&self) -> i64 {
        self.amount_cents - self.fee_cents
    }

    /// What it is: a reversal, a chargeback, a refund, or how it came in.
    pub fn label(&self) -> &'static str {
        match self.reversal_kind {
            Some(kind) => kind.label(),
            None if self.amount_cents < 0 => "Refund",
            None => self.method.label(),
        }
    }

    /// The rate it came in at.
    pub fn rate(&self) -> Option<Rate> {
        Rate::stored(self.base_currency, self.exchange_rate_e6)
    }
}

/// A payment with what it means for one invoice.
#[derive(Debug, Clone)]
pub struct PaymentRow {
    /// The payment.
    pub payment: Payment,
    /// What of it went to this invoice.
    pub allocated_cents: i64,
    /// What that gained or lost by the exchange rate since the invoice, where its currency is not ours.
    pub difference: Option<Money>,
    /// Whether a later row takes it back.
    pub is_reversed: bool,
}

impl PaymentRow {
    /// A payment that came in for an invoice that asked for nothing any more.
    pub fn beside(payment: Payment) -> Self {
        Self { payment, allocated_cents: 0, difference: None, is_reversed: false }
    }

    /// Whether it may be taken back: what came in and still counts.
    pub fn can_reverse(&self) -> bool {
        !self.is_reversed && self.payment.amount_cents > 0
    }
}

/// A payment to be recorded.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// When it came in.
    pub received_on: NaiveDate,
    /// Minor units, more than nothing.
    pub amount_cents: i64,
    /// What the bank kept of it, in minor units; less than the amount.
    pub fee_cents: i64,
    /// How it came in.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: String,
    /// One unit of its currency in millionths of the agency's; `None` takes that of the first invoice it settles.
    pub exchange_rate_e6: Option<i64>,
    /// Whether what is more than the invoices ask for stays as the client's credit.
    pub keeps_rest: bool,
    /// The same key is never recorded twice.
    pub idempotency_key: Option<String>,
}

/// The payments on an invoice, oldest first.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<PaymentRow>> {
    type Row = (Payment, i64, Option<Currency>, Option<i64>);
    let rows: Vec<Row> = payment_allocations::table
        .inner_join(payments::table)
        .inner_join(invoices::table)
        .filter(payment_allocations::invoice_id.eq(id))
        .order(payment_allocations::id)
        .select((
            Payment::as_select(),
            payment_allocations::amount_cents,
            invoices::base_currency,
            invoices::exchange_rate_e6,
        ))
        .load(conn)?;
    let reversed: Vec<PaymentId> = rows.iter().filter_map(|(payment, ..)| payment.reverses_id).collect();
    Ok(rows
        .into_iter()
        .map(|(payment, allocated_cents, base, rate)| PaymentRow {
            is_reversed: reversed.contains(&payment.id),
            difference: exchange::difference(
                Money::new(allocated_cents, payment.currency),
                payment.rate(),
                Rate::stored(base, rate),
            ),
            payment,
            allocated_cents,
        })
        .collect())
}

/// Records a payment on an issued invoice. `today` is the agency's.
pub fn record(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: InvoiceId,
    new: &NewPayment,
) -> AppResult<PaymentId> {
    let invoice = model::find_locked(conn, actor, id)?;
    if invoice.is_draft() {
        return Err(AppError::Conflict("A draft cannot be paid. Issue it first.".into()));
    }
    if invoice.is_credit_note() {
        return Err(AppError::Conflict("A credit note is refunded or applied, not paid.".into()));
    }
    let settles = new.amount_cents.min(invoice.balance());
    record_shared(conn, actor, now, today, (invoice.client_id, invoice.currency), &[(id, settles)], new)
}

/// Records a payment and shares it out among issued invoices of one client and currency. What is left is the client's
/// credit, where that was asked for.
pub fn record_shared(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (client, currency): (ClientId, Currency),
    shares: &[(InvoiceId, i64)],
    new: &NewPayment,
) -> AppResult<PaymentId> {
    refuse_known(conn, new.idempotency_key.as_deref())?;
    if new.received_on > today {
        return Err(AppError::invalid("received_on", "lies in the future"));
    }
    let mut settled = Vec::new();
    for (id, cents) in shares {
        settled.push((payable(conn, actor, *id, client, currency, *cents)?, *cents));
    }
    let shared: i64 = shares.iter().map(|(_, cents)| cents).sum();
    if shared > new.amount_cents {
        let over = Money::new(shared - new.amount_cents, currency);
        return Err(AppError::invalid("amount", format!("is {over} less than what is shared out")));
    }
    if shared < new.amount_cents && !new.keeps_rest {
        let asked = Money::new(shared, currency);
        let message =
            format!("is more than the {asked} left to pay; the rest can be kept as the client's credit");
        return Err(AppError::invalid("amount", message));
    }
    let base = agency::load(conn)?.currency;
    let rate = if base == currency {
        Some(PAR_E6)
    } else {
        new.exchange_rate_e6.or_else(|| settled.first().and_then(|(invoice, _)| invoice.exchange_rate_e6))
    };
    let payment: PaymentId = diesel::insert_into(payments::table)
        .values((
            payments::client_id.eq(client),
            payments::received_on.eq(new.received_on),
            payments::amount_cents.eq(new.amount_cents),
            payments::currency.eq(currency),
            payments::base_currency.eq(base),
            payments::exchange_rate_e6.eq(rate),
            payments::fee_cents.eq(new.fee_cents),
            payments::method.eq(new.method),
            payments::reference.eq(&new.reference),
            payments::idempotency_key.eq(&new.idempotency_key),
            payments::created_by.eq(actor.id),
            payments::created_at.eq(now),
        ))
        .returning(payments::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => twice(),
            None => error.into(),
        })?;
    for (invoice, cents) in settled.iter().filter(|(_, cents)| *cents != 0) {
        allocate(conn, now, invoice, payment, *cents)?;
        note(conn, actor, now, invoice, Action::Paid, *cents)?;
    }
    if settled.iter().all(|(_, cents)| *cents == 0) {
        let entry = Entry::new(Action::Received, Subject::Payment, payment.0, &new.reference)
            .client(client)
            .change("amount", "", Money::new(new.amount_cents, currency));
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(payment)
}

/// An invoice of `client`, locked, of which `cents` can be paid.
fn payable(
    conn: &mut Conn,
    actor: &Actor,
    id: InvoiceId,
    client: ClientId,
    currency: Currency,
    cents: i64,
) -> AppResult<Invoice> {
    let field = format!("invoice_{id}");
    let invoice = match model::find_locked(conn, actor, id) {
        Err(AppError::NotFound) => return Err(AppError::invalid(&field, "is not an invoice")),
        found => found?,
    };
    let fits = invoice.client_id == client && invoice.currency == currency;
    if !fits || invoice.is_draft() || invoice.is_credit_note() {
        return Err(AppError::invalid(&field, "is not an open invoice of this client in this currency"));
    }
    if cents > invoice.balance() {
        let left = Money::new(invoice.balance(), currency);
        return Err(AppError::invalid(&field, format!("gets more than the {left} left to pay")));
    }
    Ok(invoice)
}

fn refuse_known(conn: &mut Conn, key: Option<&str>) -> AppResult<()> {
    let Some(key) = key else { return Ok(()) };
    let known: Option<PaymentId> = payments::table
        .filter(payments::idempotency_key.eq(key))
        .select(payments::id)
        .first(conn)
        .optional()?;
    if known.is_some() { Err(twice()) } else { Ok(()) }
}

/// A payment, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: PaymentId) -> AppResult<Payment> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    Ok(payments::table.find(id).select(Payment::as_select()).first(conn)?)
}

/// What of a payment settles no invoice and was not refunded; nothing of a reversed one.
pub fn unallocated(conn: &mut Conn, payment: &Payment) -> AppResult<i64> {
    let reversed: i64 =
        payments::table.filter(payments::reverses_id.eq(payment.id)).count().get_result(conn)?;
    if payment.amount_cents < 0 || reversed > 0 {
        return Ok(0);
    }
    let shared = payment_allocations::table
        .filter(payment_allocations::payment_id.eq(payment.id))
        .select(sum(payment_allocations::amount_cents))
        .get_result::<Option<i64>>(conn)?;
    let refunded = payments::table
        .filter(payments::refunds_id.eq(payment.id))
        .select(sum(payments::amount_cents))
        .get_result::<Option<i64>>(conn)?;
    Ok(payment.amount_cents - shared.unwrap_or(0) + refunded.unwrap_or(0))
}

/// Settles an invoice with what is left of a payment.
pub fn apply(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: PaymentId,
    invoice: InvoiceId,
    cents: i64,
) -> AppResult<()> {
    dialect::lock_row(conn, dialect::LockedTable::Payments, id.0)?;
    let payment = find(conn, actor, id)?;
    let invoice = payable(conn, actor, invoice, payment.client_id, payment.currency, cents)?;
    let left = unallocated(conn, &payment)?;
    if cents > left {
        let left = Money::new(left, payment.currency);
        return Err(AppError::invalid("amount", format!("is more than the {left} left of the payment")));
    }
    allocate(conn, now, &invoice, id, cents)?;
    note(conn, actor, now, &invoice, Action::Paid, cents)
}

/// Puts `cents` of a payment on an invoice that the caller holds locked, and settles or reopens it.
pub(in crate::billing) fn allocate(
    conn: &mut Conn,
    now: UtcTime,
    invoice: &Invoice,
    payment: PaymentId,
    cents: i64,
) -> AppResult<()> {
    diesel::insert_into(payment_allocations::table)
        .values((
            payment_allocations::payment_id.eq(payment),
            payment_allocations::invoice_id.eq(invoice.id),
            payment_allocations::amount_cents.eq(cents),
        ))
        .execute(conn)?;
    // A refund, which is negative, pays a credit note.
    let paid = if invoice.is_credit_note() { -cents } else { cents };
    let settled_at = if invoice.balance() == paid { Some(now) } else { None };
    diesel::update(invoices::table.find(invoice.id))
        .set((
            invoices::paid_cents.eq(invoice.paid_cents + paid),
            invoices::settled_at.eq(settled_at),
            invoices::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

pub(in crate::billing) fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    invoice: &Invoice,
    action: Action,
    cents: i64,
) -> AppResult<()> {
    let mut entry = Entry::new(action, Subject::Invoice, invoice.id.0, invoice.name())
        .client(invoice.client_id)
        .invoice(invoice.id)
        .change(
            "paid",
            Money::new(invoice.paid_cents, invoice.currency),
            Money::new(invoice.paid_cents + cents, invoice.currency),
        );
    if let Some(project) = invoice.project_id {
        entry = entry.project(project);
    }
    audit::record(conn, Some(actor.id), now, &entry)
}

pub(in crate::billing) fn twice() -> AppError {
    AppError::Conflict("This payment has been recorded already.".into())
}
