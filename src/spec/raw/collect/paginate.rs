use schemars::JsonSchema;
use serde::Deserialize;

/// Pages: exactly one of `page`, `offset`, `cursor` and `link`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Paginate")]
pub(crate) struct RawPaginate {
    /// A query parameter with the page's number.
    pub(crate) page: Option<RawPageNumber>,
    /// A query parameter with the number of records that have come so far.
    pub(crate) offset: Option<RawOffset>,
    /// A value of each answer that leads to the next.
    pub(crate) cursor: Option<RawCursor>,
    /// `true`: the header `Link` with `rel="next"`.
    pub(crate) link: Option<bool>,
    /// An expression that is true on the last page, for example `page.number >= page.body.pages`. `page.body` is the
    /// answer without its records.
    pub(crate) until: Option<String>,
    /// Whether a page with fewer records than `size` is the last one. Default: false.
    pub(crate) stop_on_short: Option<bool>,
    /// More pages than this are a failure. Default: 10000.
    #[schemars(range(min = 1))]
    pub(crate) max_pages: Option<u64>,
    /// Whether the step's next attempt goes on from the page that was reached, with the pages that came before it.
    /// Default: true.
    pub(crate) resume: Option<bool>,
}

/// A query parameter with the page's number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PageNumber")]
pub(crate) struct RawPageNumber {
    /// The parameter.
    #[schemars(required)]
    pub(crate) param: Option<String>,
    /// The first page's number. Default: 1.
    pub(crate) start: Option<u64>,
    /// The parameter that asks for the size of a page.
    pub(crate) size_param: Option<String>,
    /// Records on a full page.
    #[schemars(range(min = 1))]
    pub(crate) size: Option<u64>,
}

/// A query parameter with the number of records that have come so far.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Offset")]
pub(crate) struct RawOffset {
    /// The parameter.
    #[schemars(required)]
    pub(crate) param: Option<String>,
    /// The parameter that asks for the size of a page.
    pub(crate) size_param: Option<String>,
    /// Records on a full page.
    #[schemars(range(min = 1))]
    pub(crate) size: Option<u64>,
}

/// A value of each answer that leads to the next: in exactly one of `param`, `json` and `url`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cursor")]
pub(crate) struct RawCursor {
    /// JSON pointer to it, for example `/meta/next`, or `/rows/-/id` in the last record. Missing, null or empty: that was
    /// the last page.
    #[schemars(required)]
    pub(crate) from: Option<String>,
    /// The query parameter that holds it in the next request.
    pub(crate) param: Option<String>,
    /// Where the next request's `json` holds it: a JSON pointer.
    pub(crate) json: Option<String>,
    /// `true`: it is the next request's address.
    pub(crate) url: Option<bool>,
}
