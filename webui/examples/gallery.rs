//! Writes every page with a sample family to a directory, to be looked at in a browser:
//!
//! ```console
//! cargo run -p stairgate-webui --example gallery -- target/gallery
//! ```

mod sample;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use stairgate_webui::assets;
use stairgate_webui::language::Language;

#[expect(clippy::print_stderr, reason = "a tool for the command line says there what went wrong")]
fn main() -> ExitCode {
    let Some(directory) = env::args().nth(1) else {
        eprintln!("say where to write the pages: gallery DIRECTORY");
        return ExitCode::FAILURE;
    };
    match write(Path::new(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the pages cannot be written to {directory}: {error}; choose another directory");
            ExitCode::FAILURE
        }
    }
}

fn write(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory.join("assets"))?;
    for asset in assets::all() {
        fs::write(directory.join(asset.path().trim_start_matches('/')), asset.content())?;
    }
    for &language in Language::ALL {
        let pages = directory.join(language.tag());
        fs::create_dir_all(&pages)?;
        for page in sample::pages(language) {
            fs::write(pages.join(format!("{}.html", page.name)), page.markup.0)?;
        }
    }
    Ok(())
}
