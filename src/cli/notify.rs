//! `windlass notify test`: whether alerts arrive.

use std::path::PathBuf;

use serde_json::json;

use super::alert_arguments::NotifyCommand;
use super::arguments::Global;
use super::error::{CliError, Exit, describe};
use super::recorded::recorded;
use super::workspace::{LogAs, Workspace};
use super::{clock, job_source, output};
use crate::domain::alert::{Message, Notify, test_message};
use crate::domain::code::Code;
use crate::domain::failure::Failure;
use crate::steps::alert::{Receiver, Teller};
use crate::store::Act;

/// Runs what was asked for.
pub(super) async fn run(command: &NotifyCommand, global: &Global) -> Result<Exit, CliError> {
    let NotifyCommand::Test { job, unrecorded } = command;
    let workspace = Workspace::open(global, LogAs::Command)?;
    let (name, notify, base) = receivers(&workspace, job.as_deref())?;
    let teller = Teller::new(workspace.settings.env_values())?;
    let message = test_message(&name, workspace.settings.http.public_url.as_deref());
    // A receiver that passes over what it has had before must not take this for the last test.
    let message = Message { id: uuid::Uuid::now_v7().to_string(), at: clock::now(), ..message };
    let masker = workspace.masker.clone();
    let telling = async {
        let mut answers = Vec::new();
        for receiver in Receiver::of(&notify) {
            let answer = teller.tell(receiver, &notify, &message, &base).await;
            answers.push((receiver, answer.map_err(|failure| masker.failure(failure))));
        }
        Ok(answers)
    };
    let act = Act { action: "notify_test", job: job.is_some().then_some(name.as_str()), ..Act::default() };
    let counted = |answers: &Vec<(Receiver, Result<String, Failure>)>| {
        let answered = answers.iter().filter(|(_, answer)| answer.is_ok()).count();
        json!({"receivers": answers.len(), "answered": answered})
    };
    let answers = Box::pin(recorded(workspace, *unrecorded, &act, telling, counted)).await?;
    let failed = answers.iter().any(|(_, answer)| answer.is_err());
    if global.json {
        let shown = answers.iter().map(|(receiver, answer)| match answer {
            Ok(words) => json!({"receiver": receiver.label(), "answer": words}),
            Err(failure) => json!({"receiver": receiver.label(), "failure": failure}),
        });
        output::json(&shown.collect::<Vec<_>>())?;
    } else {
        for (receiver, answer) in &answers {
            match answer {
                Ok(words) => output::line(format!("{} answered: {}", receiver.label(), masker.text(words)))?,
                Err(failure) => output::note(describe(failure)),
            }
        }
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
