use crate::domain::step::{BodyFormat, CollectSource, CollectStep, LoadMode};
use crate::spec::problems::At;
use crate::spec::raw::RawCollect;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    /// A `collect` step.
    pub(in crate::spec::resolve) fn collect(&mut self, raw: &RawCollect, at: At<'_>) -> Option<CollectStep> {
        let sources = [
            ("http", raw.http.is_some()),
            ("file", raw.file.is_some()),
            ("query", raw.query.is_some()),
            ("command", raw.command.is_some()),
        ];
        self.one_of(at, &sources);
        let http = raw.http.as_ref().and_then(|raw| self.http(raw, at.key("http")));
        let file = raw.file.as_ref().and_then(|raw| self.file(raw, at.key("file")));
        let into = raw.into.as_ref().and_then(|raw| self.into(raw, at.key("into")));
        let expect = raw.expect.as_ref().map(|raw| self.expect(raw, at.key("expect"))).unwrap_or_default();
        let answers_json =
            raw.http.as_ref().is_some_and(|http| http.format.is_none_or(|format| format == BodyFormat::Json));
        if !expect.json.is_empty() && !answers_json {
            let hint = "it looks at the answers of an `http` source with `format: json`";
            self.wrong_span(at.key("expect").key("json").key_span(), "`expect.json` has nothing to look at", hint);
        }
        let allow_empty = raw.allow_empty.unwrap_or(false);
        let query = raw.query.as_ref().and_then(|raw| self.query(raw, at.key("query")));
        let command = raw.command.as_ref().and_then(|raw| self.output_of(raw, at.key("command")));
        self.only_new(raw, into.as_ref().map(|into| into.mode), at);
        let source = http
            .map(|http| CollectSource::Http(Box::new(http)))
            .or_else(|| file.map(CollectSource::File))
            .or_else(|| query.map(CollectSource::Query))
            .or_else(|| command.map(|command| CollectSource::Command(Box::new(command))))?;
        Some(CollectStep { source, into: into?, expect, allow_empty })
    }

    /// A table that is replaced would lose what the files before brought.
    fn only_new(&mut self, raw: &RawCollect, mode: Option<LoadMode>, at: At<'_>) {
        if raw.file.as_ref().is_some_and(|file| file.only_new == Some(true)) && mode == Some(LoadMode::Replace) {
            let message = "`only_new` and `mode: replace` can't stand together: the rows of older files would be lost";
            let at = at.key("file").key("only_new");
            self.wrong_span(at.key_span(), message, "add `mode: append` or `mode: upsert` to `into`");
        }
    }
}
