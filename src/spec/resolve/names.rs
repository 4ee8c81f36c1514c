//! Which names a template may use where.

/// Names that a template may use at one place of a job file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// Whether the text is rendered for an attempt of a step: then `steps`, `env`, `lock` and `run.attempt` are there.
    pub(super) of_step: bool,
    /// More names, known at this place only.
    pub(super) local: &'static [&'static str],
    /// What `request` has, where that is one of these names.
    pub(super) request: &'static [&'static str],
}

impl Names {
    /// In a step.
    pub(super) const STEP: Self = Self { of_step: true, local: &[], request: &[] };
    /// Where the run's and step's locks are named, before anything runs.
    pub(super) const LOCK: Self = Self { of_step: false, local: &[], request: &[] };
    /// In a request.
    pub(super) const REQUEST: Self = Self { of_step: true, local: &["request"], request: &["timestamp"] };
    /// In a request after a report was created.
    pub(super) const REPORT: Self = Self { of_step: true, local: &["report", "request"], request: &["timestamp"] };
    /// When a report's state was asked for.
    pub(super) const POLL: Self = Self { of_step: true, local: &["report", "poll"], request: &[] };
    /// When a page has come.
    pub(super) const PAGE: Self = Self { of_step: true, local: &["page", "report"], request: &[] };

    /// The same where a request is signed: then all of it is known.
    pub(super) const fn of_a_signature(self) -> Self {
        Self { request: &["timestamp", "method", "path", "query", "body"], ..self }
    }

    /// The outermost names.
    pub(super) fn roots(self) -> Vec<&'static str> {
        let mut roots = vec!["params", "run"];
        if self.of_step {
            roots.extend(["steps", "env", "lock"]);
        }
        roots.extend(self.local);
        roots
    }

    /// What `run` has.
    pub(super) fn run(self) -> &'static [&'static str] {
        let all = &["id", "job", "scheduled_for", "attempt"];
        if self.of_step { all } else { &all[..3] }
    }
}

/// Functions of the template language, which it lists like variables.
pub(super) const FUNCTIONS: &[&str] = &["range", "dict", "namespace", "debug", "loop"];
