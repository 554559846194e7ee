//! The pages of drafts: choosing hours, the editor with its live totals, and what ends a draft.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::costs::{self, Cost};
use super::deposits;
use super::form::{DraftForm, EditorForm, InvoiceForm, VersionForm};
use super::hours::{self, Plan};
use super::intake;
use super::issue as issuing;
use super::model::{self, Grouping, Invoice, Unit};
use super::rows::{self, Problem, Row, Sums, TREATMENTS, TotalsPart};
use super::tax::{TaxNames, TaxRates, taxes_of};
use super::{draft, draft_hours};
use crate::agency::model as agency;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors, found};
use crate::types::ids::{ClientId, InvoiceId, ProjectId};
use crate::types::money::Currency;
use crate::web::form::{Difference, Form};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/new.html", blocks = ["fields"])]
struct NewPage {
    shell: Shell,
    form: DraftForm,
    clients: Vec<(ClientId, String)>,
    projects: Vec<(ProjectId, String)>,
    offer: Option<(Client, Plan)>,
    costs: Vec<Cost>,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "billing/edit.html")]
pub(in crate::billing) struct EditorPage {
    shell: Shell,
    invoice: Invoice,
    client: Client,
    project: Option<String>,
    form: InvoiceForm,
    rows: Vec<Row>,
    sums: Sums,
    addable: Plan,
    /// Deposits that can be taken off.
    deposits: Vec<Invoice>,
    /// Taxes that new rows begin with.
    taxes: TaxRates,
    /// The agency's currency.
    base: Currency,
    errors: FormErrors,
    /// Where somebody else has saved something different meanwhile.
    conflict: Vec<Difference>,
}

impl EditorPage {
    /// The rows that only a browser without JavaScript shows.
    fn spare_rows(&self) -> Vec<Row> {
        rows::spare(&self.rows, self.taxes)
    }

    /// The row that a click adds.
    fn template_rows(&self) -> [Row; 1] {
        [Row::blank("__n__", self.taxes)]
    }

    fn tax_names(&self) -> TaxNames<'_> {
        self.invoice.tax_names()
    }

    fn currency(&self) -> &Currency {
        &self.invoice.currency
    }

    fn prices_include_tax(&self) -> bool {
        self.form.prices_include_tax.trim() == "true"
    }

    /// What lines at 0 % can be, first what they are while nobody has said.
    fn treatments(&self) -> [(&'static str, &'static str); 7] {
        TREATMENTS
    }

    /// What the exchange rate is asked for.
    fn rate_hint(&self) -> String {
        format!("One {} in {}.", self.invoice.currency, self.base)
    }

    /// Whether lines have a second tax.
    fn has_second_tax(&self) -> bool {
        rows::have_second_tax(&self.rows, self.taxes)
    }

    fn has_hours(&self) -> bool {
        self.rows.iter().any(|row| row.logged.is_some())
    }

    fn problems(&self) -> Vec<Problem> {
        let client = self.invoice.client_id;
        self.errors.iter().map(|(field, text)| Problem::of(field, text, &self.rows, client)).collect()
    }
}

/// The editor with what is stored.
pub(in crate::billing) fn page(conn: &mut Conn, shell: Shell, invoice: Invoice) -> AppResult<EditorPage> {
    let lines = model::lines_of(conn, invoice.id)?;
    let form = InvoiceForm::filled(&invoice, &lines, &taxes_of(conn, invoice.id)?);
    filled(conn, shell, invoice, form, &[], FormErrors::default())
}

/// The editor with what was typed.
fn filled(
    conn: &mut Conn,
    shell: Shell,
    invoice: Invoice,
    form: InvoiceForm,
    keys: &[String],
    errors: FormErrors,
) -> AppResult<EditorPage> {
    let client = clients::find(conn, &shell.actor, invoice.client_id)?;
    let taxes = draft::tax_rates(conn, &client)?;
    let rules = form.rules(invoice.currency, taxes);
    let stored = model::lines_of(conn, invoice.id)?;
    Ok(EditorPage {
        rows: rows::of_form(&form.lines, keys, &stored, rules, &errors),
        sums: rows::sums(
            &form.lines,
            &stored,
            form.pricing(invoice.currency, invoice.rounding_step_cents),
            rules,
        )
        .0,
        project: model::project_name(conn, invoice.project_id)?,
        addable: draft_hours::addable(conn, &invoice)?,
        deposits: if invoice.is_deposit { Vec::new() } else { deposits::deductible(conn, &invoice)? },
        taxes,
        base: agency::load(conn)?.currency,
        shell,
        invoice,
        client,
        form,
        errors,
        conflict: Vec::new(),
    })
}

/// The choice of a client and its hours.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<DraftForm>,
) -> AppResult<HttpResponse> {
    let page = new_page(&app, user.actor, &view, query.0, FormErrors::default()).await?;
    if page.errors.is_empty() {
        view.html(|| page.render(), || page.as_fields().render())
    } else {
        view.invalid(|| page.render(), || page.as_fields().render())
    }
}

async fn new_page(
    app: &App,
    actor: Actor,
    view: &View,
    form: DraftForm,
    errors: FormErrors,
) -> AppResult<NewPage> {
    let (view, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Billing)?;
            let (mut errors, mut projects, mut offer, mut costs) = (errors, Vec::new(), None, Vec::new());
            match form.check_hours() {
                Err(faults) => faults.iter().for_each(|(field, text)| errors.add(field, text)),
                Ok(None) => {}
                Ok(Some((mut filter, grouping))) => {
                    let client = found(clients::find(conn, &actor, filter.client))?;
                    // What was typed comes back all the same; an address alone has nothing to show.
                    if client.is_none() && errors.is_empty() {
                        return Err(AppError::NotFound);
                    }
                    if let Some(client) = client {
                        projects = model::project_choices(conn, client.id)?;
                        // A project of the client that was chosen before.
                        filter.project =
                            filter.project.filter(|id| projects.iter().any(|(project, _)| project == id));
                        costs = costs::unbilled(conn, &filter)?;
                        offer = Some((client, Plan::new(hours::unbilled(conn, &filter)?, grouping)));
                    }
                }
            }
            let clients = clients::choices(conn, &actor)?;
            Ok(NewPage { shell, form, clients, projects, offer, costs, errors })
        })
        .await
}

/// Makes a draft.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<DraftForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let created = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db.write(move |conn| intake::create_draft(conn, &actor, now, &form)).await
    };
    match created {
        Ok(id) => view.redirect(&format!("/billing/{id}"), "Draft made."),
        Err(AppError::Invalid(errors)) => {
            let page = new_page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Saves a draft, then does what its button says: issue it, add hours, or set its lines back to the hours.
pub async fn update(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<EditorForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let (then, shown) = (form.0.then.clone(), form.0.keys());
    let mut form = form.0.into_form()?;
    let keys: Vec<String>;
    (form.lines, keys) = form.lines.into_iter().zip(shown).filter(|(line, _)| !line.is_spare()).unzip();
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                if matches!(intake::save_draft(conn, &actor, now, id, &form)?, Saved::Stale(_)) {
                    return Ok(None);
                }
                match then.as_str() {
                    "" => Ok("Draft saved.".to_owned()),
                    "issue" => issuing::issue(conn, &actor, now, id, None)
                        .map(|issued| format!("{} issued.", issued.name())),
                    "hours" => {
                        draft_hours::add_hours(conn, &actor, now, id, None).map(|_| "Hours added.".to_owned())
                    }
                    "reset" => draft_hours::reset(conn, &actor, now, id, None)
                        .map(|_| "Lines set back to their hours.".to_owned()),
                    other if other.starts_with("deposit-") => {
                        let deposit =
                            other.trim_start_matches("deposit-").parse().map_err(|_| AppError::NotFound)?;
                        deposits::deduct(conn, &actor, now, id, None, deposit)
                            .map(|_| "Deposit deducted.".to_owned())
                    }
                    _ => Err(AppError::BadRequest("That button is not known here.".into())),
                }
                .map(Some)
            })
            .await
    };
    match saved {
        Ok(Some(message)) => view.redirect(&format!("/billing/{id}"), &message),
        Ok(None) => {
            let look = view.clone();
            let page = app
                .db
                .read(move |conn| {
                    let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
                    let invoice = model::find(conn, &actor, id)?;
                    let lines = model::lines_of(conn, id)?;
                    let stored = InvoiceForm::filled(&invoice, &lines, &taxes_of(conn, id)?);
                    let (form, conflict) = form.merged(&stored);
                    let page = filled(conn, shell, invoice, form, &[], FormErrors::default())?;
                    Ok(EditorPage { conflict, ..page })
                })
                .await?;
            view.html_with(StatusCode::CONFLICT, || page.render(), || page.render())
        }
        Err(AppError::Invalid(errors)) => {
            let look = view.clone();
            let page = app
                .db
                .read(move |conn| {
                    let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
                    let invoice = model::find(conn, &actor, id)?;
                    filled(conn, shell, invoice, form, &keys, errors)
                })
                .await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// What the typed lines add up to, while they are typed. Nothing is stored.
pub async fn preview_totals(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<EditorForm>,
) -> AppResult<HttpResponse> {
    let (actor, id, keys) = (user.actor, id.into_inner(), form.0.keys());
    let form = form.0.into_form()?;
    let (part, is_final) = app
        .db
        .read(move |conn| {
            let invoice = model::find(conn, &actor, id)?;
            let client = clients::find(conn, &actor, invoice.client_id)?;
            let taxes = draft::tax_rates(conn, &client)?;
            let currency = invoice.currency;
            let rules = form.rules(currency, taxes);
            let stored = model::lines_of(conn, id)?;
            let rows = rows::of_form(&form.lines, &keys, &[], rules, &FormErrors::default());
            let pricing = form.pricing(currency, invoice.rounding_step_cents);
            let (sums, is_final) = rows::sums(&form.lines, &stored, pricing, rules);
            let part = TotalsPart {
                currency,
                prices_include_tax: pricing.is_some_and(|pricing| pricing.prices_include_tax),
                tax_names: (invoice.tax_name, invoice.second_tax_name),
                rows,
                sums,
            };
            Ok((part, is_final))
        })
        .await?;
    if is_final {
        view.html(|| part.render(), || part.render())
    } else {
        view.invalid(|| part.render(), || part.render())
    }
}

/// Issues a draft as it is stored; its faults are listed in the editor.
pub async fn issue(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<VersionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let version = form.0.check()?;
    let issued = {
        let actor = actor.clone();
        app.db.write(move |conn| issuing::issue(conn, &actor, now, id, version)).await
    };
    match issued {
        Ok(issued) => view.redirect(&format!("/billing/{id}"), &format!("{} issued.", issued.name())),
        Err(AppError::Invalid(errors)) => {
            let look = view.clone();
            let page = app
                .db
                .read(move |conn| {
                    let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
                    let invoice = model::find(conn, &actor, id)?;
                    let lines = model::lines_of(conn, id)?;
                    let form = InvoiceForm::filled(&invoice, &lines, &taxes_of(conn, id)?);
                    filled(conn, shell, invoice, form, &[], errors)
                })
                .await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Throws a draft away.
pub async fn destroy(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| draft::delete(conn, &actor, now, id)).await?;
    view.redirect("/billing", "Draft deleted. Its hours can be billed again.")
}
