use crate::domain::step::FileSource;
use crate::spec::problems::At;
use crate::spec::raw::RawFileSource;
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn file(&mut self, raw: &RawFileSource, at: At<'_>) -> Option<FileSource> {
        self.refuse(raw.only_new.as_ref(), at, "only_new");
        self.records(raw.records.as_ref(), raw.format, at);
        let path = self.text(raw.path.as_ref()?, at.key("path"), &Names::STEP);
        Some(FileSource { path, format: raw.format, records: raw.records.clone(), base: self.base.to_owned() })
    }
}
