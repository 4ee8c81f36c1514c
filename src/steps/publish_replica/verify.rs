//! The last look at a new file before anybody else can see it: opened as a reader opens it, counted, and asked.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbErrorKind, DuckDbFile, DuckDbSession, OpenMode};
use crate::steps::StepContext;
use crate::steps::replica::{Contents, TableRows, look};

use super::place::Place;

/// How much of a check an error shows.
const SHOWN: usize = 120;

/// What the new file should be.
pub(super) struct Expected<'e> {
    /// Its tables with the rows of their source.
    pub(super) tables: &'e [TableRows],
    /// The newest storage version that readers can read.
    pub(super) storage_version: &'e str,
    /// Whether it is another file's copy, that nobody has read.
    pub(super) is_copy: bool,
    /// The job's own checks.
    pub(super) checks: &'e [String],
}

/// Compares the new file with what it should be, asks the job's own checks, and says what it holds.
pub(super) async fn verify(place: &Place, expected: &Expected<'_>, context: &StepContext) -> Result<Contents, Failure> {
    let file = DuckDbFile::new(place.temporary().to_path_buf());
    let session = context.unless_stopped(Box::pin(file.open(OpenMode::ReadOnly))).await?;
    let session = session.map_err(|error| error.on(Side::Target))?;
    let result = compare(&session, expected, context).await;
    // A session that only reads has nothing to write on closing.
    drop(session.close().await);
    result
}

async fn compare(session: &DuckDbSession, expected: &Expected<'_>, context: &StepContext) -> Result<Contents, Failure> {
    let found = look(session, &context.stop).await.map_err(|error| error.on(Side::Target))?;
    let mut wrong: Vec<String> = Vec::new();
    for table in expected.tables {
        match found.tables.iter().find(|one| one.schema == table.schema && one.name == table.name) {
            None => wrong.push(format!("table `{table}` is missing")),
            Some(one) if one.rows != table.rows => {
                wrong.push(format!("table `{table}` has {} rows, its source {}", one.rows, table.rows));
            }
            Some(_) => {}
        }
    }
    if is_newer(&found.storage_version, expected.storage_version) {
        wrong.push(format!(
            "it has storage version {}, asked for was {}",
            found.storage_version, expected.storage_version
        ));
    }
    for (number, check) in (1..).zip(expected.checks) {
        let sql = check.clone();
        let answer = session.run(&context.stop, "checking the new file", move |connection| ask(connection, &sql)).await;
        let complaint = match answer {
            Ok(None) => continue,
            Ok(Some(complaint)) => complaint,
            Err(error) if error.kind == DuckDbErrorKind::Stopped => return Err(Failure::stopped()),
            Err(error) => error.message,
        };
        wrong.push(format!("check {number} (`{}`): {complaint}", shown(check)));
    }
    if wrong.is_empty() {
        context.info(format!("verified {} tables and {} checks", found.tables.len(), expected.checks.len()));
        return Ok(found);
    }
    let message = format!("the new replica is not as it should be: {}", wrong.join("; "));
    Err(Failure::permanent(Code::ReplicaCheck, Side::Target, message)
        .with_hint("the old replica stays as it was; look at the source's data, or at the check"))
}

/// Whether readers that need the one storage version can't read the other. A word such as `latest` allows all.
fn is_newer(found: &str, asked: &str) -> bool {
    let numbers = |version: &str| {
        let numbers: Option<Vec<u32>> = version.strip_prefix('v')?.split('.').map(|part| part.parse().ok()).collect();
        numbers
    };
    matches!((numbers(found), numbers(asked)), (Some(found), Some(asked)) if found > asked)
}

/// What is wrong with a check's answer; `None` if it is a single true.
fn ask(connection: &::duckdb::Connection, check: &str) -> Result<Option<String>, ::duckdb::Error> {
    let mut statement = connection.prepare(check)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(Some("it returned no row".to_owned())) };
    let answer: Option<bool> = match row.get(0) {
        Ok(answer) => answer,
        Err(::duckdb::Error::InvalidColumnType(..)) => {
            return Ok(Some("it returned something else than true or false".to_owned()));
        }
        Err(error) => return Err(error),
    };
    let more = rows.next()?.is_some();
    Ok(match answer {
        Some(true) if more => Some("it returned more than one row".to_owned()),
        Some(true) => None,
        Some(false) => Some("it returned false".to_owned()),
        None => Some("it returned null".to_owned()),
    })
}

fn shown(check: &str) -> String {
    let line = check.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::is_newer;

    #[test]
    fn an_older_version_will_do_and_a_newer_one_won_t() {
        assert!(is_newer("v1.5.0", "v1.4.0") && is_newer("v1.10.0", "v1.4.0"));
        assert!(!is_newer("v1.4.0", "v1.4.0") && !is_newer("v1.0.0", "v1.4.0"));
        assert!(!is_newer("v1.5.0", "latest"));
    }
}
