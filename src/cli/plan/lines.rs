//! What a step of each kind would do, in labelled lines.

use serde::Serialize;

use crate::domain::failure::Failure;
use crate::domain::step::{
    CollectSource, CollectStep, CommandStep, CopyRead, CopySource, CopyStep, CopySwap, CopyTarget, CtasStep,
    HttpRequest, HttpSource, IndexKey, LoadMode, PublishSource, PublishStep, SqlStep, StepKind, TriggerStep,
};
use crate::domain::template::Scope;

/// One labelled line, or several lines under one label.
#[derive(Serialize)]
pub(super) struct Line {
    /// What it is: `query`, `into`.
    pub(super) label: &'static str,
    /// The value, rendered.
    pub(super) text: String,
}

fn line(label: &'static str, text: impl Into<String>) -> Line {
    Line { label, text: text.into() }
}

/// The lines of a step.
pub(super) fn lines(kind: &StepKind, scope: &Scope) -> Result<Vec<Line>, Failure> {
    match kind {
        StepKind::Collect(step) => collect(step, scope),
        StepKind::CopyToStaging(step) => copy(step, scope),
        StepKind::ParallelCtas(step) => ctas(step, scope),
        StepKind::PublishReplica(step) => publish(step, scope),
        StepKind::Sql(step) => sql(step, scope),
        StepKind::Command(step) => command(step, scope),
        StepKind::Trigger(step) => trigger(step, scope),
    }
}

fn collect(step: &CollectStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let mut lines = match &step.source {
        CollectSource::Http(source) => http(source, scope)?,
        CollectSource::File(source) => {
            let path = scope.text(&source.path)?;
            let files = if source.only_new { format!("{path}, new ones only") } else { path };
            vec![line("files", files), line("relative to", source.base.display().to_string())]
        }
        CollectSource::Command(source) => command(&source.command, scope)?,
        CollectSource::Query(source) => {
            vec![line("from", source.connection.as_str()), line("query", scope.sql(&source.statement)?)]
        }
    };
    let mode = serde_json::to_value(step.into.mode).unwrap_or_default();
    let mode = mode.as_str().unwrap_or_default();
    lines.push(line("into", format!("{} of {}, {mode}", scope.text(&step.into.table)?, step.into.connection)));
    if !step.into.key.is_empty() {
        lines.push(line("key", step.into.key.join(", ")));
    }
    if let Some(rows) = step.expect.rows {
        let bound = |bound: Option<u64>| bound.map_or_else(|| "any".to_owned(), |number| number.to_string());
        lines.push(line("rows expected", format!("from {} to {}", bound(rows.min), bound(rows.max))));
    }
    Ok(lines)
}

fn http(source: &HttpSource, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    // What a report's answers bring is known to the run only.
    let mut scope = scope.clone();
    if let Some(report) = &source.report {
        lines.push(line("create", request(&report.create, &scope)?));
        lines.push(line("poll", raw_request(&report.poll.request)));
        let (every, timeout) = (report.poll.every, report.poll.timeout);
        lines.push(line("until", format!("{} (every {every:?}, at most {timeout:?})", report.poll.until)));
        scope.local.insert("report".to_owned(), serde_json::json!({}));
        lines.push(line("download", raw_request(&source.request)));
        lines.extend(report.delete.as_ref().map(|delete| line("delete", raw_request(delete))));
    } else {
        lines.push(line("request", request(&source.request, &scope)?));
    }
    Ok(lines)
}

fn request(request: &HttpRequest, scope: &Scope) -> Result<String, Failure> {
    let mut url = scope.text(&request.url)?;
    for (name, value) in &request.query {
        let separator = if url.contains('?') { '&' } else { '?' };
        url = format!("{url}{separator}{name}={}", scope.text(value)?);
    }
    let body = request.body.as_ref().map(|body| scope.text(body)).transpose()?;
    Ok(match body {
        Some(body) => format!("{} {url}\n{body}", request.method),
        None => format!("{} {url}", request.method),
    })
}

/// A request whose templates use what an earlier answer brings: as written.
fn raw_request(request: &HttpRequest) -> String {
    format!("{} {}", request.method, request.url.0)
}

fn source(source: &CopySource, scope: &Scope) -> Result<Line, Failure> {
    Ok(match source {
        CopySource::Table { table, columns, condition } => {
            let mut text = scope.text(table)?;
            if !columns.is_empty() {
                text = format!("{text} ({})", columns.join(", "));
            }
            if let Some(condition) = condition {
                text = format!("{text} where {}", scope.sql(condition)?);
            }
            line("table", text)
        }
        CopySource::Query(query) => line("query", scope.sql(query)?),
    })
}

fn copy(step: &CopyStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let mut lines = vec![line("from", step.from.as_str())];
    match &step.source {
        CopyRead::One(one) => lines.push(source(one, scope)?),
        CopyRead::Tables(tables) => {
            let tables: Vec<String> = tables.iter().map(|table| scope.text(table)).collect::<Result<_, _>>()?;
            lines.push(line("tables", tables.join(", ")));
        }
    }
    let how = match (step.mode, step.swap) {
        (LoadMode::Replace, CopySwap::Rename) => "replaced in one transaction",
        (LoadMode::Replace, CopySwap::InPlace) => "its rows exchanged in one transaction",
        (LoadMode::Append, _) => "rows added in one transaction",
        (LoadMode::Upsert, _) => "rows added or replaced by key in one transaction",
    };
    let target = match &step.target {
        CopyTarget::Table(table) => scope.text(table)?,
        CopyTarget::Schema(schema) => format!("schema {}", scope.text(schema)?),
    };
    lines.push(line("into", format!("{target} of {}, {how}", step.to)));
    if !step.key.is_empty() {
        lines.push(line("key", step.key.join(", ")));
    }
    if step.streams > 1 {
        let by = step.split_by.as_ref().map(|column| format!(", divided by {column}")).unwrap_or_default();
        lines.push(line("streams", format!("{}{by}", step.streams)));
    }
    Ok(lines)
}

fn ctas(step: &CtasStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let workers = &step.workers;
    let mut lines = vec![
        line("into", format!("{} of {}", scope.text(&step.table)?, step.connection)),
        line("query", scope.sql(&step.query)?),
    ];
    for (name, value) in &step.with {
        lines.push(line("with", format!("{name} = {}", scope.text(value)?)));
    }
    lines.extend(
        step.tablespace.as_ref().map(|name| scope.text(name)).transpose()?.map(|name| line("tablespace", name)),
    );
    for index in &step.indexes {
        let on = match &index.on {
            IndexKey::Columns(columns) => columns.join(", "),
            IndexKey::Sql(sql) => scope.sql(sql)?,
        };
        lines.push(line("index", on));
    }
    let duration = humantime::format_duration;
    lines.push(line(
        "workers",
        format!(
            "target {}, minimum {}, free slots waited for up to {}, up to {} attempts {} apart",
            workers.target,
            workers.minimum,
            duration(workers.slot_wait),
            workers.attempts,
            duration(workers.retry_delay)
        ),
    ));
    Ok(lines)
}

fn publish(step: &PublishStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let mut lines = match &step.source {
        PublishSource::DuckDb { connection } => vec![line("from", format!("all of {connection}"))],
        PublishSource::Postgres { connection, tables } => {
            let mut lines = vec![line("from", connection.as_str())];
            for table in tables {
                let of = source(&table.source, scope)?;
                lines.push(line("table", format!("{} from {}", table.name, of.text)));
            }
            lines
        }
    };
    for place in &step.to {
        lines.push(line("to", scope.text(place)?));
    }
    for check in &step.checks {
        lines.push(line("check", scope.sql(check)?));
    }
    Ok(lines)
}

fn sql(step: &SqlStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    Ok(vec![line("connection", step.connection.as_str()), line("statement", scope.sql(&step.statement)?)])
}

fn command(step: &CommandStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let mut words = vec![scope.text(&step.program)?];
    for argument in &step.args {
        words.push(scope.text(argument)?);
    }
    let mut lines = vec![line("program", words.join(" "))];
    lines.extend(step.env.iter().map(|(name, _)| line("environment", name.as_str())));
    lines.extend(step.cwd.as_ref().map(|folder| line("folder", folder.display().to_string())));
    lines.extend(step.user.iter().map(|user| line("user", user.as_str())));
    Ok(lines)
}

fn trigger(step: &TriggerStep, scope: &Scope) -> Result<Vec<Line>, Failure> {
    let mut lines = vec![line("job", scope.text(&step.job)?)];
    for (name, value) in &step.params {
        lines.push(line("param", format!("{name}={}", scope.text(value)?)));
    }
    lines.push(line("waits for its end", if step.wait { "yes" } else { "no" }));
    Ok(lines)
}
