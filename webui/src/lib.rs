//! Stairgate's pages: pure functions from plain values to HTML.
//!
//! Nothing here reads a clock, a socket or a file. Whoever serves the pages
//!
//! 1. fills a [`view::Shell`] (who is looking, in which language, at what time) and the view struct of the page, such
//!    as [`view::Home`]: typed values only, such as instants and ids, which are put into words here;
//! 2. calls the page's function in [`pages`] and sends the markup with [`assets::CONTENT_SECURITY_POLICY`];
//! 3. reads what a page posts back with the struct that [`forms`] has for the path of [`routes`], checks
//!    `csrf` in it against the session, acts, and answers with `303 See Other` to the page that the form came from, with
//!    [`view::Notice`] or [`view::Failure`] in the query as `done=CODE` or `failed=CODE`;
//! 4. sends [`fragments`] over `text/event-stream` at [`routes::EVENTS`] whenever something that they show has changed;
//! 5. serves [`assets::all`] with an unlimited lifetime: a file's path changes with its content.
//!
//! What a person may do is decided by the server. [`view::Rights`] only keeps the pages from offering what would be
//! refused.
//!
//! Every text is in `messages/`, one file for each language; see [`language`].

pub mod assets;
mod components;
mod format;
pub mod forms;
pub mod fragments;
pub mod language;
mod layout;
mod packed;
pub mod pages;
pub mod routes;
mod svg;
pub mod view;
pub mod week;
mod words;
