//! The parallel workers of a CTAS: planned, achieved and target of each try, as bars.

use maud::{Markup, html};

use super::shown::seconds;
use crate::domain::outcome::{Workers, WorkersTry};

/// Width of one worker in the drawing, and height of a row, in CSS pixels.
const WORKER: u32 = 18;
const ROW: u32 = 20;

/// How the workers came out.
pub(super) fn workers(workers: &Workers) -> Markup {
    let went_through = workers.tries.iter().any(|one| one.short.is_none());
    let verdict = match (workers.target_met, went_through) {
        (true, _) => "target met".to_owned(),
        (false, true) => "the minimum was enough".to_owned(),
        (false, false) => format!("at least {} needed", workers.minimum),
    };
    html! {
        p {
            strong { @if !went_through && !workers.target_met { "At most " } (workers.achieved) " of " (workers.target) " workers" } ", " (workers.planned) " planned, " (verdict)
            @if workers.slot_wait_s > 0.05 { ", waited " (seconds(workers.slot_wait_s)) " for slots" }
            @if workers.lost_s > 0.05 { ", " (seconds(workers.lost_s)) " lost to tries that fell short" }
            span.quiet { " (" (workers.measure) ")" }
        }
        @if !workers.tries.is_empty() {
            table.tries {
                thead { tr { th { "Try" } th { "Workers, minimum and target marked" } th { "Came to" } } }
                tbody {
                    @for (index, attempt) in workers.tries.iter().enumerate() {
                        tr { td.number { (index + 1) } td { (bars(attempt, workers)) } td { (came_to(attempt)) } }
                    }
                }
            }
        }
        @if !workers.helped.is_empty() {
            p.small { "Raised for this session, without which the plan had fewer: " code { (workers.helped.join(", ")) } }
        }
        @if workers.gathers.len() > 1 {
            p.small {
                "Gathers of the plan: "
                @for (index, gather) in workers.gathers.iter().enumerate() {
                    @if index > 0 { ", " }
                    @match gather.achieved {
                        Some(achieved) => { (achieved) " of " (gather.planned) }
                        None => { (gather.planned) " planned" }
                    }
                }
            }
        }
    }
}

fn bars(attempt: &WorkersTry, workers: &Workers) -> Markup {
    let most = workers.target.max(attempt.workers).max(workers.planned).clamp(1, 64);
    let class = if attempt.short.is_none() { "is-succeeded" } else { "is-waiting" };
    let words = format!("{} workers, {} at least, {} wanted", attempt.workers, workers.minimum, workers.target);
    let mark = |number: u32| html! { line x1=(number * WORKER) x2=(number * WORKER) y1="0" y2=(ROW) {} };
    html! {
        svg.workers width=(most * WORKER + 2) height=(ROW) role="img" aria-label=(words) {
            title { (words) }
            @for worker in 0..most {
                rect class=(if worker < attempt.workers { class } else { "is-over none" })
                    x=(worker * WORKER + 2) y="4" width=(WORKER - 4) height=(ROW - 8) rx="2" {}
            }
            (mark(workers.minimum)) (mark(workers.target))
        }
    }
}

fn came_to(attempt: &WorkersTry) -> String {
    match &attempt.short {
        None => format!("{} at work, went through", attempt.workers),
        Some(why) if attempt.ran => format!("{} at work: {why}", attempt.workers),
        Some(why) => format!("{} free: {why}", attempt.workers),
    }
}
