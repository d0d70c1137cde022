//! PINs of children: a guardian sets them, and asking needs them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use stairgate_policy::household::PersonId;
use stairgate_webui::forms::PinForm;
use stairgate_webui::routes;
use stairgate_webui::view::{Failure, Notice};

use super::form::{Form, go_back};
use super::page::{Path, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, in_force_once_saved, lock, uptime};
use crate::access::pin;
use crate::application::By;
use crate::desk::App;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route(routes::PERSON_PIN, post(set))
}

async fn set(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Path<u32>,
    Form(form): Form<PinForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.rules)?;
    let pin = Some(form.pin.trim().to_owned()).filter(|pin| !pin.is_empty());
    let back = routes::at(routes::PERSON_MORE, person);
    match web.set_pin(PersonId(person), pin, by).await {
        Ok(()) => Ok(go_back(&back, Ok(Notice::Saved))),
        Err(refusal) if refusal.failure == Failure::NotFound => Err(refusal),
        Err(refusal) => Ok(go_back(&back, Err(refusal.failure))),
    }
}

impl Web {
    /// Sets a child's PIN, or takes it away.
    pub(super) async fn set_pin(&self, child: PersonId, pin: Option<String>, by: By) -> Result<(), Refusal> {
        self.parts.desk.look(move |app, _| app.child_with(child)).await??;
        let hash = match pin {
            Some(pin) => {
                let hash = self.slowly(move || pin::hash(&pin)).await?;
                Some(hash.map_err(|_| Refusal::new(Failure::BadPin))?)
            }
            None => None,
        };
        let access = Arc::clone(&self.access);
        let set = move |app: &mut App, moment| {
            in_force_once_saved(&access, |access| app.set_pin(child, hash, access, &by, moment))
        };
        Ok(self.parts.desk.look(set).await??)
    }

    /// True if a child has to show a PIN to ask.
    pub(super) fn has_pin(&self, child: PersonId) -> bool {
        self.access().pin(child).is_some()
    }

    /// Refuses unless `shown` is the child's PIN, or the child has none. Wrong tries slow down this device for this child,
    /// and nobody else.
    pub(super) async fn check_pin(&self, child: PersonId, device: [u8; 6], shown: String) -> Result<(), Failure> {
        let Some(hash) = self.access().pin(child).map(str::to_owned) else { return Ok(()) };
        // The try counts from now on, so that many at once are no way around.
        lock(&self.pin_throttle).begin((device, child), uptime()).map_err(|_| Failure::TooManyTries)?;
        let right = self.slowly(move || pin::verify(&shown, &hash)).await.map_err(|refusal| refusal.failure)?;
        if !right {
            return Err(Failure::WrongPin);
        }
        lock(&self.pin_throttle).succeeded((device, child));
        Ok(())
    }
}
