use serde::{Deserialize, Serialize};

/// How the next page is asked for, and when there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paginate {
    /// What tells one page from the next.
    pub by: PageBy,
    /// A template expression over `page` that is true on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether a page with fewer records than its size is the last one.
    #[serde(default)]
    pub stop_on_short: bool,
    /// More pages than this are a failure.
    pub max_pages: u64,
    /// Whether the step's next attempt goes on from the page that was reached.
    #[serde(default = "on")]
    pub resume: bool,
}

const fn on() -> bool {
    true
}

/// What tells one page from the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageBy {
    /// A number that grows by one.
    Page {
        /// The query parameter that holds it.
        param: String,
        /// The first page's number.
        start: u64,
        /// The size of a page.
        size: PageSize,
    },
    /// How many records have come so far.
    Offset {
        /// The query parameter that holds it.
        param: String,
        /// The size of a page.
        size: PageSize,
    },
    /// A value of each answer that leads to the next.
    Cursor {
        /// JSON pointer to it.
        from: String,
        /// Where the next request has it.
        to: CursorTo,
    },
    /// The `Link` header with `rel="next"`.
    Link,
}

/// The size of a page, where the job knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageSize {
    /// The query parameter that asks for it.
    pub param: Option<String>,
    /// Records on a full page.
    pub records: Option<u64>,
}

/// Where the next request has the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorTo {
    /// In this query parameter.
    Param(String),
    /// In the request's `json`, at this JSON pointer.
    Json(String),
    /// It is the next request's address.
    Url,
}
