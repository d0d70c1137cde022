//! Someone to talk to, for whoever may change the list.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use stairgate_webui::forms::{HelplineForm, HelplineRemoveForm, HelplinesResetForm};
use stairgate_webui::view::Notice;
use stairgate_webui::{pages, routes};

use super::form::Form;
use super::page::{get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web};
use crate::application::{ApplicationError, By, Changed};
use crate::clock::Moment;
use crate::desk::App;
use crate::document::HelplineDocument;
use crate::pages as views;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::SETTINGS_HELPLINES, get(page).merge(post(set)))
        .route(routes::HELPLINE_REMOVE, post(remove))
        .route(routes::HELPLINES_RESET, post(reset))
}

async fn page(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    let helplines = web.parts.desk.look(|app, _| views::helplines(app)).await?;
    Ok(pages::helplines(&visit.shell(), &helplines).into_response())
}

async fn set(State(web): Shared, visit: Arc<Visit>, Form(form): Form<HelplineForm>) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?.having_seen(form.revision);
    let HelplineForm { place, title, site, telephone, hours, .. } = form;
    let line = HelplineDocument { title, site, telephone, hours };
    let edit = move |lines: &mut Vec<HelplineDocument>| match place {
        Some(place) => lines.get_mut(place).map(|old| *old = line),
        None => {
            lines.push(line);
            Some(())
        }
    };
    web.act_on_helplines(by, edit).await
}

async fn remove(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<HelplineRemoveForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?.having_seen(form.revision);
    let edit =
        move |lines: &mut Vec<HelplineDocument>| (form.place < lines.len()).then(|| drop(lines.remove(form.place)));
    web.act_on_helplines(by, edit).await
}

async fn reset(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<HelplinesResetForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?.having_seen(form.revision);
    let change = move |app: &mut App, moment| app.set_helplines(None, &by, moment);
    web.act(routes::SETTINGS_HELPLINES, Notice::Saved, change).await
}

impl Web {
    /// Changes the list that is shown; nothing if the line that is meant is not there.
    async fn act_on_helplines(
        &self,
        by: By,
        edit: impl FnOnce(&mut Vec<HelplineDocument>) -> Option<()> + Send + 'static,
    ) -> Result<Response, Refusal> {
        let change = move |app: &mut App, moment: Moment| -> Result<Changed, ApplicationError> {
            let mut lines = app.helplines();
            edit(&mut lines).ok_or(ApplicationError::Conflict)?;
            app.set_helplines(Some(lines), &by, moment)
        };
        self.act(routes::SETTINGS_HELPLINES, Notice::Saved, change).await
    }
}
