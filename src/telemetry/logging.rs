//! Logging: to standard error, and to files that roll over daily. Every line passes the masker.
//!
//! A line about a run carries its identity in its span: `job.name`, `run.id`, `step.id`, `attempt`. The spans are made
//! here, so that the fields are spelled once. What to log is a filter as `tracing` reads it (`info,windlass=debug`);
//! whoever starts the program reads it from where it stands and hands it in.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use tracing::{Dispatch, Span};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::mask::{Masked, Masker};
use crate::domain::ids::RunId;

/// What is logged when nobody asks for anything else: our decisions, and of libraries only what may need a hand.
pub const DEFAULT_FILTER: &str = "warn,windlass=info";

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: time, level, span, message, fields.
    #[default]
    Console,
    /// For collectors: one JSON object a line.
    Json,
}

/// Where logs go and how they look.
#[derive(Clone, Debug, Default)]
pub struct LogSettings {
    /// How a line looks, on standard error and in files alike.
    pub format: LogFormat,
    /// The folder of the log files; none are written without it.
    pub directory: Option<PathBuf>,
    /// How many days' files are kept.
    pub keep: usize,
    /// What is logged; [`DEFAULT_FILTER`] if nothing is said.
    pub filter: Option<String>,
    /// Never use colours, not even on a terminal.
    pub plain: bool,
}

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter can't be read.
    #[error("`{0}` is not a log filter (for example `info` or `info,windlass=debug`)")]
    Filter(String, #[source] ParseError),
    /// The log folder can't be written.
    #[error("opening a log file in `{}`", .0.display())]
    Directory(PathBuf, #[source] InitError),
    /// Logging was started twice.
    #[error("logging has been started already")]
    Started,
}

/// Keeps the log files' writer alive. Dropping it writes what is still held.
#[derive(Debug)]
#[must_use = "lines are lost when the guard is dropped early"]
pub struct LogGuard {
    _files: Option<WorkerGuard>,
}

/// Starts logging for the whole process.
pub fn start(settings: &LogSettings, masker: &Masker) -> Result<LogGuard, LogError> {
    let colours = !settings.plain && io::stderr().is_terminal();
    let (dispatch, guard) = dispatch(settings, masker, colours, io::stderr)?;
    // Libraries that speak `log` are heard through the same door.
    dispatch.try_init().map_err(|_| LogError::Started)?;
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tell_panic(info.payload_as_str().unwrap_or("no message"), &place);
    }));
    Ok(guard)
}

/// A panic's message may hold whatever was being worked on. So it is a line like any other, and passes the masker; by
/// itself it would go straight to standard error.
fn tell_panic(message: &str, place: &str) {
    let trace = std::backtrace::Backtrace::capture();
    let trace = (trace.status() == std::backtrace::BacktraceStatus::Captured).then(|| trace.to_string());
    tracing::error!(place, trace, "panic: {message}");
}

/// The span of a run. Lines within it carry the run's identity.
pub fn run_span(job: &str, run: RunId) -> Span {
    tracing::info_span!("run", job.name = job, run.id = %run)
}

/// The span of an attempt, with all of its identity, so that a line needs no outer span to be understood.
pub fn attempt_span(job: &str, run: RunId, step: &str, attempt: u32) -> Span {
    tracing::info_span!("attempt", job.name = job, run.id = %run, step.id = step, attempt)
}

/// A subscriber that writes to `console` and, where a folder is given, to files.
fn dispatch<W>(
    settings: &LogSettings,
    masker: &Masker,
    colours: bool,
    console: W,
) -> Result<(Dispatch, LogGuard), LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let directives = settings.filter.as_deref().filter(|filter| !filter.trim().is_empty()).unwrap_or(DEFAULT_FILTER);
    let filter = EnvFilter::try_new(directives).map_err(|error| LogError::Filter(directives.to_owned(), error))?;
    let (files, worker) = match files(settings)? {
        Some((writer, worker)) => (Some(layer(settings.format, false, Through(masker.clone(), writer))), Some(worker)),
        None => (None, None),
    };
    let subscriber = tracing_subscriber::registry()
        .with(filter)
        .with(layer(settings.format, colours, Through(masker.clone(), console)))
        .with(files);
    Ok((Dispatch::new(subscriber), LogGuard { _files: worker }))
}

/// A layer that writes lines of that format.
fn layer<S, W>(format: LogFormat, colours: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    match format {
        LogFormat::Console => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// The rolling files, written by a thread of their own so that a slow disk doesn't hold a run up.
fn files(settings: &LogSettings) -> Result<Option<(NonBlocking, WorkerGuard)>, LogError> {
    let Some(directory) = &settings.directory else { return Ok(None) };
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("windlass")
        .filename_suffix("log")
        .max_log_files(settings.keep.max(1))
        .build(directory)
        .map_err(|error| LogError::Directory(directory.clone(), error))?;
    Ok(Some(tracing_appender::non_blocking(appender)))
}

/// Hands out writers that mask.
struct Through<M>(Masker, M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Through<M> {
    type Writer = Masked<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        self.0.writer(self.1.make_writer())
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Self::Writer {
        self.0.writer(self.1.make_writer_for(meta))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use uuid::Uuid;

    use super::*;

    /// Remembers what was written.
    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written to standard error when `work` is done with logging on.
    fn written(settings: &LogSettings, work: impl FnOnce()) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let masker = Masker::new(vec!["hunter22\"".to_owned()]);
        let (dispatch, guard) = dispatch(settings, &masker, false, move || writer.clone()).unwrap();
        tracing::dispatcher::with_default(&dispatch, work);
        drop((dispatch, guard));
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn say_something() {
        let _span = attempt_span("nightly", RunId(Uuid::nil()), "stage", 2).entered();
        tracing::info!(rows = 7, "password is hunter22\" and postgres://u:other@h/d");
        tracing::debug!("too quiet to be heard");
    }

    #[test]
    fn a_json_line_carries_the_attempts_identity_and_no_secret() {
        let text = written(&LogSettings { format: LogFormat::Json, ..LogSettings::default() }, say_something);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "password is *** and postgres://u:***@h/d");
        assert_eq!((&line["rows"], &line["level"]), (&7.into(), &"INFO".into()));
        let span = &line["span"];
        assert_eq!(span["job.name"], "nightly");
        assert_eq!(span["run.id"], Uuid::nil().to_string());
        assert_eq!((&span["step.id"], &span["attempt"]), (&"stage".into(), &2.into()));
    }

    #[test]
    fn files_get_the_same_lines_masked_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        for day in ["2020-01-01", "2020-01-02"] {
            std::fs::write(folder.path().join(format!("windlass.{day}.log")), "old").unwrap();
        }
        let directory = Some(folder.path().to_owned());
        let console = written(&LogSettings { directory, keep: 2, ..LogSettings::default() }, say_something);
        let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        assert_eq!(names.len(), 2, "{names:?}");
        let file = std::fs::read_to_string(names.last().unwrap()).unwrap();
        // The two layers read the clock one after the other.
        let without_time = |line: &str| line.split_once(' ').unwrap().1.to_owned();
        assert_eq!(without_time(&file), without_time(&console));
        assert!(console.contains("INFO") && console.contains("password is ***"), "{console}");
        assert!(!console.contains("too quiet") && !console.contains('\u{1b}'), "{console}");
    }

    #[test]
    fn a_panics_message_is_masked() {
        let line = written(&LogSettings::default(), || tell_panic("no user hunter22\" here", "src/x.rs:1:2"));
        assert!(line.contains("panic: no user *** here") && line.contains("src/x.rs:1:2"), "{line}");
    }

    #[test]
    fn the_filter_is_obeyed_and_a_wrong_one_is_refused() {
        let filter = Some("warn".to_owned());
        assert_eq!(written(&LogSettings { filter, ..LogSettings::default() }, say_something), "");
        let settings = LogSettings { filter: Some("windlass=lots".to_owned()), ..LogSettings::default() };
        let error = dispatch(&settings, &Masker::default(), false, io::sink).err().unwrap();
        assert!(error.to_string().contains("`windlass=lots` is not a log filter"), "{error}");
    }
}
