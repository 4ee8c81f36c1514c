//! An alert in words: what a person reads, and the same in parts for templates and programs.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::kind::AlertKind;
use super::recorded::Alert;
use crate::domain::failure::Failure;
use crate::domain::run::Run;

/// An alert in words. All of it is `alert.…` in a template and on a program's standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The alert's id; the same however often it is told.
    pub id: String,
    /// What happened: a word of `notify.on`, or `test`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// All that a person should read.
    pub text: String,
    /// The job.
    pub job: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// How many more of the same are told with this one.
    pub others: u32,
    /// The run's id.
    pub run: Option<String>,
    /// The run's page, if `http.public_url` is set.
    pub url: Option<String>,
    /// The run's due time.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// The step.
    pub step: Option<String>,
    /// The attempt's number.
    pub attempt: Option<u32>,
    /// Which side failed.
    pub side: Option<String>,
    /// The failure's code.
    pub code: Option<String>,
    /// What was being done, and the server's words.
    pub message: Option<String>,
    /// PostgreSQL's code.
    pub sqlstate: Option<String>,
    /// What to do, in one sentence.
    pub hint: Option<String>,
    /// What was done about it.
    pub done: Option<String>,
    /// The lock that is waited for.
    pub lock: Option<String>,
    /// The replica.
    pub replica: Option<String>,
    /// The deadline.
    pub deadline: Option<DateTime<Utc>>,
    /// The next command.
    pub next: Option<String>,
}

impl Message {
    /// The keys that a template may use.
    pub const KEYS: &'static [&'static str] = &[
        "id",
        "kind",
        "title",
        "text",
        "job",
        "at",
        "others",
        "run",
        "url",
        "scheduled_for",
        "step",
        "attempt",
        "side",
        "code",
        "message",
        "sqlstate",
        "hint",
        "done",
        "lock",
        "replica",
        "deadline",
        "next",
    ];

    fn bare(id: String, kind: &str, job: &str, at: DateTime<Utc>) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            title: String::new(),
            text: String::new(),
            job: job.to_owned(),
            at,
            others: 0,
            run: None,
            url: None,
            scheduled_for: None,
            step: None,
            attempt: None,
            side: None,
            code: None,
            message: None,
            sqlstate: None,
            hint: None,
            done: None,
            lock: None,
            replica: None,
            deadline: None,
            next: None,
        }
    }

    /// Puts the parts together for people.
    fn written(mut self) -> Self {
        let mut lines = vec![self.title.clone()];
        if let Some(message) = &self.message {
            let code = self.code.as_ref().map(|code| format!("{code} ")).unwrap_or_default();
            let sqlstate = self.sqlstate.as_ref().map(|state| format!(" (SQLSTATE {state})")).unwrap_or_default();
            lines.push(format!("{code}{message}{sqlstate}"));
        }
        lines.extend(self.done.as_ref().map(|done| format!("What was done: {done}.")));
        lines.extend(self.hint.as_ref().map(|hint| format!("What you can do: {hint}")));
        lines.extend(self.next.as_ref().map(|next| format!("Next: {next}")));
        match self.others {
            0 => {}
            1 => lines.push("One more of the same since the last message.".to_owned()),
            more => lines.push(format!("{more} more of the same since the last message.")),
        }
        lines.extend(self.url.clone());
        self.text = lines.join("\n");
        self
    }
}

/// An alert in words. `others`: how many more are told with it. `public_url`: where people reach the daemon.
pub fn message(alert: &Alert, run: Option<&Run>, others: u32, public_url: Option<&str>) -> Message {
    let detail = &alert.detail;
    let mut message = Message::bare(alert.id.to_string(), alert.kind.label(), &alert.job, alert.at);
    message.others = others;
    message.run = alert.run.map(|run| run.to_string());
    message.url = public_url.map(|base| {
        let base = base.trim_end_matches('/');
        alert.run.map_or_else(|| base.to_owned(), |run| format!("{base}/runs/{run}"))
    });
    message.scheduled_for = run.map(|run| run.scheduled_for).or(detail.due);
    message.step.clone_from(&detail.step);
    message.attempt = detail.attempt;
    message.lock.clone_from(&detail.lock);
    message.replica.clone_from(&detail.replica);
    message.deadline = detail.deadline;
    match alert.kind {
        AlertKind::Failed => failed(&mut message, run),
        AlertKind::Recovered => {
            message.title = format!("{} succeeded again", alert.job);
            message.next = command(alert, "show");
        }
        AlertKind::Deadline => deadline(&mut message, alert, run),
        AlertKind::ReplicaOld => {
            let limit = Duration::try_from_secs_f64(detail.max_age_s.unwrap_or_default()).unwrap_or_default();
            let replica = detail.replica.as_deref().unwrap_or("a replica");
            message.title = format!("{replica} of {} is older than {}", alert.job, humantime::format_duration(limit));
            message.message = detail.published_at.map(|at| format!("it was published at {}", shown(at)));
            message.next = Some(format!("windlass replica status {replica}"));
        }
        AlertKind::LockWaited => {
            let lock = detail.lock.as_deref().unwrap_or("a lock");
            let since = detail.since.map(|since| format!(" since {}", shown(since))).unwrap_or_default();
            message.title = format!("{} waits for {lock}{since}", alert.job);
            message.message = detail.waiting_for.as_ref().map(|what| format!("it waits for {what}"));
            message.next = Some("windlass locks".to_owned());
        }
        AlertKind::AttemptLost => {
            let step = detail.step.as_deref().unwrap_or("a step");
            let attempt = detail.attempt.unwrap_or(1);
            message.title = format!("{}: attempt {attempt} of {step} was lost", alert.job);
            message.message = Some("the daemon that ran it is gone".to_owned());
            message.done =
                Some("the run went back to the queue; what the attempt left is ended before the next".to_owned());
            message.next = command(alert, "show");
        }
    }
    message.written()
}

/// What is said when somebody tries whether alerts arrive.
pub fn test_message(job: &str, public_url: Option<&str>) -> Message {
    let mut message = Message::bare(uuid::Uuid::nil().to_string(), "test", job, DateTime::UNIX_EPOCH);
    message.title = format!("Test: this is how alerts of {job} arrive");
    message.url = public_url.map(str::to_owned);
    message.written()
}

fn failed(message: &mut Message, run: Option<&Run>) {
    let Some(run) = run else {
        message.title = format!("{} failed", message.job);
        return;
    };
    let at = run.failed_at();
    message.title = match at {
        Some((step, attempt)) => format!("{} failed at {}, attempt {}", message.job, step.id, attempt.number),
        None => format!("{} failed", message.job),
    };
    if let Some((step, attempt)) = at {
        message.step = Some(step.id.clone());
        message.attempt = Some(attempt.number);
    }
    if let Some(failure) = run.cause() {
        message.title = format!("{}, {} side", message.title, failure.side.label());
        cause(message, failure);
    }
    message.done = Some(run.what_was_done());
    message.next = Some(format!("windlass show {0}; windlass logs {0}; windlass retry {0}", run.id));
}

fn cause(message: &mut Message, failure: &Failure) {
    message.side = Some(failure.side.label().to_owned());
    message.code = Some(failure.code.to_string());
    message.message = Some(failure.message.clone());
    message.sqlstate.clone_from(&failure.sqlstate);
    message.hint.clone_from(&failure.hint);
}

fn deadline(message: &mut Message, alert: &Alert, run: Option<&Run>) {
    let detail = &alert.detail;
    let by = detail.deadline.map(shown).unwrap_or_default();
    let due = detail.due.map(shown).unwrap_or_default();
    message.title = format!("{} was not done by its deadline {by}", alert.job);
    let state = match (run, &detail.firing) {
        (Some(run), _) => {
            let waits = run.waiting_for.as_ref().map(|what| format!(", waits for {what}")).unwrap_or_default();
            format!("it was due {due}; its run is {}{waits}", run.state.label())
        }
        (None, Some(firing)) => format!("it was due {due} and did not start: {firing}"),
        (None, None) => format!("it was due {due} and did not start"),
    };
    message.message = Some(state);
    let failure = run.and_then(Run::cause);
    message.hint = failure.and_then(|failure| failure.hint.clone());
    message.next =
        command(alert, "show").or_else(|| Some(format!("windlass firings {0}; windlass trigger {0}", alert.job)));
}

/// A command about the alert's run.
fn command(alert: &Alert, word: &str) -> Option<String> {
    alert.run.map(|run| format!("windlass {word} {run}"))
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_a_key_of_templates() {
        let fields = serde_json::to_value(test_message("x", None)).unwrap();
        let fields: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, Message::KEYS);
    }
}
