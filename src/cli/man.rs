//! `fleetc man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man as Page;

use super::terminal::Terminal;
use super::{Exit, Failure, Global, load};
use crate::diag::did_you_mean;
use crate::project::reason;

/// Print a manual page
///
/// Without COMMAND the page of fleetc itself. `fleetc man | man -l -` shows it.
#[derive(Debug, Args)]
pub struct Man {
    /// The command whose page is printed
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Option<String>,
    /// Write all pages to this folder, as `fleetc.1`, `fleetc-check.1`, …
    #[arg(long, value_name = "DIR", env = "FLEETC_MAN_DIR", hide_env_values = true)]
    #[arg(value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

impl Man {
    pub fn run(&self, global: &Global, program: clap::Command, terminal: &mut Terminal) -> Result<Exit, Failure> {
        // A terminal's width is no part of a page, and `help` has none.
        let mut program = program.disable_help_subcommand(true);
        program.build();
        match (&self.dir, &self.command) {
            (Some(dir), _) => write_all(&program, &load::start(global)?.join(dir), terminal)?,
            (None, None) => terminal.result(&text(program)?),
            (None, Some(name)) => terminal.result(&text(find(&program, name)?)?),
        }
        Ok(Exit::Fine)
    }
}

fn find(program: &clap::Command, name: &str) -> Result<clap::Command, Failure> {
    program.find_subcommand(name).cloned().ok_or_else(|| {
        let failure = Failure::new(format!("no command is named `{name}`"));
        match did_you_mean(name, program.get_subcommands().map(clap::Command::get_name)) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`fleetc --help` lists them"),
        }
    })
}

fn text(command: clap::Command) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    Page::new(command)
        .manual("fleetc manual")
        .render(&mut bytes)
        .map_err(|error| Failure::new(format!("cannot write the page: {}", reason(&error))))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write_all(program: &clap::Command, dir: &Path, terminal: &Terminal) -> Result<(), Failure> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(format!("cannot write `{}`: {}", path.display(), reason(error)))
    };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let pages = program.get_subcommands().filter(|command| !command.is_hide_set());
    for command in std::iter::once(program).chain(pages) {
        let path = dir.join(Page::new(command.clone()).get_filename());
        std::fs::write(&path, text(command.clone())?).map_err(|error| failed(&path, &error))?;
        terminal.say(&format!("wrote {}", path.display()));
    }
    Ok(())
}
