//! What stands above the list and the board of tasks: the filters with what they offer, and the saved views.

use std::sync::Arc;

use super::filter::TaskFilter;
use super::labels::model::{self as labels, Label};
use super::query::TaskQuery;
use super::views::model::{self as views, TaskView};
use crate::auth::user::{self, Actor};
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::AppResult;
use crate::projects::model as projects;
use crate::types::ids::{ClientId, ProjectId, UserId};
use crate::web::Offers;
use crate::web::page::View;

/// The filters of a page, as they are set, with what they offer.
pub(in crate::tasks) struct FilterBar {
    /// Where the page is.
    pub path: &'static str,
    /// What was asked for.
    pub query: TaskQuery,
    /// Clients to choose from.
    pub clients: Arc<Vec<(ClientId, String)>>,
    /// People to choose from.
    pub people: Vec<(UserId, String)>,
    /// Labels to choose from.
    pub labels: Vec<Label>,
    /// Filters that were kept under a name.
    pub views: Vec<TaskView>,
    /// The project it is narrowed to.
    pub project: Option<(ProjectId, String)>,
}

impl FilterBar {
    /// The bar of the page at `path`; a fragment shows none, so it offers nothing.
    pub fn load(
        conn: &mut Conn,
        actor: &Actor,
        (view, offers): (&View, &Offers),
        path: &'static str,
        query: TaskQuery,
        filter: &TaskFilter,
    ) -> AppResult<Self> {
        let mut bar = Self {
            path,
            query,
            clients: Arc::default(),
            people: Vec::new(),
            labels: Vec::new(),
            views: Vec::new(),
            project: None,
        };
        if view.is_fragment() {
            return Ok(bar);
        }
        let project = filter.project_id.map(|id| projects::find(conn, actor, id)).transpose()?;
        bar.project = project.map(|project| (project.id, project.name));
        bar.clients = clients::kept_choices(conn, actor, &offers.clients, filter.client_id)?;
        let people = user::on_project(conn, actor, None)?.into_iter();
        bar.people = people.map(|(id, name, _)| (id, name)).collect();
        bar.labels = labels::all(conn)?;
        bar.views = views::of(conn, actor)?;
        Ok(bar)
    }

    /// The address of what is shown, from the first row on.
    pub fn here(&self) -> String {
        self.query.address(self.path, "")
    }

    /// Its query string.
    pub fn asked(&self) -> String {
        self.here().split_once('?').map(|(_, asked)| asked.to_owned()).unwrap_or_default()
    }
}
