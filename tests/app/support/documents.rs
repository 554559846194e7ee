//! Documents and money: invoices, quotes, reminders, expenses, payments. The other rows are made in [`super::factory`].

use bureau::billing::expenses::model::{self as expenses, NewExpense};
use bureau::billing::quotes::{answers, versions};
use bureau::billing::reminders::verbs::{self as reminders, NewPause};
use bureau::db::schema::{
    invoice_lines, invoice_series, invoice_series_years, invoice_taxes, invoices, payment_allocations,
    payments,
};
use bureau::types::ids::{
    ClientId, ExpenseId, InvoiceId, PaymentId, QuoteId, RecurringId, ReminderId, ReminderPauseId,
};
use chrono::NaiveDate;
use diesel::prelude::*;

use super::app::TestApp;
use super::factory::day;

impl TestApp {
    /// A draft with one free line of `net_cents` at 19 %; see [`TestApp::issued_invoice`].
    pub fn draft(&self, client: ClientId, net_cents: i64) -> InvoiceId {
        let (now, by) = (self.now(), self.owner().id());
        let tax = (net_cents * 19 + 50) / 100;
        let currency = self.find_client(client).currency;
        self.write(|conn| {
            let id: InvoiceId = diesel::insert_into(invoices::table)
                .values((
                    invoices::kind.eq("invoice"),
                    invoices::client_id.eq(client),
                    invoices::currency.eq(currency),
                    invoices::grouping.eq("task"),
                    invoices::net_cents.eq(net_cents),
                    invoices::tax_cents.eq(tax),
                    invoices::total_cents.eq(net_cents + tax),
                    invoices::created_by.eq(by),
                    invoices::created_at.eq(now),
                    invoices::updated_at.eq(now),
                ))
                .returning(invoices::id)
                .get_result(conn)?;
            diesel::insert_into(invoice_lines::table)
                .values((
                    invoice_lines::invoice_id.eq(id),
                    invoice_lines::position.eq(1_i64),
                    invoice_lines::title.eq("Design"),
                    invoice_lines::quantity_e4.eq(10_000_i64),
                    invoice_lines::unit.eq("C62"),
                    invoice_lines::unit_price_cents.eq(net_cents),
                    invoice_lines::tax_rate_millis.eq(19_000_i64),
                    invoice_lines::amount_cents.eq(net_cents),
                ))
                .execute(conn)?;
            diesel::insert_into(invoice_taxes::table)
                .values((
                    invoice_taxes::invoice_id.eq(id),
                    invoice_taxes::tax_rate_millis.eq(19_000_i64),
                    invoice_taxes::base_cents.eq(net_cents),
                    invoice_taxes::tax_cents.eq(tax),
                ))
                .execute(conn)?;
            Ok(id)
        })
    }

    /// An invoice over `net_cents` at 19 %, issued on `on` and due 14 days later, with the next number.
    pub fn issued_invoice(&self, client: ClientId, net_cents: i64, on: NaiveDate) -> InvoiceId {
        let id = self.draft(client, net_cents);
        let (now, by) = (self.now(), self.owner().id());
        self.write(|conn| {
            let (series, seq): (i64, i64) = invoice_series::table
                .filter(invoice_series::kind.eq("invoice"))
                .select((invoice_series::id, invoice_series::next_seq))
                .first(conn)?;
            diesel::update(invoice_series::table.find(series))
                .set((
                    invoice_series::year.eq(2026_i64),
                    invoice_series::next_seq.eq(seq + 1),
                    invoice_series::last_issue_on.eq(on),
                ))
                .execute(conn)?;
            let begun: i64 = invoice_series_years::table
                .filter(invoice_series_years::series_id.eq(series))
                .count()
                .get_result(conn)?;
            if begun == 0 {
                diesel::insert_into(invoice_series_years::table)
                    .values((
                        invoice_series_years::series_id.eq(series),
                        invoice_series_years::year.eq(2026_i64),
                        invoice_series_years::first_seq.eq(seq),
                    ))
                    .execute(conn)?;
            }
            diesel::update(invoices::table.find(id))
                .set((
                    invoices::series_id.eq(series),
                    invoices::series_year.eq(2026_i64),
                    invoices::seq.eq(seq),
                    invoices::number.eq(format!("INV-2026-{seq:04}")),
                    invoices::issue_on.eq(on),
                    invoices::due_on.eq(on + chrono::Days::new(14)),
                    invoices::delivery_from.eq(on),
                    invoices::delivery_to.eq(on),
                    invoices::seller.eq("{}"),
                    invoices::buyer.eq("{}"),
                    invoices::issued_at.eq(now),
                    invoices::issued_by.eq(by),
                ))
                .execute(conn)?;
            Ok(())
        });
        id
    }

    /// A monthly invoice over 100.00 from the 1st of next month on.
    pub fn recurring(&self, client: ClientId) -> RecurringId {
        crate::recurring::monthly(self, client, |changes| changes.calendar.starts_on = day("2026-12-01"))
    }

    /// The letter of the first step about a late invoice, and a pause of that invoice.
    pub fn reminder(&self, invoice: InvoiceId) -> (ReminderId, ReminderPauseId) {
        let (actor, now, today) = (self.actor(), self.now(), self.today());
        let letter = self.write(|conn| reminders::create(conn, &actor, now, today, &[invoice]))[0];
        let new = NewPause { invoice, is_client: false, reason: "They wrote".into(), until_on: None };
        (letter, self.write(|conn| reminders::pause(conn, &actor, now, &new)))
    }

    /// A quote over 100.00 with the token of its link, and the draft of its second version.
    pub fn offered_quote(&self, client: ClientId) -> (QuoteId, String) {
        let (id, actor) = (crate::quotes::sent(self, client), self.actor());
        let token = self.write(|conn| answers::share(conn, &actor, self.now(), id));
        self.write(|conn| versions::revise(conn, &actor, self.now(), id));
        (id, token)
    }

    /// Something bought for `cents` for a client, that waits for an invoice.
    pub fn expense(&self, client: ClientId, cents: i64) -> ExpenseId {
        let actor = self.actor();
        let new = NewExpense {
            client_id: client,
            project_id: None,
            spent_on: self.today(),
            title: "Stock photo".into(),
            supplier: String::new(),
            cost_cents: cents,
            price_cents: cents,
            tax_rate_millis: None,
            is_billable: true,
        };
        self.write(|conn| expenses::create(conn, &actor, self.now(), &new)).id
    }

    /// A payment of `cents` on an issued invoice. The invoice's own figures follow.
    pub fn payment(&self, invoice: InvoiceId, cents: i64) -> PaymentId {
        let (now, today, by) = (self.now(), self.today(), self.owner().id());
        self.write(|conn| {
            let (client, total, paid): (ClientId, i64, i64) = invoices::table
                .find(invoice)
                .select((invoices::client_id, invoices::total_cents, invoices::paid_cents))
                .first(conn)?;
            let id: PaymentId = diesel::insert_into(payments::table)
                .values((
                    payments::client_id.eq(client),
                    payments::received_on.eq(today),
                    payments::amount_cents.eq(cents),
                    payments::currency.eq("EUR"),
                    payments::method.eq("bank_transfer"),
                    payments::created_by.eq(by),
                    payments::created_at.eq(now),
                ))
                .returning(payments::id)
                .get_result(conn)?;
            diesel::insert_into(payment_allocations::table)
                .values((
                    payment_allocations::payment_id.eq(id),
                    payment_allocations::invoice_id.eq(invoice),
                    payment_allocations::amount_cents.eq(cents),
                ))
                .execute(conn)?;
            let settled = (paid + cents >= total).then_some(now);
            diesel::update(invoices::table.find(invoice))
                .set((invoices::paid_cents.eq(paid + cents), invoices::settled_at.eq(settled)))
                .execute(conn)?;
            Ok(id)
        })
    }
}
