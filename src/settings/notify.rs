//! `notify` of `windlass.yaml`: who is told of what, for jobs that don't say it themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::alert::Notify;
use crate::domain::secret::Secret;
use crate::domain::template::Text;
use crate::spec::authored::{At, RawNotify, notify};

use super::resolve::Resolver;

impl Resolver<'_, '_> {
    /// Resolves it. The webhook's address and its headers count as secrets.
    pub(super) fn notify(&mut self, raw: &RawNotify, at: At<'_>, env: &BTreeMap<String, Option<String>>) -> Notify {
        let known: BTreeSet<String> = env.keys().cloned().collect();
        let mut resolved = notify(raw, at, self.problems, Some(&known));
        if let Some(webhook) = &resolved.webhook {
            let values = webhook.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            let all = values.map(|(_, value)| value).chain([&webhook.url]);
            self.secrets.extend(all.filter(|text| !text.0.contains("{{")).map(|text| Secret::new(&text.0)));
        }
        if let Some(command) = &mut resolved.command
            && command.program.0.contains('/')
        {
            command.program = Text(self.base.join(&command.program.0).to_string_lossy().into_owned());
        }
        resolved
    }
}
