//! Reports that an attempt has made and could not delete: because it was killed, or because the server didn't let it.
//!
//! A note is kept of each report from its creation until its deletion. An attempt begins with deleting what notes tell of,
//! of its own run and of runs that have ended. A crash between the server's creation and our note can't be known.

use std::collections::BTreeSet;

use serde_json::Value;

use super::call::{Call, Caller, is_gone};
use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::note::Note;
use crate::domain::step::{HttpAuth, HttpRequest};
use crate::domain::template::{Scope, names_used};

/// What names of notes about reports begin with.
const ABOUT: &str = "report/";

/// The note about the report of an attempt: what is needed to delete it, and nothing else that `create` answered.
pub(super) fn note_of(delete: &HttpRequest, answer: &Value, (run, attempt): (RunId, u32), scope: &Scope) -> Note {
    let value = match (fields_used(delete), answer) {
        (Some(used), Value::Object(fields)) => {
            let kept = fields.iter().filter(|(name, _)| used.contains(*name));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
        }
        _ => answer.clone(),
    };
    Note { run, name: format!("{ABOUT}{attempt}"), value, params: scope.params.clone() }
}

/// Fields of `report` that a request uses; `None` if it may use any.
fn fields_used(request: &HttpRequest) -> Option<BTreeSet<String>> {
    let mut texts = vec![request.url.0.clone()];
    texts.extend(request.headers.iter().chain(&request.query).map(|(_, value)| value.0.clone()));
    texts.extend(request.form.iter().flatten().map(|(_, value)| value.0.clone()));
    texts.extend(request.body.as_ref().map(|body| body.0.clone()));
    texts.extend(request.json.as_ref().map(Value::to_string));
    match &request.auth {
        Some(HttpAuth::Basic { user, password }) => texts.extend([user.0.clone(), password.0.clone()]),
        Some(HttpAuth::Bearer(token)) => texts.push(token.0.clone()),
        Some(HttpAuth::Hmac(hmac)) => texts.extend([hmac.secret.0.clone(), hmac.message.0.clone()]),
        None => {}
    }
    let mut fields = BTreeSet::new();
    for text in texts {
        for name in names_used(&text).ok()? {
            let mut parts = name.split('.');
            if parts.next() == Some("report") {
                fields.insert(parts.next()?.to_owned());
            }
        }
    }
    Some(fields)
}

/// Deletes what earlier attempts have left. What can't be deleted now is told, and tried again by the next attempt.
pub(super) async fn sweep(delete: &HttpRequest, caller: &Caller<'_>) -> Result<(), Failure> {
    let context = caller.context;
    let notes = context.unless_stopped(context.host.notes()).await??;
    for note in notes.iter().filter(|note| note.name.starts_with(ABOUT)) {
        let mut scope = context.scope.clone();
        scope.params.extend(note.params.clone());
        scope.run.id = note.run.to_string();
        scope.local.insert("report".to_owned(), note.value.clone());
        match context.unless_stopped(deleted(delete, &scope, caller)).await? {
            Ok(how) => {
                context.warn(format!("{how}, which an earlier attempt had left"));
                context.unless_stopped(context.host.forget(note)).await??;
            }
            Err(failure) => context.warn(format!("a report that an earlier attempt left was not deleted: {failure}")),
        }
    }
    Ok(())
}

/// Deletes a report, whether or not the step is being stopped, and says how that went.
pub(super) async fn deleted(delete: &HttpRequest, scope: &Scope, caller: &Caller<'_>) -> Result<String, Failure> {
    let mut tries = caller.tries(Call::plain(delete, scope));
    loop {
        let request = tries.next().await?;
        match caller.client.tell(&request).await {
            Ok(()) => return Ok(format!("deleted the report: {}", request.shown())),
            Err(error) if is_gone(&error) => return Ok(format!("the report is gone already: {}", request.shown())),
            Err(error) => tries.failed(error).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_holds_what_the_deletion_needs_and_nothing_else() {
        let fields = |url: &str| fields_used(&HttpRequest::new("DELETE", url));
        assert_eq!(fields("https://h/{{ report.id }}?t={{ report.type.name }}&who={{ params.who }}").unwrap().len(), 2);
        assert_eq!(fields("https://h/all").unwrap().len(), 0);
        assert!(fields("https://h/{% for part in report %}{{ part }}{% endfor %}").is_none());
    }
}
