use crate::domain::step::QuerySource;
use crate::spec::problems::At;
use crate::spec::raw::RawQuery;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn query(&mut self, raw: &RawQuery, at: At<'_>) -> Option<QuerySource> {
        let connection = self.connection(raw.connection.as_ref(), at, None);
        let statement = self.statement(("statement", raw.statement.as_ref()), raw.file.as_ref(), at);
        Some(QuerySource { connection: connection?, statement: statement? })
    }
}
