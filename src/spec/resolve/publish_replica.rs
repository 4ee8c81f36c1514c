use crate::domain::ids::TableName;
use crate::domain::object::{AddressError, ObjectAddress};
use crate::domain::step::{PublishMethod, PublishSource, PublishStep, PublishTable, default_keep};
use crate::domain::template::Text;
use crate::spec::known::ConnectionKind;
use crate::spec::problems::At;
use crate::spec::raw::{OneOrMany, RawPublish, RawPublishFrom, RawPublishTable, RawTableEntry};

use super::copy_to_staging::Source;
use super::names::Names;
use super::resolver::Resolver;

/// DuckDB's storage version of a replica, if the file says nothing else. DuckDB 1.4 and newer can read it, and it is the
/// first in which a write-ahead log knows the file that it belongs to.
const STORAGE_VERSION: &str = "v1.4.0";

impl Resolver<'_, '_> {
    /// A `publish_replica` step.
    pub(super) fn publish(&mut self, raw: &RawPublish, at: At<'_>) -> Option<PublishStep> {
        let source = raw.from.as_ref().and_then(|from| self.publish_source(from, at.key("from")));
        let method = raw.method.unwrap_or_default();
        if method == PublishMethod::Copy && matches!(source, Some(PublishSource::Postgres { .. })) {
            let message = "`method: copy` copies a DuckDB file; tables of PostgreSQL are written anew";
            self.wrong(at.key("method"), message, "delete it, or set `method: auto`");
        }
        let storage_version = raw.storage_version.clone().unwrap_or_else(|| STORAGE_VERSION.to_owned());
        if !is_version(&storage_version) {
            let message = format!("`{storage_version}` is not a storage version of DuckDB");
            self.wrong(at.key("storage_version"), message, "write it as `v1.4.0`");
        }
        let checks = raw.checks.as_ref().map_or(&[][..], Vec::as_slice);
        let checks =
            checks.iter().enumerate().map(|(index, check)| self.sql(check, at.key("checks").item(index))).collect();
        let to = raw.to.as_ref().map(|to| self.places(to, at.key("to")));
        let keep = raw.keep.unwrap_or(default_keep());
        let max_age = self.duration(raw.max_age.as_ref(), at, "max_age");
        let streams = raw.streams.unwrap_or(1);
        if matches!(source, Some(PublishSource::DuckDb { .. })) {
            for (key, given) in [("streams", streams > 1), ("keys", raw.keys.is_some())] {
                if given {
                    let message = format!("`{key}` is for tables of PostgreSQL");
                    self.wrong_span(at.key(key).key_span(), message, "delete it");
                }
            }
        }
        let keys = raw.keys.unwrap_or(false);
        let max_shrink = raw.max_shrink;
        let (source, to) = (source?, to?);
        Some(PublishStep { source, to, method, storage_version, checks, keep, max_shrink, max_age, streams, keys })
    }

    fn places(&mut self, to: &OneOrMany<String>, at: At<'_>) -> Vec<Text> {
        let places: Vec<(&String, At<'_>)> = match to {
            OneOrMany::One(place) => vec![(place, at)],
            OneOrMany::Many(places) => (0..).zip(places).map(|(index, place)| (place, at.item(index))).collect(),
        };
        if places.is_empty() {
            self.wrong(at, "`to` is empty", "name at least one place");
        }
        for (index, (place, at)) in places.iter().enumerate() {
            if place.is_empty() || place.ends_with('/') {
                self.wrong(*at, format!("`{place}` is not the path of a file"), "");
            } else if let Some(Err(error)) = ObjectAddress::parse(place).filter(|_| !place.contains("{{")) {
                self.wrong(*at, error.to_string(), AddressError::HINT);
            } else if places[..index].iter().any(|(earlier, _)| earlier == place) {
                self.wrong(*at, format!("`{place}` stands here twice"), "");
            }
        }
        places.into_iter().map(|(place, at)| self.text(place, at, &Names::STEP)).collect()
    }

    fn publish_source(&mut self, raw: &RawPublishFrom, at: At<'_>) -> Option<PublishSource> {
        let connection = self.connection(raw.connection.as_ref(), at, None);
        let kind = connection.as_deref().and_then(|connection| self.kind_of(connection));
        let Some(tables) = &raw.tables else {
            if kind == Some(ConnectionKind::Postgres) {
                let hint = "a PostgreSQL connection is published table by table: add `tables: [schema.name, …]`";
                self.wrong_span(at.key_span(), "`tables` is missing", hint);
            }
            return connection.map(|connection| PublishSource::DuckDb { connection });
        };
        if kind == Some(ConnectionKind::DuckDb) {
            self.no_effect(at, "tables");
        }
        let at = at.key("tables");
        if tables.is_empty() {
            self.wrong(at, "`tables` is empty", "");
        }
        let mut resolved: Vec<PublishTable> = Vec::new();
        for (index, entry) in tables.iter().enumerate() {
            if let Some(table) = self.publish_table(entry, at.item(index)) {
                if resolved.iter().any(|other| other.name == table.name) {
                    let message = format!("the replica would have two tables `{}`", table.name);
                    self.wrong(at.item(index), message, "give one of them another `name`");
                }
                resolved.push(table);
            }
        }
        connection.map(|connection| PublishSource::Postgres { connection, tables: resolved })
    }

    fn publish_table(&mut self, entry: &RawTableEntry, at: At<'_>) -> Option<PublishTable> {
        let raw = match entry {
            RawTableEntry::More(raw) => raw.clone(),
            RawTableEntry::Name(text) => match TableName::parse(text) {
                Ok(table) => RawPublishTable {
                    name: Some(table.name),
                    table: Some(text.clone()),
                    query: None,
                    r#where: None,
                    columns: None,
                },
                Err(error) => {
                    self.wrong(at, error.to_string(), "write `name` or `schema.name`");
                    return None;
                }
            },
        };
        let name = raw.name.clone()?;
        if name.is_empty() {
            self.wrong(at.key("name"), "a table's name must not be empty", "");
        }
        let source = Source {
            table: raw.table.as_ref(),
            query: raw.query.as_ref(),
            condition: raw.r#where.as_ref(),
            columns: raw.columns.as_ref(),
        };
        Some(PublishTable { name, source: self.copy_source(&source, at)? })
    }
}

/// Whether a text is `v` and three numbers.
fn is_version(text: &str) -> bool {
    let numbers: Vec<&str> = text.strip_prefix('v').unwrap_or_default().split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u16>().is_ok())
}
