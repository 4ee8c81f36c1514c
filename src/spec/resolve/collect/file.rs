use crate::domain::object::{AddressError, ObjectAddress};
use crate::domain::step::{BadRows, BodyFormat, FileSource};
use crate::spec::problems::At;
use crate::spec::raw::{RawBadRows, RawFileSource};
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn file(&mut self, raw: &RawFileSource, at: At<'_>) -> Option<FileSource> {
        self.records(raw.records.as_ref(), raw.format, at);
        if raw.csv.is_some() && raw.format.is_some_and(|format| format != BodyFormat::Csv) {
            self.wrong_span(at.key("csv").key_span(), "`csv` is for `format: csv` only", "");
        }
        if raw.bad_rows.is_some() && matches!(raw.format, Some(BodyFormat::Json | BodyFormat::Parquet)) {
            let hint = "other formats can't be read any further behind a record that is broken";
            self.wrong_span(at.key("bad_rows").key_span(), "`bad_rows` is for `csv` and `ndjson` only", hint);
        }
        if raw.max_bytes == Some(0) {
            self.wrong(at.key("max_bytes"), "`max_bytes` must be at least 1", "");
        }
        let csv = raw.csv.as_ref().map(|raw| self.csv(raw, at.key("csv"))).unwrap_or_default();
        let bad_rows = raw.bad_rows.as_ref().and_then(|raw| self.bad_rows(raw, at.key("bad_rows")));
        let path = raw.path.as_ref()?;
        // An address with a template is looked at once it is rendered.
        if let Some(Err(error)) = ObjectAddress::parse(path).filter(|_| !path.contains("{{")) {
            self.wrong(at.key("path"), error.to_string(), AddressError::HINT);
        }
        let path = self.text(path, at.key("path"), &Names::STEP);
        Some(FileSource {
            path,
            format: raw.format,
            records: raw.records.clone(),
            csv,
            bad_rows,
            only_new: raw.only_new.unwrap_or(false),
            max_bytes: raw.max_bytes,
            base: self.base.to_owned(),
        })
    }

    fn bad_rows(&mut self, raw: &RawBadRows, at: At<'_>) -> Option<BadRows> {
        if raw.table.as_ref().is_some_and(String::is_empty) {
            self.wrong(at.key("table"), "a table name must not be empty", "");
        }
        Some(BadRows { limit: raw.limit?, table: raw.table.clone() })
    }
}
