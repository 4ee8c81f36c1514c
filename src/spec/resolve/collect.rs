use std::time::Duration;

use crate::domain::step::{
    BodyFormat, CollectSource, CollectStep, ColumnType, CommandSource, Expect, FileSource, HttpAuth, HttpRequest,
    HttpSource, Into, LoadMode, Poll, QuerySource, Report,
};
use crate::spec::problems::At;
use crate::spec::raw::{
    Pairs, RawAuth, RawCollect, RawCommand, RawCommandSource, RawExpect, RawFileSource, RawHttp, RawInto, RawPoll,
    RawQuery, RawReport, RawRequest, Scalar,
};

use super::names::Names;
use super::resolver::Resolver;

/// Largest body, if the file says nothing else: 1 GiB.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Pause between two looks at a report, if the file says nothing else.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// Longest wait for a report, if the file says nothing else.
const POLL_TIMEOUT: Duration = Duration::from_mins(30);

/// Methods of HTTP that fetch or make something.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A request as four raw structs have it.
struct Request<'r> {
    url: Option<&'r String>,
    method: Option<&'r String>,
    headers: Option<&'r Pairs<Scalar>>,
    query: Option<&'r Pairs<Scalar>>,
    body: Option<&'r String>,
    auth: Option<&'r RawAuth>,
    default_method: &'static str,
}

macro_rules! request {
    ($raw:expr, $method:literal) => {
        Request {
            url: $raw.url.as_ref(),
            method: $raw.method.as_ref(),
            headers: $raw.headers.as_ref(),
            query: $raw.query.as_ref(),
            body: $raw.body.as_ref(),
            auth: $raw.auth.as_ref(),
            default_method: $method,
        }
    };
}

impl Resolver<'_, '_> {
    /// A `collect` step.
    pub(super) fn collect(&mut self, raw: &RawCollect, at: At<'_>) -> Option<CollectStep> {
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
        let allow_empty = raw.allow_empty.unwrap_or(false);
        let query = raw.query.as_ref().and_then(|raw| self.query(raw, at.key("query")));
        let command = raw.command.as_ref().and_then(|raw| self.output_of(raw, at.key("command")));
        let source = http
            .map(|http| CollectSource::Http(Box::new(http)))
            .or_else(|| file.map(CollectSource::File))
            .or_else(|| query.map(CollectSource::Query))
            .or_else(|| command.map(|command| CollectSource::Command(Box::new(command))))?;
        Some(CollectStep { source, into: into?, expect, allow_empty })
    }

    fn http(&mut self, raw: &RawHttp, at: At<'_>) -> Option<HttpSource> {
        self.refuse(raw.paginate.as_ref(), at, "paginate");
        self.refuse(raw.rate_limit.as_ref(), at, "rate_limit");
        let names = if raw.report.is_some() { &Names::REPORT } else { &Names::STEP };
        let request = self.request(&request!(raw, "GET"), at, names);
        let format = raw.format.unwrap_or(BodyFormat::Json);
        self.streamed(format, at);
        self.records(raw.records.as_ref(), Some(format), at);
        let auth = request.as_ref().and_then(|request| request.auth.clone());
        let report = raw.report.as_ref().map(|raw| self.report(raw, at.key("report"), auth.as_ref()));
        let report = match report {
            Some(None) => return None,
            Some(report) => report,
            None => None,
        };
        let max_bytes = self.max_bytes(raw.max_bytes, at);
        Some(HttpSource { request: request?, format, records: raw.records.clone(), max_bytes, report })
    }

    fn report(&mut self, raw: &RawReport, at: At<'_>, auth: Option<&HttpAuth>) -> Option<Report> {
        let with_auth = |mut request: HttpRequest| {
            request.auth = request.auth.or_else(|| auth.cloned());
            request
        };
        let create = raw.create.as_ref().and_then(|raw| self.plain(raw, "POST", at.key("create"), &Names::STEP));
        let poll = raw.poll.as_ref().and_then(|raw| self.poll(raw, at.key("poll")));
        let delete = raw.delete.as_ref().map(|raw| self.plain(raw, "DELETE", at.key("delete"), &Names::REPORT));
        let poll = poll.map(|poll| Poll { request: with_auth(poll.request.clone()), ..poll });
        let delete = match delete {
            Some(delete) => Some(with_auth(delete?)),
            None => None,
        };
        Some(Report { create: with_auth(create?), poll: poll?, delete })
    }

    fn plain(&mut self, raw: &RawRequest, method: &'static str, at: At<'_>, names: &Names) -> Option<HttpRequest> {
        let mut request = request!(raw, "GET");
        request.default_method = method;
        self.request(&request, at, names)
    }

    fn poll(&mut self, raw: &RawPoll, at: At<'_>) -> Option<Poll> {
        let request = self.request(&request!(raw, "GET"), at, &Names::REPORT);
        let every = self.positive(raw.every.as_ref(), at, "every").unwrap_or(POLL_EVERY);
        let timeout = self.positive(raw.timeout.as_ref(), at, "timeout").unwrap_or(POLL_TIMEOUT);
        let until = raw.until.as_ref()?;
        if until.contains("{{") {
            let hint = "`until` is an expression already: `poll.status == 'BUILT'`";
            self.wrong(at.key("until"), "`until` must not hold `{{`", hint);
        } else {
            self.expression(until, at.key("until"), &Names::POLL);
        }
        Some(Poll { request: request?, until: until.clone(), every, timeout })
    }

    fn request(&mut self, raw: &Request<'_>, at: At<'_>, names: &Names) -> Option<HttpRequest> {
        let method = raw.method.map_or_else(|| raw.default_method.to_owned(), |method| method.to_uppercase());
        if !METHODS.contains(&method.as_str()) {
            let hint = format!("possible here: {}", METHODS.join(", "));
            self.wrong(at.key("method"), format!("unknown method `{method}`"), &hint);
        }
        let headers = self.pairs(raw.headers, at, "headers", names);
        let query = self.pairs(raw.query, at, "query", names);
        let body = raw.body.map(|body| self.text(body, at.key("body"), names));
        let auth = raw.auth.and_then(|auth| self.auth(auth, at.key("auth"), names));
        let url = raw.url?;
        if !url.starts_with("http://") && !url.starts_with("https://") && !url.trim_start().starts_with("{{") {
            self.wrong(at.key("url"), format!("`{url}` is not an address"), "it starts with `https://` or `http://`");
        }
        let url = self.text(url, at.key("url"), names);
        Some(HttpRequest { method, url, headers, query, body, auth })
    }

    fn auth(&mut self, raw: &RawAuth, at: At<'_>, names: &Names) -> Option<HttpAuth> {
        match self.one_of(at, &[("basic", raw.basic.is_some()), ("bearer", raw.bearer.is_some())])? {
            "basic" => {
                let basic = raw.basic.as_ref()?;
                let at = at.key("basic");
                let user = basic.user.as_ref().map(|user| self.text(user, at.key("user"), names));
                let password = basic.password.as_ref().map(|password| self.text(password, at.key("password"), names));
                Some(HttpAuth::Basic { user: user?, password: password? })
            }
            _ => Some(HttpAuth::Bearer(self.text(raw.bearer.as_ref()?, at.key("bearer"), names))),
        }
    }

    fn file(&mut self, raw: &RawFileSource, at: At<'_>) -> Option<FileSource> {
        self.refuse(raw.only_new.as_ref(), at, "only_new");
        self.records(raw.records.as_ref(), raw.format, at);
        let path = self.text(raw.path.as_ref()?, at.key("path"), &Names::STEP);
        Some(FileSource { path, format: raw.format, records: raw.records.clone(), base: self.base.to_owned() })
    }

    fn query(&mut self, raw: &RawQuery, at: At<'_>) -> Option<QuerySource> {
        let connection = self.connection(raw.connection.as_ref(), at, None);
        let statement = self.statement(("statement", raw.statement.as_ref()), raw.file.as_ref(), at);
        Some(QuerySource { connection: connection?, statement: statement? })
    }

    fn output_of(&mut self, raw: &RawCommandSource, at: At<'_>) -> Option<CommandSource> {
        let RawCommandSource { program, args, env, cwd, grace, format, records, max_bytes } = raw.clone();
        let command = self.command(&RawCommand { program, args, env, cwd, grace, user: None }, at);
        let format = format.unwrap_or(BodyFormat::Ndjson);
        self.streamed(format, at);
        self.records(records.as_ref(), Some(format), at);
        let max_bytes = self.max_bytes(max_bytes, at);
        Some(CommandSource { command: command?, format, records, max_bytes })
    }

    /// Refuses a format that can't be read from a stream.
    fn streamed(&mut self, format: BodyFormat, at: At<'_>) {
        if format == BodyFormat::Parquet {
            self.wrong(at.key("format"), "`format: parquet` is for files only", "possible here: json, ndjson, csv");
        }
    }

    fn max_bytes(&mut self, given: Option<u64>, at: At<'_>) -> u64 {
        if given == Some(0) {
            self.wrong(at.key("max_bytes"), "`max_bytes` must be at least 1", "");
        }
        given.unwrap_or(MAX_BYTES)
    }

    fn records(&mut self, records: Option<&String>, format: Option<BodyFormat>, at: At<'_>) {
        let Some(pointer) = records else { return };
        if format.is_some_and(|format| format != BodyFormat::Json) {
            self.wrong(at.key("records"), "`records` is for `format: json` only", "");
        } else if !pointer.is_empty() && !pointer.starts_with('/') {
            let hint = format!("a JSON pointer starts with a slash: `/{}`", pointer.replace('.', "/"));
            self.wrong(at.key("records"), format!("`{pointer}` is not a JSON pointer"), &hint);
        }
    }

    fn into(&mut self, raw: &RawInto, at: At<'_>) -> Option<Into> {
        self.refuse(raw.new_columns.as_ref(), at, "new_columns");
        let connection = self.connection(raw.connection.as_ref(), at, None);
        let table = self.table(raw.table.as_ref(), at);
        let mode = raw.mode.unwrap_or(LoadMode::Replace);
        let key = self.columns(raw.key.as_ref(), at, "key");
        if mode == LoadMode::Upsert && key.is_empty() {
            let hint = "add `key: [column, …]`: the columns that tell rows apart";
            self.wrong(at.key("mode"), "`mode: upsert` needs a `key`", hint);
        } else if mode != LoadMode::Upsert && raw.key.is_some() {
            self.wrong_span(at.key("key").key_span(), "`key` is for `mode: upsert` only", "");
        }
        let columns = raw.columns.as_ref().map_or(&[][..], |columns| &columns.0);
        for (index, (name, sql_type)) in columns.iter().enumerate() {
            if name.is_empty() || sql_type.trim().is_empty() {
                self.wrong(at.key("columns").nth(index), "a column needs a name and a type", "");
            }
        }
        let columns =
            columns.iter().map(|(name, sql_type)| ColumnType { name: name.clone(), sql_type: sql_type.clone() });
        Some(Into { connection: connection?, table: table?, mode, key, columns: columns.collect() })
    }

    fn expect(&mut self, raw: &RawExpect, at: At<'_>) -> Expect {
        self.refuse(raw.fresh.as_ref(), at, "fresh");
        Expect {
            rows: raw.rows.as_ref().map(|rows| self.rows(rows, at.key("rows"))),
            columns: self.columns(raw.columns.as_ref(), at, "columns"),
            not_null: self.columns(raw.not_null.as_ref(), at, "not_null"),
            unique: self.columns(raw.unique.as_ref(), at, "unique"),
        }
    }
}
