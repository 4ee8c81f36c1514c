//! What `doctor` finds: something that was looked at, whether it is well, and what mends it.

use serde::{Deserialize, Serialize};

/// Whether something is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Ok,
    /// It works, and may not tomorrow.
    Warning,
    /// Something that jobs need doesn't work.
    Problem,
    /// It could not be looked at.
    Unreachable,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Problem, Self::Unreachable];

    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Unreachable => "unreachable",
        }
    }

    /// The verdict of that word.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.label() == label)
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// What was looked at: `connection warehouse`, `state`, `disk`, `clock`, `jobs`.
    pub subject: String,
    /// What about it: `login`, `workers`, a folder.
    pub what: String,
    /// Whether it is well.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// Why it matters, or what to do, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The SQL or the command that mends it, ready to paste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    /// A finding with neither hint nor remedy.
    pub fn new(subject: impl Into<String>, what: impl Into<String>, verdict: Verdict, seen: impl Into<String>) -> Self {
        Self { subject: subject.into(), what: what.into(), verdict, seen: seen.into(), hint: None, mend: None }
    }

    /// Something is well.
    pub fn fine(subject: impl Into<String>, what: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(subject, what, Verdict::Ok, seen)
    }

    /// The same with a sentence on it.
    #[must_use]
    pub fn because(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what mends it.
    #[must_use]
    pub fn mended_by(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

/// The worst of all verdicts; fine if there are none.
pub fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_is_worse_than_what_is_wrong() {
        let of = |verdict| Finding::new("x", "y", verdict, "z");
        assert_eq!(worst(&[]), Verdict::Ok);
        assert_eq!(worst(&[of(Verdict::Problem), of(Verdict::Ok), of(Verdict::Warning)]), Verdict::Problem);
        assert_eq!(worst(&[of(Verdict::Unreachable), of(Verdict::Problem)]), Verdict::Unreachable);
        assert!(Verdict::ALL.iter().all(|verdict| Verdict::from_label(verdict.label()) == Some(*verdict)));
    }
}
