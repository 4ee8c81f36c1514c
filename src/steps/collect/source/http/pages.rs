//! All pages of an answer, one file of the spool each; without `paginate` there is one.

use serde_json::json;

use super::call::{Call, Caller};
use super::count;
use super::course::{Course, Page};
use super::journal::{Journal, Line, PageFile};
use super::kept::{Kept, file_name};
use super::look::{Look, Wanted};
use super::meter::Meter;
use super::render::Turn;
use super::source::{Expected, charset};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{BodyFormat, PageBy, Paginate};
use crate::domain::template::Scope;
use crate::fetch::{Download, FetchError, FetchErrorKind, Partial, check_body, is_blank};
use crate::steps::collect::source::bytes::disk;
use crate::steps::collect::source::fetch::{Raw, RawFile, not_as_promised, on_thread};
use crate::steps::collect::source::walk;
use crate::steps::spool::Spool;

/// Downloads all of it, but for pages that are `kept` from the attempt before.
pub(super) async fn fetch(
    caller: &Caller<'_>,
    scope: &Scope,
    (expected, kept): (&Expected, Option<&Kept>),
    spool: &Spool,
) -> Result<Raw, Failure> {
    let source = caller.source;
    let mut pages =
        Pages { caller, scope, expected, spool, meter: Meter::new(), files: Vec::new(), bytes: 0, plain: 0 };
    match &source.paginate {
        Some(plan) => Box::pin(pages.all(plan, kept)).await?,
        None => pages.single().await?,
    }
    let (format, records) = (source.format, source.records.clone());
    Ok(Raw { files: pages.files, format, records, max_bytes: Some(source.max_bytes), bytes: pages.bytes })
}

/// What has come so far.
struct Pages<'p> {
    caller: &'p Caller<'p>,
    scope: &'p Scope,
    expected: &'p Expected,
    spool: &'p Spool,
    meter: Meter,
    files: Vec<RawFile>,
    /// As it came.
    bytes: u64,
    /// Unpacked.
    plain: u64,
}

impl Pages<'_> {
    async fn single(&mut self) -> Result<(), Failure> {
        let download = self.download(&Turn::AsWritten, None).await?;
        check_body(&download, self.caller.source.format).map_err(FetchError::failure)?;
        if !self.expected.is_empty() {
            let look = self.look(&download, None).await?;
            self.check(&look, &download)?;
        }
        self.take(download).map(drop)
    }

    async fn all(&mut self, plan: &Paginate, kept: Option<&Kept>) -> Result<(), Failure> {
        let mut course = Course::new(plan);
        let (mut turn, mut journal) = (Some(course.first()), None);
        if let Some(kept) = kept {
            journal = Some(kept.journal(self.spool)?);
            self.files = kept.files(self.spool);
            kept.lines.iter().for_each(|line| course.pass(line));
            if let Some(last) = kept.lines.last() {
                (self.bytes, self.plain, turn) = (last.bytes, last.plain, last.next.clone());
            }
        }
        // Where the attempt before has not come to.
        let first = Some(course.number).filter(|first| *first > 1);
        let mut pages = course.number - 1;
        while let Some(asked) = turn {
            pages = course.number;
            turn = self.page(plan, &mut course, &asked, (first, journal.as_mut())).await?;
        }
        self.caller.context.info(format!("{} records on {pages} pages", course.records));
        Ok(())
    }

    /// Fetches a page and says how the next one is asked for. `first` is the number of the page at which this attempt has
    /// taken up what an earlier one had begun.
    async fn page(
        &mut self,
        plan: &Paginate,
        course: &mut Course<'_>,
        turn: &Turn,
        (first, journal): (Option<u64>, Option<&mut Journal>),
    ) -> Result<Option<Turn>, Failure> {
        let number = course.number;
        let download = self.download(turn, Some((number, course.records))).await?;
        let stuck = |what: String| {
            Failure::permanent(Code::BodyFormat, Side::Source, format!("{}: {what}", download.doing))
                .with_hint("check `paginate` against what the server sends; nothing was loaded")
        };
        // A server that doesn't know a cursor any more, or has moved its pages, may say so by an empty page.
        let unbelievable = || stuck("the first page after those of the attempt before is empty".to_owned());
        // NDJSON and CSV have no other way to say that a page is empty.
        if number > 1 && self.caller.source.format != BodyFormat::Json && is_blank(&download) {
            return if first == Some(number) { Err(unbelievable()) } else { Ok(None) };
        }
        check_body(&download, self.caller.source.format).map_err(FetchError::failure)?;
        let look = self.look(&download, Some(plan)).await?;
        self.check(&look, &download)?;
        if self.caller.source.records.is_none()
            && self.caller.source.format == BodyFormat::Json
            && look.digest.is_none()
        {
            return Err(stuck("it is no array; `records` says where the records of a page are".to_owned()));
        }
        if let Some(what) = &look.missing {
            return Err(stuck(what.clone()));
        }
        let last = self.is_last(plan, course, &look)?;
        let cursor = match &plan.by {
            PageBy::Cursor { from, .. } => look.body.pointer(&self.kept(from).0),
            _ => None,
        };
        let page = Page { look: &look, cursor, link: download.next.as_deref(), url: &download.url };
        let next = course.after(&page, last).map_err(stuck)?;
        if first == Some(number) && look.records == 0 && next.is_none() {
            return Err(unbelievable());
        }
        let taken = look.records > 0 || number == 1;
        let file = if taken { Some(self.take(download)?) } else { None };
        if let Some(journal) = journal {
            let line = Line::now(&look, file, (self.bytes, self.plain), next.as_ref());
            journal.add(&line).map_err(|error| disk(&error))?;
        }
        Ok(next)
    }

    /// Downloads a page. One that breaks off is gone on with where the server lets us, and tried again in any case.
    async fn download(&mut self, turn: &Turn, page: Option<(u64, u64)>) -> Result<Download, Failure> {
        let (caller, context) = (self.caller, self.caller.context);
        let left = caller.source.max_bytes.saturating_sub(self.bytes);
        let (path, mut partial) = (self.spool.path(&self.name()), Partial::default());
        let mut tries = caller.tries(Call { request: &caller.source.request, turn, scope: self.scope });
        loop {
            let request = context.unless_stopped(tries.next()).await??;
            match page {
                Some((number, _)) => context.debug(format!("downloading page {number}: {}", request.shown())),
                None => context.info(format!("downloading: {}", request.shown())),
            }
            let (before, meter) = (self.bytes, &mut self.meter);
            let told = |bytes, expected| context.host.progress(meter.progress(page, before + bytes, expected));
            let work = caller.client.download(&request, &path, left, &mut partial, told);
            match context.unless_stopped(work).await? {
                Ok(download) => {
                    self.bytes += download.bytes;
                    return Ok(download);
                }
                Err(error) if page.is_some() && error.kind == FetchErrorKind::TooLarge => {
                    let message = format!("all pages together are larger than {} bytes", caller.source.max_bytes);
                    return Err(FetchError { message, ..error }.failure());
                }
                Err(error) => tries.failed(error).await?,
            }
        }
    }

    /// The spool's file for the next page.
    fn name(&self) -> String {
        file_name(self.files.len())
    }

    /// Adds a page to what has come.
    fn take(&mut self, download: Download) -> Result<PageFile, Failure> {
        let charset = charset(self.caller.source, &download)?;
        let (label, named) = (download.doing.clone(), charset.map(|charset| charset.name().to_owned()));
        self.files.push(RawFile { path: self.spool.path(&self.name()), label: download.doing, charset });
        Ok(PageFile { label, charset: named, size: download.bytes })
    }

    /// Looks through a page, on a blocking thread.
    async fn look(&mut self, download: &Download, plan: Option<&Paginate>) -> Result<Look, Failure> {
        let source = self.caller.source;
        let parts = |pointer: &str| walk::path_of(pointer).map_err(|what| not_as_promised(&download.doing, what));
        let mut values = self.expected.iter().map(|(pointer, _)| parts(pointer)).collect::<Result<Vec<_>, _>>()?;
        let mut last = false;
        if let Some(Paginate { by: PageBy::Cursor { from, .. }, .. }) = plan {
            let kept = self.kept(from);
            last = kept.1;
            values.push(parts(&kept.0)?);
        }
        let all = plan.is_some_and(|plan| plan.until.is_some());
        let wanted = Wanted { records: parts(source.records.as_deref().unwrap_or_default())?, values, all, last };
        let (path, label) = (self.spool.path(&self.name()), download.doing.clone());
        let how = (charset(source, download)?, source.format);
        let left = source.max_bytes.saturating_sub(self.plain);
        let work = move |stopped: &dyn Fn() -> bool| count::page(&path, &label, how, left, &wanted, stopped);
        let (look, plain) = on_thread("looking through a page", self.caller.context, work).await?;
        self.plain += plain;
        Ok(look)
    }

    /// Where a cursor stands in what is kept of a page, and whether that is in the last record, which is the only one kept.
    fn kept(&self, from: &str) -> (String, bool) {
        let records = self.caller.source.records.as_deref().unwrap_or_default();
        match from.strip_prefix(records).and_then(|rest| rest.strip_prefix("/-/")) {
            Some(rest) => (format!("{records}/0/{rest}"), true),
            None => (from.to_owned(), false),
        }
    }

    /// Whether the answer has the values that it must have.
    fn check(&self, look: &Look, download: &Download) -> Result<(), Failure> {
        let complaints: Vec<String> = self
            .expected
            .iter()
            .filter_map(|(pointer, expected)| match look.body.pointer(pointer) {
                Some(found) if found == expected => None,
                Some(found) => Some(format!("expected `{pointer}` to be {expected}, found {found}")),
                None => Some(format!("expected `{pointer}` to be {expected}, found nothing there")),
            })
            .collect();
        if complaints.is_empty() {
            return Ok(());
        }
        let message = format!("{}: {}; nothing was loaded", download.doing, complaints.join("; "));
        Err(Failure::expectation(Side::Source, message))
    }

    /// What the job says of a page.
    fn is_last(&self, plan: &Paginate, course: &Course<'_>, look: &Look) -> Result<bool, Failure> {
        let Some(until) = &plan.until else { return Ok(false) };
        let mut scope = self.scope.clone();
        let page = json!({"number": course.number, "records": look.records, "body": look.body});
        scope.local.insert("page".to_owned(), page);
        scope.holds(until)
    }
}
