use crate::domain::step::{BodyFormat, CursorTo, PageBy, PageSize, Paginate};
use crate::spec::problems::At;
use crate::spec::raw::{RawCursor, RawHttp, RawPaginate};
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

/// Most pages, if the file says nothing else: far more than a table of a sensible size has.
const MAX_PAGES: u64 = 10_000;

impl Resolver<'_, '_> {
    pub(super) fn paginate(&mut self, raw: &RawPaginate, http: &RawHttp, at: At<'_>) -> Option<Paginate> {
        let kinds = [
            ("page", raw.page.is_some()),
            ("offset", raw.offset.is_some()),
            ("cursor", raw.cursor.is_some()),
            ("link", raw.link == Some(true)),
        ];
        let kind = self.one_of(at, &kinds)?;
        let by = self.page_by(kind, raw, http, at);
        let format = http.format.unwrap_or(BodyFormat::Json);
        let needs_count = matches!(kind, "offset").then_some("offset");
        let needs_count = needs_count.or_else(|| (raw.stop_on_short == Some(true)).then_some("stop_on_short"));
        if let Some(key) = needs_count.filter(|_| format == BodyFormat::Csv) {
            let message = format!("`{key}` needs to count records, and those of CSV are not counted page by page");
            self.wrong_span(at.key(key).key_span(), message, "use `page`, `link`, or another format");
        }
        if kind == "cursor" && format != BodyFormat::Json {
            self.wrong_span(at.key("cursor").key_span(), "`cursor` is for `format: json` only", "");
        }
        let until = self.condition(raw.until.as_ref(), at, "until", &Names::PAGE);
        let stop_on_short = raw.stop_on_short.unwrap_or(false);
        let sized = match &by {
            Some(PageBy::Page { size, .. } | PageBy::Offset { size, .. }) => size.records.is_some(),
            Some(_) => false,
            None => true,
        };
        if stop_on_short && !sized {
            let hint = "give `size` beside `param`; a cursor or link says itself when there is no next page";
            self.wrong(at.key("stop_on_short"), "`stop_on_short` needs the `size` of a page", hint);
        }
        let (max_pages, resume) = (raw.max_pages.unwrap_or(MAX_PAGES), raw.resume.unwrap_or(true));
        Some(Paginate { by: by?, until, stop_on_short, max_pages, resume })
    }

    fn page_by(&mut self, kind: &str, raw: &RawPaginate, http: &RawHttp, at: At<'_>) -> Option<PageBy> {
        let at = at.key(kind);
        match kind {
            "page" => {
                let page = raw.page.as_ref()?;
                let size = self.page_size(page.size_param.as_ref(), page.size, at);
                Some(PageBy::Page { param: page.param.clone()?, start: page.start.unwrap_or(1), size })
            }
            "offset" => {
                let offset = raw.offset.as_ref()?;
                let size = self.page_size(offset.size_param.as_ref(), offset.size, at);
                Some(PageBy::Offset { param: offset.param.clone()?, size })
            }
            "cursor" => self.cursor(raw.cursor.as_ref()?, http, at),
            _ => Some(PageBy::Link),
        }
    }

    fn page_size(&mut self, param: Option<&String>, records: Option<u64>, at: At<'_>) -> PageSize {
        if param.is_some() && records.is_none() && !self.problems.is_pruned(at) {
            self.wrong_span(at.key("size_param").key_span(), "`size_param` needs a `size`", "");
        }
        PageSize { param: param.cloned(), records }
    }

    fn cursor(&mut self, raw: &RawCursor, http: &RawHttp, at: At<'_>) -> Option<PageBy> {
        if let Some(from) = &raw.from {
            self.pointer(from, at.key("from"));
        }
        let places = [("param", raw.param.is_some()), ("json", raw.json.is_some()), ("url", raw.url == Some(true))];
        let to = match self.one_of(at, &places)? {
            "param" => CursorTo::Param(raw.param.clone()?),
            "json" => {
                let pointer = raw.json.clone()?;
                if pointer.is_empty() || !pointer.starts_with('/') {
                    self.wrong(
                        at.key("json"),
                        format!("`{pointer}` is not a JSON pointer to a field"),
                        "write `/cursor`",
                    );
                } else if http.json.is_none() {
                    let hint = "write the request's body as `json:`, with the field as the first request needs it";
                    self.wrong_span(at.key("json").key_span(), "`cursor.json` needs a request with `json`", hint);
                }
                CursorTo::Json(pointer)
            }
            _ => CursorTo::Url,
        };
        Some(PageBy::Cursor { from: raw.from.clone()?, to })
    }
}
