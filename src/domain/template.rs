//! Templates in a job file's strings: minijinja, with `params`, `run`, `steps`, `env` and `lock`.
//!
//! Two kinds of text are kept apart by type. `Text` renders as it is. `SqlText` renders every value as a quoted SQL
//! literal unless it is marked `| identifier` or `| raw`, so a parameter can't inject SQL. Unknown names are errors.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::{Deserialize, Serialize};

use super::code::Code;
use super::failure::{Failure, Side};
use super::ids::quoted;

/// A string that may hold a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub String);

/// SQL that may hold a template; values are rendered as literals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SqlText(pub String);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&str> for SqlText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What a template may use.
#[derive(Clone, Debug, Serialize)]
pub struct Scope {
    /// The run's parameters.
    pub params: BTreeMap<String, String>,
    /// The run itself.
    pub run: RunScope,
    /// Outcomes of earlier steps by id, in their JSON form.
    pub steps: BTreeMap<String, serde_json::Value>,
    /// Environment variables that the configuration allows.
    pub env: BTreeMap<String, String>,
    /// The fencing token of the lock that the run or step holds; the newest where there are several.
    pub lock: LockScope,
    /// More names, known to one step only (`report`, `poll`).
    #[serde(flatten)]
    pub local: BTreeMap<String, serde_json::Value>,
    /// The job's time zone, for `| date`.
    #[serde(skip)]
    pub zone: Tz,
}

/// `run` in a template.
#[derive(Clone, Debug, Serialize)]
pub struct RunScope {
    /// Its id.
    pub id: String,
    /// Its job.
    pub job: String,
    /// The due time, RFC 3339 in UTC.
    pub scheduled_for: DateTime<Utc>,
    /// The number of the step's attempt, from one.
    pub attempt: u32,
}

/// `lock` in a template.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LockScope {
    /// The fencing token; undefined when no lock is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<i64>,
}

impl Scope {
    /// A scope with parameters only, as when a run's locks are named before any step.
    pub fn of_run(run: RunScope, params: BTreeMap<String, String>, zone: Tz) -> Self {
        Self {
            params,
            run,
            steps: BTreeMap::new(),
            env: BTreeMap::new(),
            lock: LockScope::default(),
            local: BTreeMap::new(),
            zone,
        }
    }

    /// Renders plain text.
    pub fn text(&self, text: &Text) -> Result<String, Failure> {
        self.render(&environment(self.zone), &text.0)
    }

    /// Renders SQL, values as literals.
    pub fn sql(&self, text: &SqlText) -> Result<String, Failure> {
        self.render(&sql_environment(self.zone), &text.0)
    }

    /// Evaluates an expression, for example `poll.status == 'BUILT'`, to true or false.
    pub fn holds(&self, expression: &str) -> Result<bool, Failure> {
        let environment = environment(self.zone);
        environment
            .compile_expression(expression)
            .and_then(|compiled| compiled.eval(Value::from(Serde(self))))
            .map(|value| value.is_true())
            .map_err(|error| failure(expression, &error))
    }

    fn render(&self, environment: &Environment<'_>, source: &str) -> Result<String, Failure> {
        if !source.contains('{') {
            return Ok(source.to_owned());
        }
        environment.render_str(source, Value::from(Serde(self))).map_err(|error| failure(source, &error))
    }
}

/// An error of the template engine as a failure.
pub(super) fn failure(source: &str, error: &Error) -> Failure {
    let first = source.lines().nth(error.line().unwrap_or(1).saturating_sub(1)).unwrap_or(source).trim();
    Failure::permanent(Code::Template, Side::Internal, format!("rendering `{first}`: {}", describe(error)))
        .with_hint("templates know params, run, steps, env and lock; `windlass plan` shows what they render to")
}

/// An error of the template engine in one line.
fn describe(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// What is wrong with a template, found without rendering it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The line within the text, from one.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Names that a template uses, dotted (`params.account`), or what is wrong with its syntax.
pub fn names_used(source: &str) -> Result<Vec<String>, TemplateProblem> {
    let environment = environment(Tz::UTC);
    let template = environment
        .template_from_str(source)
        .map_err(|error| TemplateProblem { line: error.line().unwrap_or(1), message: describe(&error) })?;
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.sort();
    Ok(names)
}

/// Names that an expression such as `poll.until` uses, or what is wrong with its syntax.
pub fn names_used_by_expression(source: &str) -> Result<Vec<String>, TemplateProblem> {
    names_used(&format!("{{{{ {source} }}}}"))
}

/// What every template is rendered with.
pub(super) fn environment(zone: Tz) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("date", move |value: Value, format: Option<String>| format_time(&value, format, zone));
    environment.add_filter("identifier", |value: String| Value::from_safe_string(quoted(&value)));
    environment.add_filter("raw", |value: String| Value::from_safe_string(value));
    environment
}

fn sql_environment(zone: Tz) -> Environment<'static> {
    let mut environment = environment(zone);
    environment.set_formatter(|out, _state, value| {
        let literal = if value.is_safe() { value.to_string() } else { sql_literal(value)? };
        out.write_str(&literal).map_err(Error::from)
    });
    environment
}

/// A value as an SQL literal that PostgreSQL and DuckDB read alike.
fn sql_literal(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::None => Ok("null".to_owned()),
        ValueKind::Bool | ValueKind::Number => Ok(value.to_string()),
        ValueKind::String => {
            let text = value.to_string();
            if text.contains('\0') {
                return Err(Error::new(ErrorKind::BadSerialization, "a zero byte can't be in an SQL literal"));
            }
            Ok(format!("'{}'", text.replace('\'', "''")))
        }
        ValueKind::Undefined => Err(Error::new(ErrorKind::UndefinedError, "the value is not defined")),
        kind => Err(Error::new(ErrorKind::BadSerialization, format!("a {kind} can't be an SQL literal"))),
    }
}

/// `| date`: the day (or another strftime format) of a time in the job's zone.
fn format_time(value: &Value, format: Option<String>, zone: Tz) -> Result<String, Error> {
    let text = value.to_string();
    let format = format.unwrap_or_else(|| "%Y-%m-%d".to_owned());
    let items: Vec<_> = chrono::format::StrftimeItems::new(&format).collect();
    if items.contains(&chrono::format::Item::Error) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("`{format}` is not a date format (strftime)")));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Ok(time.with_timezone(&zone).format_with_items(items.iter()).to_string());
    }
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("`{text}` is not a time or a day")))?;
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
    Ok(midnight.format_with_items(items.iter()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(account: &str) -> Scope {
        let run = RunScope {
            id: "r1".into(),
            job: "j".into(),
            scheduled_for: "2026-11-20T21:30:00Z".parse().unwrap(),
            attempt: 2,
        };
        let params = BTreeMap::from([("account".to_owned(), account.to_owned())]);
        let mut scope = Scope::of_run(run, params, Tz::Asia__Seoul);
        scope.steps.insert("symbols".into(), serde_json::json!({"rows": 7}));
        scope
    }

    #[test]
    fn text_renders_as_it_is_and_dates_in_the_jobs_zone() {
        let text =
            scope("a").text(&"{{ params.account }}/{{ run.scheduled_for | date }}/{{ steps.symbols.rows }}".into());
        assert_eq!(text.unwrap(), "a/2026-11-21/7");
    }

    #[test]
    fn a_value_that_would_be_sql_stays_a_value() {
        let scope = scope("x'; drop table t; --");
        assert_eq!(
            scope.sql(&"select {{ params.account }}, {{ steps.symbols.rows }}".into()).unwrap(),
            "select 'x''; drop table t; --', 7"
        );
        assert_eq!(
            scope.sql(&"from {{ params.account | identifier }}".into()).unwrap(),
            "from \"x'; drop table t; --\""
        );
    }

    #[test]
    fn unknown_names_are_failures_that_show_the_line() {
        let failure = scope("a").sql(&"select 1\nwhere {{ params.acount }}".into()).unwrap_err();
        assert_eq!(failure.code, Code::Template);
        assert!(failure.message.contains("params.acount"), "{}", failure.message);
    }

    #[test]
    fn names_are_found_without_rendering() {
        assert_eq!(names_used("{{ params.a }} {{ run.id | date }}").unwrap(), ["params.a", "run.id"]);
        assert!(names_used("{{ params.a ").is_err());
    }

    proptest! {
        #[test]
        fn a_literal_always_reads_back_as_one_string(value in "[^\0]*") {
            let literal = scope(&value).sql(&"{{ params.account }}".into()).unwrap();
            let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            prop_assert_eq!(inner.replace("''", "\u{1}").contains('\''), false);
            prop_assert_eq!(inner.replace("''", "'"), value);
        }
    }
}
