//! `--watch`: the same look again and again, until Ctrl-C.
//!
//! On a terminal each look is drawn over the last one, cut to what fits; elsewhere looks follow one another with a line
//! between that says when.

use std::time::Duration;

use clap::Args;
use console::Term;

use super::error::{CliError, Exit, describe};
use super::signals::Signals;
use super::{clock, format, output};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(2);

/// Arguments of commands that can look again and again.
#[derive(Debug, Args)]
pub struct WatchArguments {
    /// Look again every two seconds, until Ctrl-C.
    #[arg(short, long)]
    pub watch: bool,
}

/// Looks once, or again and again. `look` prints to standard output.
pub(super) async fn watched(
    arguments: &WatchArguments,
    mut look: impl AsyncFnMut() -> Result<Exit, CliError>,
) -> Result<Exit, CliError> {
    if !arguments.watch {
        return look().await;
    }
    let mut signals = Signals::of_command()?;
    let term = output::is_terminal().then(Term::stdout);
    if let Some(term) = &term {
        drop(term.clear_screen());
    }
    loop {
        output::hold();
        let looked = tokio::select! {
            looked = look() => Some(looked),
            () = signals.stop() => None,
        };
        let text = output::held();
        let Some(looked) = looked else { return Ok(Exit::Done) };
        match looked {
            Ok(_) => draw(term.as_ref(), &text)?,
            // What is away comes back; what is wrong stays wrong.
            Err(CliError::Failed { exit: Exit::Unreachable, failure }) => draw(term.as_ref(), &describe(&failure))?,
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = signals.stop() => return Ok(Exit::Done),
        }
    }
}

fn draw(term: Option<&Term>, text: &str) -> Result<(), CliError> {
    let Some(term) = term else {
        return output::line(format!("--- {}\n{}", format::time(clock::now()), text.trim_end()));
    };
    let (rows, _) = term.size();
    // Each line's rest is wiped instead of the whole screen beforehand: nothing flickers.
    let lines = fitting(text, usize::from(rows).saturating_sub(1));
    let drawn = lines.join("\x1b[K\n") + "\x1b[K\n";
    let drawing =
        term.move_cursor_to(0, 0).and_then(|()| term.write_str(&drawn)).and_then(|()| term.clear_to_end_of_screen());
    drawing.map_err(|error| output::unwritable(&error))
}

/// The lines that fit; where there are more, the last one says how many.
fn fitting(text: &str, rows: usize) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    if all.len() <= rows {
        return all.into_iter().map(str::to_owned).collect();
    }
    let shown = rows.saturating_sub(1);
    let mut lines: Vec<String> = all.iter().take(shown).map(|line| (*line).to_owned()).collect();
    lines.push(format!("… {} more lines", all.len() - shown));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(fitting("a\nb", 2), ["a", "b"]);
        assert_eq!(fitting("a\nb\nc", 2), ["a", "… 2 more lines"]);
    }
}
