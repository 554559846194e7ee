//! The pages of statements.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::form::StatementQuery;
use super::model::{self, Statement};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::parties::{Buyer, Seller, billing_contact};
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::ClientId;
use crate::types::money::{Currency, Money};
use crate::web::csv::{self, Cell};
use crate::web::page::{Section, Shell, View, today};
use crate::web::query::Query;
use crate::web::{App, filters};

/// Columns of the file; people address them by position, so they stay as they are.
const COLUMNS: [&str; 6] = ["Date", "Kind", "Reference", "Currency", "Amount", "Balance"];

#[derive(Template)]
#[template(path = "billing/statement/show.html")]
struct StatementPage {
    shell: Shell,
    client: Client,
    from: NaiveDate,
    to: NaiveDate,
    statements: Vec<Statement>,
    /// What is open and what stands to the client's credit, as of now.
    standing: Vec<(Currency, i64, i64)>,
}

#[derive(Template)]
#[template(path = "billing/statement/print.html")]
struct StatementPrint {
    client: Client,
    from: NaiveDate,
    to: NaiveDate,
    statements: Vec<Statement>,
    seller: Seller,
    buyer: Buyer,
    paper: &'static str,
}

impl StatementPrint {
    fn long(date: &NaiveDate) -> String {
        date.format("%-d %B %Y").to_string()
    }
}

/// The client, the days and its accounts.
type Loaded = (Client, (NaiveDate, NaiveDate), Vec<Statement>);

fn load(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    query: &StatementQuery,
) -> AppResult<Loaded> {
    let client = clients::find(conn, actor, client)?;
    let (from, to) = query.check(today(conn, now)?)?;
    let statements = model::load(conn, actor, client.id, from, to)?;
    Ok((client, (from, to), statements))
}

/// A client's accounts.
pub async fn show(
    user: Biller,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
    query: Query<StatementQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), client.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let (client, (from, to), statements) = load(conn, &actor, now, id, &query.0)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let standing = if to < shell.today { Vec::new() } else { model::standing(conn, id)? };
            Ok(StatementPage { shell, client, from, to, statements, standing })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The statement on a page of its own.
pub async fn print(
    user: Biller,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
    query: Query<StatementQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), client.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let (client, (from, to), statements) = load(conn, &actor, now, id, &query.0)?;
            let agency = agency::load(conn)?;
            let buyer = Buyer::of(&client, billing_contact(conn, id)?);
            let (seller, paper) = (Seller::of(&agency), agency.paper.as_str());
            Ok(StatementPrint { client, from, to, statements, seller, buyer, paper })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The statement as a file for spreadsheets.
pub async fn csv(
    user: Biller,
    app: web::Data<App>,
    client: web::Path<ClientId>,
    query: Query<StatementQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), client.into_inner());
    let (client, (from, to), statements) = app
        .db
        .write(move |conn| {
            let loaded = load(conn, &actor, now, id, &query.0)?;
            let note = Entry::new(Action::Exported, Subject::List, 0, "statement").client(id);
            audit::record(conn, Some(actor.id), now, &note)?;
            Ok(loaded)
        })
        .await?;
    let mut rows = Vec::new();
    for statement in &statements {
        let row = |on: NaiveDate, kind: &str, reference: &str, amount: Option<i64>, balance: i64| {
            let plain = |cents: i64| Money::new(cents, statement.currency).plain();
            vec![
                Cell::Plain(on.to_string()),
                Cell::Text(kind.to_owned()),
                Cell::Text(reference.to_owned()),
                Cell::Plain(statement.currency.to_string()),
                Cell::Plain(amount.map(plain).unwrap_or_default()),
                Cell::Plain(plain(balance)),
            ]
        };
        rows.push(row(from, "Opening balance", "", None, statement.opening_cents));
        for entry in &statement.entries {
            let kind = entry.kind.label();
            let amount = Some(entry.amount_cents);
            rows.push(row(entry.on, kind, &entry.reference, amount, entry.balance_cents));
        }
        rows.push(row(to, "Closing balance", "", None, statement.closing_cents));
    }
    Ok(csv::download(&format!("statement-{}-{from}-{to}", client.id), csv::text(&COLUMNS, &rows)))
}
