//! What concerns the whole home: its adults, its servers, what is kept, backups, and what the gate sees.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::{PersonId, Role};
use stairgate_webui::forms::{
    AdultForm, AdultRemoveForm, AdultRole, AdultRoleForm, BackupForm, DeleteHistoryForm, HouseholdForm, RetentionForm,
};
use stairgate_webui::view::{AuditAction, Failure, Notice};
use stairgate_webui::{pages, routes};

use super::form::{Form, go_back, text};
use super::page::{Path, get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, in_force_once_saved};
use crate::access::secret::same_text;
use crate::access::{Access, password, sealed};
use crate::application::{By, HomeSettings};
use crate::desk::{App, ChangeError};
use crate::pages as views;

/// Bytes that a backup that is read back may have around its file.
const FORM_BYTES: usize = 64 * 1024;

pub(super) fn routes() -> Router<Arc<Web>> {
    let upload = DefaultBodyLimit::max(sealed::FILE_BYTES_MAX + FORM_BYTES);
    Router::new()
        .route(routes::SETTINGS, get(index))
        .route(routes::SETTINGS_ADULTS, get(adults).merge(post(add_adult)))
        .route(routes::ADULT_ROLE, post(set_role))
        .route(routes::ADULT_REMOVE, post(remove_adult))
        .route(routes::SETTINGS_NETWORK, get(network).merge(post(set_home)))
        .route(routes::SETTINGS_PRIVACY, get(privacy).merge(post(set_retention)))
        .route(routes::PRIVACY_DELETE, post(delete_history))
        .route(routes::SETTINGS_BACKUP, get(backup).merge(post(make_backup)))
        .route(routes::BACKUP_RESTORE, axum::routing::post(restore).layer(upload))
        .route(routes::SETTINGS_ABOUT, get(about))
}

/// What a backup holds: the home, and who may sign in there.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) home: serde_json::Value,
    pub(super) access: Access,
}

async fn index(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.adult()?;
    Ok(pages::settings(&visit.shell(), web.trusted().as_ref()).into_response())
}

async fn adults(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.adults)?;
    let access = web.access().clone();
    let look = move |app: &mut App, moment| super::views::adults(app, &access, moment);
    let adults = web.parts.desk.look(look).await?;
    Ok(pages::adults(&visit.shell(), &adults).into_response())
}

const fn role(choice: AdultRole) -> Role {
    match choice {
        AdultRole::Guardian => Role::Guardian { primary: false },
        AdultRole::CoGuardian => Role::CoGuardian,
        AdultRole::Carer => Role::Carer,
    }
}

async fn add_adult(State(web): Shared, visit: Arc<Visit>, Form(form): Form<AdultForm>) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?;
    let given = form.password;
    let Ok(hash) = web.slowly(move || password::hash(&given)).await? else {
        return Ok(go_back(routes::SETTINGS_ADULTS, Err(Failure::WeakPassword)));
    };
    let (name, role) = (form.name, role(form.role));
    let access = Arc::clone(&web.access);
    let change = move |app: &mut App, moment| {
        in_force_once_saved(&access, |access| app.add_adult((&name, role), hash, access, &by, moment))
    };
    web.act(routes::SETTINGS_ADULTS, Notice::PersonAdded, change).await
}

async fn set_role(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Path<u32>,
    Form(form): Form<AdultRoleForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?.having_seen(form.revision);
    let role = role(form.role);
    let change = move |app: &mut App, moment| app.set_role(PersonId(person), role, &by, moment);
    web.act(routes::SETTINGS_ADULTS, Notice::Saved, change).await
}

async fn remove_adult(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Path<u32>,
    Form(form): Form<AdultRemoveForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?.having_seen(form.revision);
    let person = PersonId(person);
    let access = Arc::clone(&web.access);
    let change = move |app: &mut App, moment| {
        in_force_once_saved(&access, |access| app.remove_adult(person, access, &by, moment))
    };
    web.act(routes::SETTINGS_ADULTS, Notice::PersonErased, change).await
}

async fn network(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    let upstreams = web.upstreams();
    let look = move |app: &mut App, _| views::network(app, upstreams);
    let network = web.parts.desk.look(look).await?;
    Ok(pages::network(&visit.shell(), &network).into_response())
}

async fn set_home(State(web): Shared, visit: Arc<Visit>, Form(form): Form<HouseholdForm>) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?.having_seen(form.revision);
    let change = move |app: &mut App, moment| {
        let settings = HomeSettings {
            name: &form.name,
            time_zone: &form.time_zone,
            language: form.language,
            country: Some(&form.country),
        };
        app.set_home(&settings, &by, moment)
    };
    web.act(routes::SETTINGS_NETWORK, Notice::Saved, change).await
}

async fn privacy(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.settings)?;
    let history = web.history.clone();
    let look = move |app: &mut App, _| views::privacy(app, |person| history.count(app, person), history.bytes(app));
    let privacy = web.parts.desk.look(look).await?;
    Ok(pages::privacy(&visit.shell(), &privacy).into_response())
}

async fn set_retention(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<RetentionForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?.having_seen(form.revision);
    let history = web.history.clone();
    let change = move |app: &mut App, moment| {
        let changed = app.set_retention(form.days, &by, moment)?;
        history.settle(app);
        Ok(changed)
    };
    web.act(routes::SETTINGS_PRIVACY, Notice::Saved, change).await
}

async fn delete_history(
    State(web): Shared,
    visit: Arc<Visit>,
    Form(form): Form<DeleteHistoryForm>,
) -> Result<Response, Refusal> {
    let adult = visit.allowed(|rights| rights.settings)?.person.id;
    let whose = match form.whose.as_str() {
        "all" => None,
        number => Some(PersonId(number.parse().map_err(|_| Refusal::new(Failure::BadRequest))?)),
    };
    let history = web.history.clone();
    let look = move |app: &mut App, moment| {
        history.forget(app, whose);
        app.delete_use(whose, moment)
    };
    web.parts.desk.look(look).await??;
    web.note(adult, AuditAction::HistoryDeleted).await?;
    Ok(go_back(routes::SETTINGS_PRIVACY, Ok(Notice::HistoryDeleted)))
}

async fn backup(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.allowed(|rights| rights.adults)?;
    let way = web.way(&visit, routes::SETTINGS_BACKUP);
    let backup = web.parts.desk.look(|app, _| super::views::backup(app, way)).await?;
    let backup = backup?;
    Ok(pages::backup(&visit.shell(), &backup).into_response())
}

async fn make_backup(State(web): Shared, visit: Arc<Visit>, Form(form): Form<BackupForm>) -> Result<Response, Refusal> {
    let adult = visit.allowed(|rights| rights.adults)?.person.id;
    let refused = |failure| Ok(go_back(routes::SETTINGS_BACKUP, Err(failure)));
    if !same_text(&form.passphrase, &form.again) {
        return refused(Failure::PasswordsDiffer);
    }
    if form.passphrase.chars().count() < password::LENGTH_MIN {
        return refused(Failure::WeakPassword);
    }
    let home = web.parts.desk.look(|app, _| app.export()).await??;
    let home = serde_json::from_slice(&home).map_err(|_| Refusal::new(Failure::Unavailable))?;
    let content = serde_json::to_vec(&Content { home, access: web.access().without_sessions() });
    let content = content.map_err(|_| Refusal::new(Failure::Unavailable))?;
    let file = web.slowly(move || sealed::seal(&content, &form.passphrase)).await?;
    let file = file.map_err(|_| Refusal::new(Failure::Unavailable))?;
    web.note(adult, AuditAction::BackedUp).await?;
    let day = Timestamp::now().strftime("%Y-%m-%d");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"stairgate-{day}.backup\"")),
    ];
    Ok((headers, file).into_response())
}

async fn restore(
    State(web): Shared,
    Extension(visit): Extension<Arc<Visit>>,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?;
    let (mut token, mut passphrase, mut file) = (String::new(), String::new(), Vec::new());
    let bad = |_| Refusal::new(Failure::BadRequest);
    while let Some(field) = form.next_field().await.map_err(bad)? {
        match field.name() {
            Some("csrf") => token = text(field).await?,
            Some("passphrase") => passphrase = text(field).await?,
            Some("file") => file = field.bytes().await.map_err(bad)?.to_vec(),
            _ => return Err(Refusal::new(Failure::BadRequest)),
        }
    }
    if !same_text(&token, &visit.form_token(&web.form_key)) {
        return Err(Refusal::new(Failure::FormExpired));
    }
    let refused = || Ok(go_back(routes::SETTINGS_BACKUP, Err(Failure::BadBackup)));
    let opened = web.slowly(move || sealed::open(&file, &passphrase)).await?;
    let Ok(content) = opened else { return refused() };
    let Ok(content) = serde_json::from_slice(&content) else { return refused() };
    let outcome = web.restore(content, by).await.map(|_| Notice::Restored);
    // It may have become the household even if the table does not take it yet, and then nobody is signed in.
    let signed_in = web.access().session(&visit.secret, Timestamp::now().as_second()).is_some();
    let back = if signed_in { routes::SETTINGS_BACKUP } else { routes::SIGN_IN };
    Ok(go_back(back, outcome.map_err(|error| Refusal::from(error).failure)))
}

impl Web {
    /// Makes what a backup holds the household, and those who may sign in there the ones who may sign in here.
    pub(super) async fn restore(&self, Content { home, access }: Content, by: By) -> Result<String, ChangeError> {
        let (history, current) = (self.history.clone(), Arc::clone(&self.access));
        let change = move |app: &mut App, moment| {
            let restored = in_force_once_saved(&current, |current| {
                // Whoever is signed in now may be somebody else in that household, so everybody signs in anew.
                *current = access;
                app.import(home.to_string().as_bytes(), current, &by, moment)
            })?;
            // A number may be somebody else's now.
            history.forget(app, None);
            Ok(restored)
        };
        self.parts.desk.change(change).await
    }
}

async fn about(State(web): Shared, visit: Arc<Visit>) -> Result<Response, Refusal> {
    visit.adult()?;
    let resolver = web.parts.observer.is_some();
    let about = web.parts.desk.look(move |app, _| super::views::about(app, resolver)).await?;
    Ok(pages::about(&visit.shell(), &about).into_response())
}
