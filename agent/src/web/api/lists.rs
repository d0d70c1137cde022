//! Lists, and what they say of a name.

use axum::http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::PersonId;
use stairgate_policy::{services, taxonomy};
use stairgate_webui::view::{self, Failure};

use super::answer::{Done, Made, Plain};
use super::operation::{BASE, Input, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use super::values::{ModeRef, PersonRef, Reason};
use crate::access::rights::Need;
use crate::application::ApplicationError;
use crate::pages as views;

pub(super) fn operations() -> Vec<Operation> {
    let see = |path, id, summary| Route::new(Method::GET, path, id, Need::SeeRules, summary);
    let change = |method, path, id, summary| Route::new(method, path, id, Need::Settings, summary);
    vec![
        Operation::new(see("/lists", "listLists", "Every list, how fresh it is, and what it holds"), list),
        Operation::new(change(Method::POST, "/lists", "addList", "Subscribes to a list"), add),
        Operation::new(change(Method::DELETE, "/lists/{list}", "removeList", "Unsubscribes from a list"), remove),
        Operation::new(change(Method::POST, "/lists/{list}/refresh", "refreshList", "Looks for a list anew"), refresh),
        Operation::new(change(Method::POST, "/refresh", "refreshAllLists", "Looks for all lists anew"), refresh_all),
        Operation::new(see("/explain", "explainName", "Why a name is open or closed for a person now"), explain),
        Operation::new(
            Route::new(Method::GET, "/tags", "listTags", Need::See, "Every category and service that rules can name"),
            tags,
        ),
    ]
}

/// The lists.
#[derive(Serialize, JsonSchema)]
struct Lists {
    lists: Vec<List>,
    /// Distinct names of all lists together.
    names: u64,
    /// Names that there is room for.
    capacity: u64,
}

/// A list.
#[derive(Serialize, JsonSchema)]
struct List {
    /// Its name, which no other list has.
    name: String,
    /// Id of the category or service that its names belong to.
    tag: String,
    /// Address or path.
    source: String,
    /// Rules in the last good copy; null if there is no copy.
    rules: Option<u64>,
    /// Distinct names that are in use of it; null if it is not loaded.
    names: Option<u64>,
    /// Lines that were skipped.
    skipped: u64,
    /// When the copy was fetched.
    fetched: Option<Timestamp>,
    /// When it was last known to be current.
    checked: Option<Timestamp>,
    /// Why the last attempt failed.
    problem: Option<String>,
}

impl From<view::List> for List {
    fn from(list: view::List) -> Self {
        let view::List { name, tag, source, rules, names, skipped, fetched, checked, problem } = list;
        Self { name, tag, source, rules, names, skipped, fetched, checked, problem }
    }
}

#[derive(Deserialize, JsonSchema)]
struct InList {
    /// Name of the list.
    list: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewList {
    /// Its name: letters, digits, - and _.
    #[schemars(length(min = 1, max = 64))]
    name: String,
    /// Where it is fetched from, by https or http.
    #[schemars(length(max = 2048))]
    url: String,
    /// Id of the category or service that its names belong to.
    tag: String,
}

/// How many lists are looked for.
#[derive(Serialize, JsonSchema)]
struct Refreshing {
    lists: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// The name, or the address of a page.
    name: String,
    /// Id of the person.
    person: u32,
}

/// Why a name is open or closed.
#[derive(Serialize, JsonSchema)]
struct Explanation {
    /// The name, normalised.
    name: String,
    person: PersonRef,
    /// True if it is closed at this moment.
    blocked: bool,
    /// True if it can always be reached, whatever the rules.
    protected: bool,
    /// Why it is closed; null if it is open.
    reason: Option<Reason>,
    /// The mode in force.
    mode: ModeRef,
    /// When the mode changes.
    until: Option<Timestamp>,
    /// The name that is answered for in its place, so that a search is safe.
    stands_in: Option<String>,
    /// Ids of the categories and services that it belongs to.
    tags: Vec<String>,
    /// The lines of lists that are about it.
    sources: Vec<Source>,
}

/// A line of a list.
#[derive(Serialize, JsonSchema)]
struct Source {
    list: String,
    /// The line, from one.
    line: u64,
    text: String,
    /// True if it is an exception.
    exception: bool,
}

/// What rules can name.
#[derive(Serialize, JsonSchema)]
struct Tags {
    categories: Vec<Category>,
    services: Vec<Service>,
}

#[derive(Serialize, JsonSchema)]
struct Category {
    id: &'static str,
    title: &'static str,
    /// What a parent needs to know to decide.
    sentence: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct Service {
    id: &'static str,
    title: &'static str,
    /// Id of the category that it belongs to.
    category: &'static str,
}

async fn list(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Lists>, Problem> {
    let view::Lists { lists, names, capacity, .. } = input.look(|app, _| views::lists(app, "")).await?;
    Ok(Plain(Lists { lists: lists.into_iter().map(List::from).collect(), names, capacity }))
}

async fn add(input: Input<Nothing, Nothing, Json<NewList>>) -> Result<Made, Problem> {
    let Json(NewList { name, url, tag }) = &input.body;
    let (name, url, tag) = (name.trim().to_owned(), url.clone(), tag.clone());
    let place = format!("{BASE}/lists/{name}");
    let done = input.change(move |app, by, moment| app.add_list(&name, &url, &tag, by, moment)).await?;
    Ok(Made { done, place })
}

async fn remove(input: Input<InList, Nothing, NoBody>) -> Result<Done, Problem> {
    let name = input.path.list.clone();
    input.change(move |app, by, moment| app.remove_list(&name, by, moment)).await
}

async fn refresh(input: Input<InList, Nothing, NoBody>) -> Result<Plain<Refreshing>, Problem> {
    let name = input.path.list.clone();
    let look = input.look(move |app, _| match app.make_lists_due(Some(&name)).len() {
        0 => Err(ApplicationError::NoList(name)),
        lists => Ok(Refreshing { lists }),
    });
    Ok(Plain(look.await??))
}

async fn refresh_all(input: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Refreshing>, Problem> {
    Ok(Plain(input.look(|app, _| Refreshing { lists: app.make_lists_due(None).len() }).await?))
}

async fn explain(input: Input<Nothing, Why, NoBody>) -> Result<Plain<Explanation>, Problem> {
    let id = PersonId(input.query.person);
    let known = input.look(move |app, _| app.household().person(id).is_some()).await?;
    if !known {
        return Err(ApplicationError::NoPersonNumber(id.0).into());
    }
    let explained = input.web.explained(&input.query.name, id).await?.ok_or_else(|| {
        Problem::new(Failure::BadDomain, "this is no name that can be explained; write one such as www.example.com")
    })?;
    let source = |view::Source { list, line, text, exception }| Source { list, line, text, exception };
    Ok(Plain(Explanation {
        name: explained.name,
        person: explained.person.into(),
        blocked: explained.blocked,
        protected: explained.protected,
        reason: explained.reason.map(Reason::from),
        mode: explained.mode.into(),
        until: explained.until,
        stands_in: explained.stands_in,
        tags: explained.tags,
        sources: explained.sources.into_iter().map(source).collect(),
    }))
}

async fn tags(_: Input<Nothing, Nothing, NoBody>) -> Result<Plain<Tags>, Problem> {
    let categories = taxonomy::categories().iter().map(|category| Category {
        id: category.id,
        title: category.title,
        sentence: category.sentence,
    });
    let services = services::services().iter().map(|service| Service {
        id: service.id,
        title: service.title,
        category: service.category.id,
    });
    Ok(Plain(Tags { categories: categories.collect(), services: services.collect() }))
}
