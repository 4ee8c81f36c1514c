//! Pausing a job, with a note for the others, and the end of its pause.

use axum::extract::Path;
use axum::response::Response;
use axum::{Extension, Form};
use maud::{Markup, html};
use serde::Deserialize;

use super::facts::Facts;
use crate::actions;
use crate::api::acting::to_its_end;
use crate::api::caller::Caller;
use crate::api::pages::backend::Reached;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::api::pages::{find, flash, links};
use crate::store::RunMissed;

/// Longest note, in characters.
const NOTE: usize = 200;

/// The form: to pause, or to resume.
pub(super) fn form(facts: &Facts) -> Markup {
    let to = |act: &str| format!("{}/{act}", links::job(&facts.job.name));
    html! {
        @if facts.job.pause.is_some() {
            section.card #pause aria-labelledby="pause-title" {
                h2 #pause-title { "Resume it" }
                form method="post" action=(to("resume")) {
                    p {
                        @match facts.skipped {
                            0 => "Its pause has skipped no due time so far.",
                            1 => "Its pause has skipped 1 due time so far.",
                            several => { "Its pause has skipped " (several) " due times so far." }
                        }
                    }
                    @if facts.skipped > 0 {
                        fieldset {
                            legend.hidden { "What becomes of them" }
                            @for (value, words) in [("none", "They stay skipped"), ("latest", "The newest runs now"), ("all", "All run now, one after the other")] {
                                p { label { input type="radio" name="run_missed" value=(value) checked[value == "none"]; " " (words) } }
                            }
                        }
                    }
                    button.main { "Resume" }
                }
            }
        } @else if facts.definition().schedule.is_some() {
            section.card #pause aria-labelledby="pause-title" {
                h2 #pause-title { "Pause it" }
                form method="post" action=(to("pause")) {
                    p { "Until it is resumed, its due times are recorded as skipped. Runs that have begun go on." }
                    div.field {
                        label for="note" { "Why, for the others" }
                        input #note name="note" type="text" maxlength=(NOTE) autocomplete="off";
                    }
                    button { "Pause" }
                }
            }
        }
    }
}

/// What the form to pause sends.
#[derive(Deserialize)]
pub(in crate::api::pages) struct Pausing {
    #[serde(default)]
    note: String,
}

/// `POST /jobs/{name}/pause`.
pub(in crate::api::pages) async fn pause(
    view: View,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    Reached(backend): Reached,
    Form(form): Form<Pausing>,
) -> Result<Response, Problem> {
    let note: String = form.note.trim().chars().take(NOTE).collect();
    let here = links::job(&name);
    let job = find::job(&backend, &name).await?.definition.job;
    let pausing = async move {
        let note = Some(note.as_str()).filter(|note| !note.is_empty());
        actions::pause::pause(&backend.store, &caller.actor(), &job, note, view.now).await
    };
    Ok(match to_its_end(pausing).await {
        Ok(_) => flash::done(&here, &format!("{name} is paused. Its due times are recorded as skipped.")),
        Err(failure) => flash::refused(&here, &failure.to_string()),
    })
}

/// What the form to resume sends.
#[derive(Deserialize)]
pub(in crate::api::pages) struct Resuming {
    #[serde(default)]
    run_missed: String,
}

/// `POST /jobs/{name}/resume`.
pub(in crate::api::pages) async fn resume(
    view: View,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    Reached(backend): Reached,
    Form(form): Form<Resuming>,
) -> Result<Response, Problem> {
    let run_missed = match form.run_missed.as_str() {
        "latest" => RunMissed::Latest,
        "all" => RunMissed::All,
        _ => RunMissed::None,
    };
    let here = links::job(&name);
    let job = find::job(&backend, &name).await?.definition.job;
    let resuming =
        async move { actions::resume::resume(&backend.store, &caller.actor(), &job, run_missed, view.now).await };
    Ok(match to_its_end(resuming).await {
        Ok(resumed) => {
            let made = match resumed.runs.len() {
                0 => String::new(),
                1 => " 1 run is queued.".to_owned(),
                several => format!(" {several} runs are queued, one after the other."),
            };
            flash::done(&here, &format!("{name} runs on its schedule again.{made}"))
        }
        Err(failure) => flash::refused(&here, &failure.to_string()),
    })
}
