//! People: their cards, their pages and everything that is decided about them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Weekday;
use maud::Markup;
use stairgate_policy::household::{Action, Days, ModeId, Person, PersonId, Role, Window};
use stairgate_webui::forms::{
    AnswerChoice, AnswerForm, BedtimeForm, CategoriesForm, DetailsForm, EraseForm, ModeForm, ModeRemoveForm, MoreTime,
    MoreTimeForm, NameAction, NameForm, NameRemoveForm, PauseFor, PauseForm, PersonForm, PersonPrivacyForm,
    ProtectionForm, QuotaForm, QuotaRemoveForm, RecommendedForm, ResumeForm, ServicesForm, WeekForm, WindowForm,
    WindowRemoveForm,
};
use stairgate_webui::view::{AuditAction, Failure, Notice, PersonPage, Rights, Shell};
use stairgate_webui::{pages, routes, week};

use super::form::{Form, go_back};
use super::page::{Path, get, post};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Shared, Web, in_force_once_saved};
use crate::application::{ApplicationError, By, Changed, ModeEdit, Onlooker, Protection, QuotaEdit};
use crate::clock::Moment;
use crate::control::protocol::PauseEnd;
use crate::desk::{App, ChangeError};
use crate::pages as views;

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route(routes::PEOPLE, post(add))
        .route(routes::PERSON, get(|web, visit, path| page(web, visit, path, pages::person)))
        .route(routes::PERSON_MORE, get(|web, visit, path| page(web, visit, path, pages::person_more)))
        .route(
            routes::PERSON_WEEK,
            get(|web, visit, path| page(web, visit, path, pages::person_week)).merge(post(set_week)),
        )
        .route(
            routes::PERSON_CATEGORIES,
            get(|web, visit, path| page(web, visit, path, pages::person_categories)).merge(post(set_categories)),
        )
        .route(
            routes::PERSON_SERVICES,
            get(|web, visit, path| page(web, visit, path, pages::person_services)).merge(post(set_services)),
        )
        .route(routes::PERSON_PAUSE, post(pause))
        .route(routes::PERSON_RESUME, post(resume))
        .route(routes::PERSON_MORE_TIME, post(more_time))
        .route(routes::PERSON_DETAILS, post(set_details))
        .route(routes::PERSON_BEDTIME, post(set_bedtime))
        .route(routes::PERSON_WINDOW, post(add_window))
        .route(routes::PERSON_WINDOW_REMOVE, post(remove_window))
        .route(routes::PERSON_MODE, post(set_mode))
        .route(routes::PERSON_MODE_REMOVE, post(remove_mode))
        .route(routes::PERSON_NAME, post(set_name))
        .route(routes::PERSON_NAME_REMOVE, post(remove_name))
        .route(routes::PERSON_PROTECTION, post(set_protection))
        .route(routes::PERSON_QUOTA, post(set_quota))
        .route(routes::PERSON_QUOTA_REMOVE, post(remove_quota))
        .route(routes::PERSON_PRIVACY, post(set_privacy))
        .route(routes::PERSON_RECOMMENDED, post(recommend))
        .route(routes::PERSON_EXPORT, get(export))
        .route(routes::PERSON_ERASE, post(erase))
        .route(routes::REQUEST_ANSWER, post(answer))
}

/// The number of a person in a path.
type Id = Path<u32>;

const RULES: fn(Rights) -> bool = |rights| rights.rules;
const PAUSE: fn(Rights) -> bool = |rights| rights.pause;

async fn page(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    draw: fn(&Shell, &PersonPage) -> Markup,
) -> Result<Response, Refusal> {
    visit.allowed(RULES)?;
    let look = move |app: &mut App, moment| {
        let mut page = views::person(app, PersonId(person), moment)?;
        page.week_of_use = views::week_of_use(app, PersonId(person), Onlooker::Another, moment)?;
        Ok::<_, ApplicationError>(page)
    };
    let mut page = web.parts.desk.look(look).await??;
    let presence = web.presence();
    page.devices.iter_mut().for_each(|device| presence.of_name(device));
    page.has_pin = web.has_pin(PersonId(person));
    Ok(draw(&visit.shell(), &page).into_response())
}

async fn add(State(web): Shared, visit: Arc<Visit>, Form(form): Form<PersonForm>) -> Result<Response, Refusal> {
    let by = visit.by(RULES)?;
    let change = move |app: &mut App, moment| app.add_child(&form.name, form.age, &by, moment);
    web.act(routes::HOME, Notice::PersonAdded, change).await
}

async fn pause(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<PauseForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(PAUSE)?;
    let change = move |app: &mut App, moment| app.pause(PersonId(person), &end(form.how_long), &by, moment);
    web.act(&form.back, Notice::Paused, change).await
}

async fn resume(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<ResumeForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(PAUSE)?;
    let change = move |app: &mut App, moment| app.resume(PersonId(person), &by, moment);
    web.act(&form.back, Notice::Resumed, change).await
}

async fn more_time(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<MoreTimeForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(PAUSE)?;
    let (minutes, back) = (form.minutes.minutes(), form.back.clone());
    let change = move |app: &mut App, moment| match form.what.as_str() {
        "" => app.give_time(PersonId(person), minutes, &by, moment),
        what => app.give_time_for(PersonId(person), what, minutes, &by, moment),
    };
    web.act(&back, Notice::TimeGiven, change).await
}

/// Changes a person's settings, if nobody has since the page was made, and shows the page `path` again.
fn set(
    web: &Web,
    visit: &Visit,
    person: u32,
    place: (&str, u64),
    change: impl FnOnce(&mut App, PersonId, &By, Moment) -> Result<Changed, ApplicationError> + Send + 'static,
) -> impl Future<Output = Result<Response, Refusal>> + Send {
    set_boxed(web, visit, person, place, Box::new(change))
}

type Setting = Box<dyn FnOnce(&mut App, PersonId, &By, Moment) -> Result<Changed, ApplicationError> + Send>;

async fn set_boxed(
    web: &Web,
    visit: &Visit,
    person: u32,
    (path, revision): (&str, u64),
    change: Setting,
) -> Result<Response, Refusal> {
    let by = visit.by(RULES)?.having_seen(revision);
    let change = move |app: &mut App, moment| change(app, PersonId(person), &by, moment);
    web.act(&routes::at(path, person), Notice::Saved, change).await
}

async fn set_details(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<DetailsForm>,
) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let (adults, own) = (adult.rights.adults, adult.person.id);
    let place = (routes::PERSON_MORE, form.revision);
    set(&web, &visit, person, place, move |app, person, by, moment| {
        may_set_details(app, person, adults, Some(own))?;
        app.set_details(person, &form.name, form.age, by, moment)
    })
    .await
}

/// Refuses if `person` is an adult, unless whoever asks may decide about adults or is the person. An adult who is called
/// something else no longer signs in by the name that the adult knows.
pub(super) fn may_set_details(
    app: &App,
    person: PersonId,
    adults: bool,
    own: Option<PersonId>,
) -> Result<(), ApplicationError> {
    match app.household().person(person) {
        Some(Person { role: Role::Child(_), .. }) | None => Ok(()),
        Some(_) if adults || own == Some(person) => Ok(()),
        Some(adult) => Err(ApplicationError::Adult(adult.name.clone())),
    }
}

async fn set_bedtime(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<BedtimeForm>,
) -> Result<Response, Refusal> {
    let school = form.school.then_some((form.school_from, form.school_to));
    let weekend = form.weekend.then_some((form.weekend_from, form.weekend_to));
    set(&web, &visit, person, (routes::PERSON, form.revision), move |app, person, by, moment| {
        app.set_bedtime(person, school, weekend, by, moment)
    })
    .await
}

async fn set_week(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<WeekForm>,
) -> Result<Response, Refusal> {
    let windows = week::windows_from_text(&form.week).map_err(|_| Refusal::new(Failure::BadTime))?;
    set(&web, &visit, person, (routes::PERSON_WEEK, form.revision), move |app, person, by, moment| {
        app.set_week(person, windows, by, moment)
    })
    .await
}

async fn add_window(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<WindowForm>,
) -> Result<Response, Refusal> {
    let days = days(&form.day)?;
    let mode = ModeId::new(&form.mode).map_err(|_| Refusal::new(Failure::BadTime))?;
    let window = Window { days, from: form.from, to: form.to, mode };
    set(&web, &visit, person, (routes::PERSON_WEEK, form.revision), move |app, person, by, moment| {
        app.add_window(person, window, by, moment)
    })
    .await
}

async fn remove_window(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<WindowRemoveForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON_WEEK, form.revision), move |app, person, by, moment| {
        app.remove_window(person, form.window, by, moment)
    })
    .await
}

async fn set_mode(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<ModeForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON_MORE, form.revision), move |app, person, by, moment| {
        let mode = Some(form.mode.as_str()).filter(|mode| !mode.is_empty());
        let edit = ModeEdit { mode, title: &form.title, effect: form.effect, tags: &form.tag };
        app.set_mode(person, &edit, by, moment)
    })
    .await
}

async fn remove_mode(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<ModeRemoveForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON_MORE, form.revision), move |app, person, by, moment| {
        app.remove_mode(person, &form.mode, by, moment)
    })
    .await
}

async fn set_categories(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<CategoriesForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON_CATEGORIES, form.revision), move |app, person, by, moment| {
        app.set_categories(person, &form.block, form.only.then_some(form.permit.as_slice()), by, moment)
    })
    .await
}

async fn set_services(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<ServicesForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON_SERVICES, form.revision), move |app, person, by, moment| {
        let choices: Vec<_> = form.service.into_iter().map(|choice| (choice.service, choice.action)).collect();
        app.set_services(person, &choices, by, moment)
    })
    .await
}

async fn set_name(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<NameForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(RULES)?;
    let (action, notice) = match form.action {
        NameAction::Allow => (Action::Allow, Notice::NameAllowed),
        NameAction::Deny => (Action::Deny, Notice::NameBlocked),
    };
    let change = move |app: &mut App, moment| app.set_name(PersonId(person), &form.name, Some(action), &by, moment);
    web.act(&form.back, notice, change).await
}

async fn remove_name(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<NameRemoveForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(RULES)?;
    let change = move |app: &mut App, moment| app.set_name(PersonId(person), &form.name, None, &by, moment);
    web.act(&form.back, Notice::NameRemoved, change).await
}

async fn set_protection(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<ProtectionForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON_MORE, form.revision), move |app, person, by, moment| {
        let protection = Protection {
            safe_search: form.safe_search,
            youtube: form.youtube,
            strip_ech: form.strip_ech,
            refuse_quic: form.refuse_quic,
            refuse_unclassified: form.refuse_unclassified,
            resolved_only: form.resolved_only,
            upstreams: Some(form.upstreams).filter(|set| !set.is_empty()),
        };
        app.set_protection(person, protection, by, moment)
    })
    .await
}

async fn set_privacy(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<PersonPrivacyForm>,
) -> Result<Response, Refusal> {
    let history = web.history.clone();
    set(&web, &visit, person, (routes::PERSON_MORE, form.revision), move |app, person, by, moment| {
        let changed = app.set_privacy(person, form.level, by, moment)?;
        history.settle(app);
        Ok(changed)
    })
    .await
}

/// Days as forms name them.
fn days(names: &[String]) -> Result<Days, Refusal> {
    let refuse = || Refusal::new(Failure::BadTime);
    names.iter().try_fold(Days::NONE, |days, day| {
        let place = week::DAY_NAMES.iter().position(|known| known == day).ok_or_else(refuse)?;
        Ok(days.with(Weekday::from_monday_zero_offset(place as i8).map_err(|_| refuse())?))
    })
}

async fn set_quota(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<QuotaForm>,
) -> Result<Response, Refusal> {
    let days = days(&form.day)?;
    set(&web, &visit, person, (routes::PERSON, form.revision), move |app, person, by, moment| {
        let what = Some(form.what.as_str()).filter(|what| !what.is_empty());
        app.set_quota(person, &QuotaEdit { what, days, minutes: Some(form.minutes) }, by, moment)
    })
    .await
}

async fn remove_quota(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<QuotaRemoveForm>,
) -> Result<Response, Refusal> {
    set(&web, &visit, person, (routes::PERSON, form.revision), move |app, person, by, moment| {
        let what = Some(form.what.as_str()).filter(|what| !what.is_empty());
        app.set_quota(person, &QuotaEdit { what, days: form.days, minutes: None }, by, moment)
    })
    .await
}

async fn recommend(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<RecommendedForm>,
) -> Result<Response, Refusal> {
    let history = web.history.clone();
    set(&web, &visit, person, (routes::PERSON, form.revision), move |app, person, by, moment| {
        let changed = app.recommend(person, by, moment)?;
        history.settle(app);
        Ok(changed)
    })
    .await
}

async fn export(State(web): Shared, visit: Arc<Visit>, Path(person): Id) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.settings)?;
    let look = move |app: &mut App, moment| {
        let json = app.export_person(PersonId(person))?;
        app.note(AuditAction::PersonExported, Some(PersonId(person)), "", &by, moment)?;
        Ok::<_, ApplicationError>(json)
    };
    let json = web.parts.desk.look(look).await??;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"stairgate-person-{person}.json\"")),
    ];
    Ok((headers, json).into_response())
}

async fn erase(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(person): Id,
    Form(form): Form<EraseForm>,
) -> Result<Response, Refusal> {
    let by = visit.by(|rights| rights.adults)?;
    let erase = web.erasing(PersonId(person), form.name);
    let outcome = web.parts.desk.change(move |app, moment| erase(app, &by, moment)).await.map(|_| Notice::PersonErased);
    let back = match &outcome {
        // Whoever is gone has no page to go back to.
        Ok(_) | Err(ChangeError::NotInForce(_)) => routes::HOME.to_owned(),
        Err(ChangeError::Refused(_) | ChangeError::Stopping(_)) => routes::at(routes::PERSON_MORE, person),
    };
    Ok(go_back(&back, outcome.map_err(|error| Refusal::from(error).failure)))
}

impl Web {
    /// Erases a person at the desk, with what is known of that person here. `name` confirms it.
    pub(super) fn erasing(
        &self,
        person: PersonId,
        name: String,
    ) -> impl FnOnce(&mut App, &By, Moment) -> Result<Changed, ApplicationError> + Send + use<> {
        let (history, access) = (self.history.clone(), Arc::clone(&self.access));
        move |app, by, moment| {
            // While it is still known which devices were whose.
            let theirs = history.devices_of(app, person);
            let erased = in_force_once_saved(&access, |access| app.erase(person, &name, access, by, moment))?;
            history.forget_devices(&theirs);
            Ok(erased)
        }
    }
}

async fn answer(
    State(web): Shared,
    visit: Arc<Visit>,
    Path(request): Path<u64>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Refusal> {
    let adult = visit.adult()?;
    let (by, rights, back) = (visit.by(PAUSE)?, adult.rights, form.back.clone());
    let opens = matches!(form.answer, AnswerChoice::Yes | AnswerChoice::Today);
    let change = move |app: &mut App, moment| {
        let minutes = form.minutes.map(MoreTime::minutes);
        app.answer(request, form.answer, minutes, &form.note, &by, moment)
    };
    // A carer gives time, and opens no sites.
    if opens && !rights.rules {
        let look = move |app: &mut App, _| app.asks_for_a_site(request);
        if web.parts.desk.look(look).await? {
            return Err(Refusal::new(Failure::NotAllowed));
        }
    }
    web.act(&back, Notice::Answered, change).await
}

const fn end(length: PauseFor) -> PauseEnd {
    match length {
        PauseFor::Minutes15 => PauseEnd::After(15 * 60),
        PauseFor::Minutes30 => PauseEnd::After(30 * 60),
        PauseFor::Minutes60 => PauseEnd::After(60 * 60),
        PauseFor::Morning => PauseEnd::Morning,
        PauseFor::Open => PauseEnd::Resume,
    }
}
