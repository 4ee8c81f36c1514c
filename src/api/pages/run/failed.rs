//! What failed, what was done about it, and what can be done: for whoever was woken by it.

use maud::{Markup, html};

use super::acts;
use crate::api::pages::links;
use crate::domain::run::Run;
use crate::domain::state::RunState;

/// The block under the head of a failed run; nothing for others.
pub(super) fn failed(run: &Run) -> Markup {
    if run.state != RunState::Failed {
        return html! {};
    }
    let at = run.failed_at();
    let Some(failure) = run.cause() else {
        return html! { section.alarm { h2 { "The run failed without saying why" } (acts::acts(run)) } };
    };
    html! {
        section.alarm aria-labelledby="what-failed" {
            h2 #what-failed {
                @match at {
                    Some((step, attempt)) => { "Step " a href={ "#step-" (step.id) } { (step.id) } " failed, attempt " (attempt.number) ", " (failure.side.label()) " side" }
                    None => "The run failed as a whole",
                }
            }
            pre.said tabindex="0" {
                (failure.message)
                @if let Some(excerpt) = &failure.excerpt { "\n\n" (excerpt) }
            }
            p.small {
                a href=(links::error(failure.code)) { (failure.code) }
                @if let Some(sqlstate) = &failure.sqlstate { " · SQLSTATE " code { (sqlstate) } }
                " · " (failure.class.label())
                @if let Some(seconds) = failure.retry_after_s { " · asked to wait " (seconds) " s" }
            }
            h3 { "What was done" }
            p { (sentence(&run.what_was_done())) }
            h3 { "What you can do" }
            @if let Some(hint) = &failure.hint { p { (sentence(hint)) } }
            p { "Read " a href=(links::error(failure.code)) { "what " (failure.code) " means" } ", mend the cause, then retry." }
            (acts::acts(run))
        }
    }
}

/// Words as a sentence: a capital at its beginning, a stop at its end.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    let first: String = rest.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn words_become_a_sentence() {
        assert_eq!(sentence("the step was tried once; it ended"), "The step was tried once; it ended.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence("주문"), "주문.");
    }
}
