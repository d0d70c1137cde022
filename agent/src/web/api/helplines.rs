//! Someone to talk to.

use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Done, Tagged};
use super::operation::{Input, Json, NoBody, Nothing, Operation, Route};
use super::problem::Problem;
use crate::access::rights::Need;
use crate::application::{HELPLINE_LETTERS_MAX, HELPLINES_MAX};
use crate::document::HelplineDocument;

const PATH: &str = "/helplines";

pub(super) fn operations() -> Vec<Operation> {
    let change = |method, id, summary| Route::new(method, PATH, id, Need::Settings, summary).conditional();
    vec![
        Operation::new(
            Route::new(Method::GET, PATH, "getHelplines", Need::SeeSettings, "The helplines that children see"),
            helplines,
        ),
        Operation::new(change(Method::PUT, "setHelplines", "Sets the helplines that children see"), set),
        Operation::new(change(Method::DELETE, "resetHelplines", "Goes back to the helplines of the country"), reset),
    ]
}

/// The helplines that children see, in their order. Their sites can always be reached and are never recorded.
#[derive(Serialize, JsonSchema)]
struct Helplines {
    /// True if the family has written them down; otherwise they are the country's.
    own: bool,
    #[schemars(length(max = HELPLINES_MAX))]
    helplines: Vec<Helpline>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewHelplines {
    #[schemars(length(max = HELPLINES_MAX))]
    helplines: Vec<Helpline>,
}

/// A helpline; it has a site or a telephone number at least.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Helpline {
    /// What it is called.
    #[schemars(length(min = 1, max = HELPLINE_LETTERS_MAX))]
    title: String,
    /// Name of its site; empty for none.
    #[serde(default)]
    site: String,
    /// Telephone number as it is dialled; empty for none.
    #[serde(default)]
    #[schemars(length(max = HELPLINE_LETTERS_MAX))]
    telephone: String,
    /// When somebody is there, in the family's words; may be empty.
    #[serde(default)]
    #[schemars(length(max = HELPLINE_LETTERS_MAX))]
    hours: String,
}

async fn helplines(input: Input<Nothing, Nothing, NoBody>) -> Result<Tagged<Helplines>, Problem> {
    let line = |HelplineDocument { title, site, telephone, hours }| Helpline { title, site, telephone, hours };
    let look = input.tagged(move |app| {
        let own = app.preferences().helplines.is_some();
        Ok(Helplines { own, helplines: app.helplines().into_iter().map(line).collect() })
    });
    look.await
}

async fn set(input: Input<Nothing, Nothing, Json<NewHelplines>>) -> Result<Done, Problem> {
    let line = |Helpline { title, site, telephone, hours }| HelplineDocument { title, site, telephone, hours };
    let lines = input.body.0.helplines.iter().cloned().map(line).collect();
    input.change(move |app, by, moment| app.set_helplines(Some(lines), by, moment)).await
}

async fn reset(input: Input<Nothing, Nothing, NoBody>) -> Result<Done, Problem> {
    input.change(|app, by, moment| app.set_helplines(None, by, moment)).await
}
