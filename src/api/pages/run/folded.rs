//! All steps of a run. Where there are many, those that went as they should stand behind one line, so that what is at work
//! or has failed can be seen.

use maud::{Markup, html};

use super::shown::Shown;
use super::steps;
use crate::api::pages::parts::state::state;
use crate::domain::run::RunStep;

/// Runs with more steps than this are folded.
const MANY: usize = 12;

/// So many calm steps in a row are worth a line of their own.
const ROW: usize = 4;

/// A step with what it has sent, where that is shown at once.
type Said<'a> = (&'a RunStep, Option<&'a [String]>);

/// The steps in their order; each with what it has sent, where that is shown at once.
pub(super) fn steps(shown: &Shown, sent: &[Option<Vec<String>>]) -> Markup {
    let all: Vec<Said<'_>> = shown.run.steps.iter().zip(sent.iter().map(Option::as_deref)).collect();
    let news = |(step, _): &Said<'_>| steps::is_news(step.state);
    let folds = all.len() > MANY && all.iter().any(news);
    html! {
        @for group in all.chunk_by(|one, other| news(one) == news(other)) {
            @if folds && group.len() >= ROW && !news(&group[0]) {
                details.fold id={ "from-" (group[0].0.id) } {
                    summary {
                        strong { (group.len()) " steps" }
                        @for (label, number) in counted(group) { " " (state(label)) @if number < group.len() { " " (number) } }
                    }
                    (each(shown, group))
                }
            } @else { (each(shown, group)) }
        }
    }
}

fn each(shown: &Shown, group: &[Said<'_>]) -> Markup {
    html! { @for (step, said) in group { (steps::step(shown, step, *said)) } }
}

/// How many steps are in which state, in the order in which states come.
fn counted(group: &[Said<'_>]) -> Vec<(&'static str, usize)> {
    let mut counted: Vec<(&'static str, usize)> = Vec::new();
    for (step, _) in group {
        let label = step.state.label();
        match counted.iter_mut().find(|(known, _)| *known == label) {
            Some((_, number)) => *number += 1,
            None => counted.push((label, 1)),
        }
    }
    counted
}
