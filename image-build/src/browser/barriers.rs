//! Whether everybody can use a page: axe-core looks for what WCAG 2.2 (levels A and AA) forbids, and a walk by the
//! keyboard looks whether everything can be reached and whether one sees where one is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::pictures;
use super::webdriver::{Browser, TAB};
use crate::process::{describe, run};
use crate::workspace;

/// What npm is given: axe-core in one version, with the checksum of the package.
const PACKAGE_FILES: [&str; 2] = ["package.json", "package-lock.json"];
const INSTALL_LIMIT: Duration = Duration::from_secs(300);
/// The rules of WCAG 2.0, 2.1 and 2.2 up to level AA, as axe-core tags them.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/// How often the tabulator is pressed for each element: a field for a time takes four.
const PRESSES_PER_ELEMENT: usize = 4;

/// Runs in the page: the findings, a line each.
const FIND: &str = "
const [tags, done] = [arguments[0], arguments[arguments.length - 1]];
axe.run(document, { runOnly: { type: 'tag', values: tags } }).then(
  result => done(result.violations.flatMap(rule => rule.nodes.map(node =>
    `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`))),
  error => done([`axe-core failed: ${error}`]));
";
/// Runs in the page: opens what can be opened, and counts what the tabulator should reach.
const PREPARE: &str = "
// What is replaced while the walk goes on would not be reached.
if (typeof stream !== 'undefined') stream?.close();
for (const details of document.querySelectorAll('details')) { details.removeAttribute('name'); details.open = true; }
const shown = e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0;
const group = e => [...document.querySelectorAll('input[type=radio]')].filter(o => o.name === e.name && o.form === e.form);
const chosen = e => e.type !== 'radio' || e === (group(e).find(o => o.checked) || group(e)[0]);
window.toReach = new Set([...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')].filter(e => shown(e) && chosen(e)));
window.unseen = new Set();
const marked = e => { const s = getComputedStyle(e);
  return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== 'none'; };
addEventListener('focusin', event => {
  const e = event.target;
  if (window.toReach.delete(e) && ![e, e.parentElement, ...(e.labels || [])].some(marked)) window.unseen.add(e);
});
document.activeElement.blur();
scrollTo(0, 0);
return window.toReach.size;
";
/// Runs in the page: what was not reached, and what does not show that it has the focus.
const SUM_UP: &str = "
const say = e => e.outerHTML.slice(0, 160);
return [...[...window.toReach].map(e => 'not reached: ' + say(e)), ...[...window.unseen].map(e => 'focus not seen: ' + say(e))];
";

/// What finds barriers.
pub(super) struct Finder {
    axe: String,
}

impl Finder {
    /// Gets axe-core, by npm, into the build directory. A package with another checksum is refused by npm.
    pub(super) fn get() -> Result<Self> {
        let folder = pictures()?.join("npm");
        let script = folder.join("node_modules/axe-core/axe.min.js");
        if !script.exists() {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for file in PACKAGE_FILES {
                let from = workspace().join("image-build/browser").join(file);
                fs::copy(&from, folder.join(file)).with_context(|| format!("cannot copy {}", from.display()))?;
            }
            let mut command = Command::new("npm");
            command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
            let finished = run(&mut command, INSTALL_LIMIT)?;
            ensure!(finished.status.success(), "{} failed: {}", describe(&command), finished.stderr.trim());
        }
        let axe = fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))?;
        Ok(Self { axe })
    }

    /// What WCAG forbids of the page that is open, with everything opened that can be.
    pub(super) fn barriers(&self, browser: &Browser<'_>) -> Result<Vec<String>> {
        browser.script("document.querySelectorAll('details').forEach(details => { details.removeAttribute('name'); details.open = true; })", &json!([]))?;
        browser.script(&format!("{};\nwindow.axe = axe;", self.axe), &json!([]))?;
        lines(&browser.script_in_time(FIND, &json!([RULES]))?)
    }
}

/// What the tabulator does not reach on the page that is open, or where nobody would see it.
pub(super) fn walk_by_keyboard(browser: &Browser<'_>) -> Result<Vec<String>> {
    let elements = browser.script(PREPARE, &json!([]))?.as_u64().context("the page cannot be counted")?;
    let presses = usize::try_from(elements)? * PRESSES_PER_ELEMENT + PRESSES_PER_ELEMENT;
    browser.press(&vec![TAB; presses])?;
    lines(&browser.script(SUM_UP, &json!([]))?)
}

fn lines(value: &Value) -> Result<Vec<String>> {
    let lines = value.as_array().context("the page tells no list")?;
    Ok(lines.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The name of a picture's file.
pub(super) fn file_name(folder: &Path, page: &str, window: &str, light: &str) -> std::path::PathBuf {
    folder.join(format!("{page}-{window}-{light}.png"))
}
