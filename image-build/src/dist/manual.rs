//! The manual page, in the language of man(7), made of what the program says of itself: `stairgate --help`, as a test of
//! the agent keeps it. So the page cannot say anything else.

use std::fmt::Write as _;

use anyhow::{Context, Result};

/// Section of the manual: commands for whoever runs the machine.
pub(super) const SECTION: u32 = 8;

/// The page that says what `help` says. `day` is when the program was made.
///
/// # Errors
/// If the text is not in the form of the program's.
pub(super) fn write(help: &str, day: &str, version: &str) -> Result<String> {
    let mut paragraphs = help.trim_end().split("\n\n");
    let mut next = |what: &str| paragraphs.next().with_context(|| format!("the help text has no {what}"));
    let summary = next("summary")?;
    let usage = next("usage")?.strip_prefix("Usage: ").context("the help text has no usage")?;
    let commands = items(next("commands")?, "Commands:")?;
    let options = items(next("options")?, "Options:")?;
    let examples = next("examples")?.strip_prefix("Examples:\n").context("the help text has no examples")?;
    let codes = next("exit codes")?.strip_prefix("Exit codes: ").context("the help text has no exit codes")?;
    let mut page = format!(
        ".TH STAIRGATE {SECTION} {day} \"stairgate {version}\" \"System administration\"\n\
         .SH NAME\nstairgate \\- {}\n.SH SYNOPSIS\n.B {}\n.SH COMMANDS\n\
         More of each is told by\n.BR \"stairgate help\" .\n",
        escape(summary),
        escape(usage),
    );
    for (title, items) in [("", commands), (".SH OPTIONS\n", options)] {
        page.push_str(title);
        for (name, meaning) in items {
            // Writing to a string cannot fail.
            let _ = write!(page, ".TP\n.B {}\n{}\n", escape(name), escape(meaning));
        }
    }
    let _ = write!(
        page,
        ".SH EXAMPLES\n.nf\n{}\n.fi\n.SH \"EXIT STATUS\"\n{}\n.SH FILES\n.TP\n.I /etc/stairgate/stairgate.toml\n\
         The configuration, explained line by line\n.TP\n.I /var/lib/stairgate\nWhat the household has decided\n",
        examples.lines().map(escape).collect::<Vec<_>>().join("\n"),
        escape(codes),
    );
    Ok(page)
}

/// The names and meanings of a paragraph that begins with this title, one a line, with a column between them.
fn items<'a>(paragraph: &'a str, title: &str) -> Result<Vec<(&'a str, &'a str)>> {
    let lines = paragraph.strip_prefix(title).with_context(|| format!("the help text has no `{title}`"))?;
    let item = |line: &'a str| {
        let (name, meaning) = line.trim_start().split_once("  ").with_context(|| format!("`{line}` has no meaning"))?;
        Ok((name, meaning.trim_start()))
    };
    lines.lines().filter(|line| !line.is_empty()).map(item).collect()
}

/// A line that is read as it stands: hyphens that can be copied into a shell, and nothing that begins like a request.
fn escape(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "A filter\n\nUsage: stairgate <COMMAND>\n\nCommands:\n  run   Run it\n  stop  End it\n\n\
                        Options:\n      --json  Answer in JSON\n  -h, --help  Print help\n\nExamples:\n  stairgate \\run\n\n\
                        Exit codes: 0 done.\n";

    #[test]
    fn everything_of_the_help_text_is_in_its_section() {
        let page = write(HELP, "2026-11-22", "0.1.0").unwrap();
        for part in [
            ".SH NAME\nstairgate \\- A filter\n",
            ".SH SYNOPSIS\n.B stairgate <COMMAND>\n",
            ".TP\n.B run\nRun it\n.TP\n.B stop\nEnd it\n",
            ".SH OPTIONS\n.TP\n.B \\-\\-json\nAnswer in JSON\n.TP\n.B \\-h, \\-\\-help\nPrint help\n",
            ".nf\n  stairgate \\erun\n.fi\n",
            ".SH \"EXIT STATUS\"\n0 done.\n",
        ] {
            assert!(page.contains(part), "{part}\nis not in\n{page}");
        }
    }

    #[test]
    fn a_help_text_of_another_form_is_an_error_that_says_what_is_missing() {
        let without = HELP.replace("Examples:", "Such as:");
        assert!(write(&without, "", "").is_err_and(|error| error.to_string().contains("examples")));
        assert!(write("", "", "").is_err());
    }

    #[test]
    fn what_begins_like_a_request_does_not_become_one() {
        assert_eq!(escape("...until"), "\\&...until");
        assert_eq!(escape("a-b"), "a\\-b");
    }
}
