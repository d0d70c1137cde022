use stairgate_webui::view::Audit;

use crate::application::{Application, ApplicationError};
use crate::gate::Gate;

/// Entries on a page.
const ENTRIES: usize = 50;

/// Who changed what, the latest entries whose number is below `before`.
///
/// # Errors
/// The database's.
pub fn audit<G: Gate>(app: &Application<G>, before: Option<u64>) -> Result<Audit, ApplicationError> {
    app.audit(before, None, ENTRIES)
}
