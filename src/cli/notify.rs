//! `windlass notify test`: whether alerts arrive.

use std::path::PathBuf;

use serde_json::json;

use super::alert_arguments::NotifyCommand;
use super::arguments::Global;
use super::error::{CliError, Exit, describe};
use super::workspace::{LogAs, Workspace};
use super::{clock, job_source, output};
use crate::domain::alert::{Message, Notify, test_message};
use crate::domain::code::Code;
use crate::steps::alert::{Receiver, Teller};

/// Runs what was asked for.
pub(super) async fn run(command: &NotifyCommand, global: &Global) -> Result<Exit, CliError> {
    let NotifyCommand::Test { job } = command;
    let workspace = Workspace::open(global, LogAs::Command)?;
    let (name, notify, base) = receivers(&workspace, job.as_deref())?;
    let teller = Teller::new(workspace.settings.env_values())?;
    let message = test_message(&name, workspace.settings.http.public_url.as_deref());
    // A receiver that passes over what it has had before must not take this for the last test.
    let message = Message { id: uuid::Uuid::now_v7().to_string(), at: clock::now(), ..message };
    let mut answers = Vec::new();
    let mut failed = false;
    for receiver in Receiver::of(&notify) {
        let answer = teller.tell(receiver, &notify, &message, &base).await;
        let answer = answer.map_err(|failure| workspace.masker.failure(failure));
        failed |= answer.is_err();
        match answer {
            Ok(words) if global.json => answers.push(json!({"receiver": receiver.label(), "answer": words})),
            Ok(words) => output::line(format!("{} answered: {}", receiver.label(), workspace.masker.text(&words)))?,
            Err(failure) if global.json => {
                answers.push(json!({"receiver": receiver.label(), "failure": failure}));
            }
            Err(failure) => output::note(describe(&failure)),
        }
    }
    if global.json {
        output::json(&answers)?;
    }
    Ok(if failed { Exit::RunFailed } else { Exit::Done })
}

/// Whose receivers are tried, they themselves, and where a program's path starts.
fn receivers(workspace: &Workspace, job: Option<&str>) -> Result<(String, Notify, PathBuf), CliError> {
    let default = workspace.settings.notify.clone();
    let (name, notify, base) = match job {
        None => ("all jobs".to_owned(), default, PathBuf::new()),
        Some(text) => {
            let loaded = job_source::resolve(workspace, text)?;
            match loaded.job.notify {
                Some(notify) => (loaded.job.name, Some(notify), loaded.base),
                None => (loaded.job.name, default, PathBuf::new()),
            }
        }
    };
    let Some(notify) = notify.filter(|notify| !Receiver::of(notify).is_empty()) else {
        let hint = "add `notify: {webhook: \"https://…\"}` to the job file, or to windlass.yaml for all jobs";
        let whose = if job.is_some() { format!(" of {name}") } else { " that windlass.yaml speaks for".to_owned() };
        return Err(CliError::input(Code::Settings, format!("nobody is told of alerts{whose}"), hint));
    };
    Ok((name, notify, base))
}
