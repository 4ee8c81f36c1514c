//! The jobs whose copies are killed, and what a reader of their staging tables must find.

use super::ROWS;

/// How rows get into staging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A new table takes the old one's place.
    Replace,
    /// The same for two tables at once, by several streams.
    Several,
    /// The table stays.
    InPlace,
    /// Rows are replaced by key.
    Upsert,
    /// Rows are added.
    Append,
}

impl Mode {
    pub(super) const ALL: [Self; 5] = [Self::Replace, Self::Several, Self::InPlace, Self::Upsert, Self::Append];

    /// The job's name.
    pub(super) const fn job(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Several => "several",
            Self::InPlace => "in_place",
            Self::Upsert => "upsert",
            Self::Append => "append",
        }
    }

    /// The job's file.
    pub(super) fn file(self) -> String {
        let table = format!("to: {{connection: target, table: {}}}", self.job());
        let from = "from: {connection: source, table: \"원본\"}";
        let step = match self {
            Self::Replace => format!("{from}\n      {table}"),
            Self::Several => "from: {connection: source, tables: [\"원본\", \"둘째\"]}\n      \
                              to: {connection: target, schema: \"여럿\"}\n      streams: 3"
                .to_owned(),
            Self::InPlace => format!("{from}\n      {table}\n      swap: in_place\n      verify: checksum"),
            Self::Upsert => format!("{from}\n      {table}\n      mode: upsert\n      key: [id]"),
            Self::Append => format!("{from}\n      {table}\n      mode: append"),
        };
        format!(
            "job: {}\nretry: {{attempts: 100, delay: 100ms, backoff: constant, jitter: 0}}\nsteps:\n  - id: copy\n    \
             copy_to_staging:\n      {step}\n",
            self.job()
        )
    }

    /// The staging tables.
    pub(super) const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Several => &["\"여럿\".\"원본\"", "\"여럿\".\"둘째\""],
            Self::Replace => &["replace"],
            Self::InPlace => &["in_place"],
            Self::Upsert => &["upsert"],
            Self::Append => &["append"],
        }
    }

    /// Whether the staging tables are whole, and their newest generation. Whole: each generation that is there has each
    /// row once in each table; and but for rows that are added there is only one.
    pub(super) fn look(self) -> String {
        let tables = self.tables();
        let all: Vec<String> = tables.iter().map(|table| format!("select id, gen from {table}")).collect();
        let count = tables.iter().map(|_| ROWS).sum::<i64>();
        let sum = count * (ROWS + 1) / 2;
        let most = if self == Self::Append { "true" } else { "count(*) = 1" };
        format!(
            "select coalesce(bool_and(n = {count} and ids = {ROWS} and sum = {sum}) and {most}, false), max(gen)
             from (select gen, count(*) as n, count(distinct id) as ids, sum(id)::bigint as sum
                   from ({}) as rows group by gen) as generations",
            all.join(" union all ")
        )
    }
}
