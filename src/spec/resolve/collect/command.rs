use crate::domain::step::{BodyFormat, CommandSource};
use crate::spec::problems::At;
use crate::spec::raw::{RawCommand, RawCommandSource};
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn output_of(&mut self, raw: &RawCommandSource, at: At<'_>) -> Option<CommandSource> {
        let RawCommandSource { program, args, env, cwd, user, grace, format, records, max_bytes } = raw.clone();
        let command = self.command(&RawCommand { program, args, env, cwd, user, grace }, at);
        let format = format.unwrap_or(BodyFormat::Ndjson);
        self.streamed(format, at);
        self.records(records.as_ref(), Some(format), at);
        let max_bytes = self.max_bytes(max_bytes, at);
        Some(CommandSource { command: command?, format, records, max_bytes })
    }
}
