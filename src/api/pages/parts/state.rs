//! States: a shape, a colour and a word, so that they can be read without colour.

use maud::{Markup, PreEscaped, html};

/// How a state looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Look {
    /// At work.
    Running,
    /// As it should be.
    Succeeded,
    /// Something went wrong.
    Failed,
    /// Its turn has not come.
    Waiting,
    /// Held back by somebody.
    Paused,
    /// Ended or left out on purpose.
    Over,
}

impl Look {
    /// The look of a state of a run, step, attempt, firing or job, by its stable word.
    pub(in super::super) fn of(label: &str) -> Self {
        match label {
            "running" | "retrying" => Self::Running,
            "succeeded" | "ran" | "held" => Self::Succeeded,
            "failed" | "timed_out" | "lost" | "missed" => Self::Failed,
            "queued" | "waiting" | "pending" | "due" => Self::Waiting,
            "paused" => Self::Paused,
            _ => Self::Over,
        }
    }

    /// The class that gives it its colour.
    pub(in super::super) const fn class(self) -> &'static str {
        match self {
            Self::Running => "is-running",
            Self::Succeeded => "is-succeeded",
            Self::Failed => "is-failed",
            Self::Waiting => "is-waiting",
            Self::Paused => "is-paused",
            Self::Over => "is-over",
        }
    }

    const fn shape(self) -> &'static str {
        match self {
            Self::Running => "#shape-running",
            Self::Succeeded => "#shape-succeeded",
            Self::Failed => "#shape-failed",
            Self::Waiting => "#shape-waiting",
            Self::Paused => "#shape-paused",
            Self::Over => "#shape-over",
        }
    }
}

/// A state by its stable word: shape, colour, word.
pub(in super::super) fn state(label: &str) -> Markup {
    let look = Look::of(label);
    html! { span.state.(look.class()) { (glyph(look)) span { (label.replace('_', " ")) } } }
}

/// The shape alone, in the colour of the text around it.
pub(in super::super) fn glyph(look: Look) -> Markup {
    html! { svg.glyph viewBox="0 0 16 16" aria-hidden="true" { use href=(look.shape()) {} } }
}

/// The shapes, once in each page.
pub(in super::super) fn shapes() -> Markup {
    PreEscaped(
        concat!(
            r#"<svg width="0" height="0" aria-hidden="true" display="none">"#,
            r#"<symbol id="shape-running" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" stroke="none"/></symbol>"#,
            r#"<symbol id="shape-succeeded" viewBox="0 0 16 16"><path d="M2.5 8.5l3.7 4L13.5 4" fill="none" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></symbol>"#,
            r#"<symbol id="shape-failed" viewBox="0 0 16 16"><path d="M3.5 3.5l9 9m0-9l-9 9" fill="none" stroke-width="2.4" stroke-linecap="round"/></symbol>"#,
            r#"<symbol id="shape-waiting" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8" fill="none" stroke-width="2" stroke-dasharray="2.6 2"/></symbol>"#,
            r#"<symbol id="shape-paused" viewBox="0 0 16 16"><path d="M4 3h2.8v10H4zM9.2 3H12v10H9.2z" stroke="none"/></symbol>"#,
            r#"<symbol id="shape-over" viewBox="0 0 16 16"><path d="M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM4 12l8-8" fill="none" stroke-width="2"/></symbol>"#,
            "</svg>"
        )
        .to_owned(),
    )
}
