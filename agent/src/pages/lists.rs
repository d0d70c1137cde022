use jiff::Timestamp;
use stairgate_webui::view::{List, Lists, NameTest};

use super::filtered_people;
use crate::application::{Application, ListState};
use crate::document::tag_id;
use crate::gate::Gate;
use crate::subscriptions::source_text;

/// The lists. `asked` is the name that is tested; what came of it is for the caller to fill in, because reading the lists
/// takes its time.
pub fn lists<G: Gate>(app: &Application<G>, asked: &str) -> Lists {
    let (names, capacity) = app.names();
    let people = filtered_people(app.household());
    Lists {
        lists: app.list_states().map(list).collect(),
        names,
        capacity,
        test: NameTest { asked: asked.to_owned(), people, results: Vec::new() },
        revision: app.revision(),
    }
}

fn list(state: &ListState) -> List {
    let record = state.record.as_ref();
    let time = |second: i64| Timestamp::from_second(second).ok();
    List {
        name: state.list.name.clone(),
        tag: tag_id(state.list.tag).unwrap_or_default().to_owned(),
        source: source_text(&state.list.source),
        rules: record.map(|record| record.rules),
        names: state.names(),
        skipped: state.skipped().values().sum(),
        fetched: record.and_then(|record| time(record.fetched_at)),
        checked: record.and_then(|record| time(record.checked_at)),
        problem: state.problem().map(str::to_owned),
    }
}
