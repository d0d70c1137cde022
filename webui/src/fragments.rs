//! Parts of pages that are replaced while a page is open.
//!
//! The server sends each as a server-sent event (HTML Standard §9.2) with the event name [`REPLACE`] or [`PREPEND`]. The
//! first line of its data is the id of the element, the other lines are the markup: [`Fragment::event`] writes it so. A
//! page that does not have the element ignores the event, so that one stream serves all pages of a viewer. On connecting
//! the server sends everything once, because a page that was in the background has missed what happened meanwhile.

use maud::Markup;

use crate::layout;
use crate::pages;
use crate::routes;
use crate::view::{Entry, Home, Me, PersonCard, PersonPage, Shell, Update};

/// Event name of a fragment that stands in the element's place.
pub const REPLACE: &str = "replace";
/// Event name of a fragment that is put before the element's first child.
pub const PREPEND: &str = "prepend";

/// A part of a page.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// [`REPLACE`] or [`PREPEND`].
    pub event: &'static str,
    /// Id of the element.
    pub id: String,
    /// What the element is to be, or what comes into it.
    pub markup: Markup,
}

impl Fragment {
    /// The whole event, as it goes over the wire.
    pub fn event(&self) -> String {
        let mut event = format!("event: {}\ndata: {}\n", self.event, self.id);
        // A carriage return ends a line of the stream too.
        for line in self.markup.0.split(['\n', '\r']) {
            event.push_str("data: ");
            event.push_str(line);
            event.push('\n');
        }
        event.push('\n');
        event
    }

    fn replacing(id: impl Into<String>, markup: Markup) -> Self {
        Self { event: REPLACE, id: id.into(), markup }
    }
}

/// A person's card on the home page.
pub fn card(shell: &Shell, card: &PersonCard) -> Fragment {
    Fragment::replacing(format!("person-{}", card.id.0), pages::card(shell, card))
}

/// Requests and new devices on the home page.
pub fn waiting(shell: &Shell, home: &Home) -> Fragment {
    Fragment::replacing("waiting", pages::waiting(shell, home))
}

/// What keeps the gate from its work, on the home page.
pub fn problems(shell: &Shell, home: &Home) -> Fragment {
    Fragment::replacing("problems", pages::problems(shell, home))
}

/// How it is now, on a person's page.
pub fn person_now(shell: &Shell, page: &PersonPage) -> Fragment {
    Fragment::replacing(format!("now-{}", page.person.id.0), pages::now_of_person(shell, page))
}

/// How it is now, on a child's own page.
pub fn child_now(shell: &Shell, me: &Me) -> Fragment {
    Fragment::replacing("me-now", pages::now_of_child(shell, me))
}

/// How far an update is, on the page of the box itself.
pub fn update(shell: &Shell, update: &Update) -> Fragment {
    Fragment::replacing("update", pages::update(shell, update))
}

/// The counts in the page bar.
pub fn badges(shell: &Shell) -> [Fragment; 2] {
    let badge = |id: &str, path| Fragment::replacing(id, layout::badge(shell, path));
    [badge("badge-requests", routes::REQUESTS), badge("badge-devices", routes::DEVICES)]
}

/// A new entry on the page of activity.
pub fn entry(shell: &Shell, entry: &Entry) -> Fragment {
    Fragment { event: PREPEND, id: "entries".to_owned(), markup: pages::entry_row(shell, entry) }
}
