//! Which tables are meant by names and patterns.

use std::collections::HashSet;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::template::Text;
use crate::postgres::{self, PgError, PgErrorKind, Session};
use crate::steps::StepContext;

/// Names and patterns that are wanted, and those that are taken away.
pub(in crate::steps) fn patterns_of(
    patterns: &[Text],
    context: &StepContext,
) -> Result<(Vec<TableName>, Vec<TableName>), Failure> {
    let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
    for pattern in patterns {
        let text = context.scope.text(pattern)?;
        let (list, name) = match text.strip_prefix('!') {
            Some(name) => (&mut unwanted, name),
            None => (&mut wanted, text.as_str()),
        };
        let name = TableName::parse(name)
            .map_err(|error| Failure::permanent(Code::Template, Side::Internal, error.to_string()))?;
        list.push(name);
    }
    Ok((wanted, unwanted))
}

/// The tables that are meant: a name must be there, and so must something for the patterns together.
pub(in crate::steps) async fn select(
    session: &Session,
    wanted: &[TableName],
    unwanted: &[TableName],
) -> Result<Vec<u32>, PgError> {
    let is_pattern = |name: &TableName| {
        name.name.contains(['*', '?']) || name.schema.as_ref().is_some_and(|schema| schema.contains(['*', '?']))
    };
    let (patterns, names): (Vec<TableName>, Vec<TableName>) = wanted.iter().cloned().partition(is_pattern);
    let mut oids = postgres::find_relations(session, &names).await?;
    if !patterns.is_empty() {
        let matched = postgres::match_relations(session, &patterns, unwanted).await?;
        if matched.is_empty() && oids.is_empty() {
            let told = patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("no table fits {told}");
            let doing = "looking for tables that fit the patterns";
            let mut error = PgError::without_server(doing, message, PgErrorKind::Server);
            error.sqlstate = Some("42P01".to_owned());
            return Err(error);
        }
        oids.extend(matched);
    }
    let mut seen = HashSet::new();
    oids.retain(|oid| seen.insert(*oid));
    Ok(oids)
}
