//! Parts: what one stream copies at a time.
//!
//! Tables are divided by ranges of their pages, partitioned ones by partition first. A part that is no more than a small
//! share of all there is keeps the streams busy until the end; one that is too small is not worth its statement.

use crate::postgres::{Ident, Leaf, PAGE, QualifiedName};

use super::source::{Rows, Source};

/// Below this a table isn't divided: a COPY of it takes well under a second.
const SMALLEST: u64 = 32 * 1024 * 1024;

/// One COPY out of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::steps) struct Part {
    /// The rows, as a query.
    pub(in crate::steps) query: String,
    /// Size of the pages that are read for it, if they are known: large parts go first.
    pub(in crate::steps) bytes: u64,
}

/// Divides the rows of each source among that many streams, into about so many parts for each of them: several, so that
/// none waits long for the last one, or one, where what is begun anew for a part costs more than that.
pub(in crate::steps) fn divide<'s>(
    sources: impl Iterator<Item = &'s Source> + Clone,
    streams: u32,
    parts_a_stream: u32,
) -> Vec<Vec<Part>> {
    let all: u64 = sources.clone().map(|source| source.rows.bytes()).sum();
    let largest = all.div_ceil(u64::from(streams) * u64::from(parts_a_stream)).max(SMALLEST);
    sources.map(|source| parts(source, streams, largest)).collect()
}

fn parts(source: &Source, streams: u32, largest: u64) -> Vec<Part> {
    let whole = |bytes| vec![Part { query: source.rows.query(), bytes }];
    match &source.rows {
        Rows::Relation { leaves, list, condition, bytes, .. } if streams > 1 && source.ranges.is_empty() => {
            let parts: Vec<Part> =
                leaves.iter().flat_map(|leaf| of_leaf(leaf, list, condition.as_deref(), largest)).collect();
            if parts.is_empty() { whole(*bytes) } else { parts }
        }
        rows if source.ranges.is_empty() => whole(rows.bytes()),
        rows => {
            let bytes = rows.bytes() / source.ranges.len() as u64;
            let part = |range: &String| Part { query: rows.query_where(range), bytes };
            source.ranges.iter().map(part).collect()
        }
    }
}

/// The parts of one table by its pages. The last has no end: rows that are added meanwhile are not in the snapshot, but
/// the table's size may have been read before it was taken.
fn of_leaf(leaf: &Leaf, list: &str, condition: Option<&str>, largest: u64) -> Vec<Part> {
    let count = leaf.bytes.div_ceil(largest).max(1);
    let pages = leaf.bytes.div_ceil(PAGE);
    let first = |part: u64| pages * part / count;
    let range = |part: u64| {
        let from = (part > 0).then(|| format!("ctid >= '({},0)'::tid", first(part)));
        let to = (part + 1 < count).then(|| format!("ctid < '({},0)'::tid", first(part + 1)));
        from.into_iter().chain(to).collect::<Vec<_>>().join(" and ")
    };
    (0..count)
        .map(|part| Part { query: select(list, &leaf.name, condition, &range(part)), bytes: leaf.bytes / count })
        .collect()
}

/// A query for those rows of a table that fulfil both conditions; an empty range is none.
pub(in crate::steps) fn select(list: &str, table: &QualifiedName, condition: Option<&str>, range: &str) -> String {
    // On a line of its own, so that a comment at the end of the condition ends with it.
    let condition = condition.map(|condition| format!("(\n{condition}\n)"));
    let range = (!range.is_empty()).then(|| format!("({range})"));
    let conditions: Vec<String> = condition.into_iter().chain(range).collect();
    let filter = if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    format!("select {list} from {table}{filter}")
}

/// Conditions that divide rows by the values of a column at these bounds, which are SQL literals in ascending order.
/// Each row fulfils exactly one, also one without a value.
pub(in crate::steps) fn ranges(column: &Ident, bounds: &[String]) -> Vec<String> {
    if bounds.is_empty() {
        return Vec::new();
    }
    let first = format!("{column} < {} or {column} is null", bounds[0]);
    let between = bounds.windows(2).map(|pair| format!("{column} >= {} and {column} < {}", pair[0], pair[1]));
    let last = format!("{column} >= {}", bounds[bounds.len() - 1]);
    std::iter::once(first).chain(between).chain([last]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(bytes: u64) -> Source {
        let name = QualifiedName { schema: Some(Ident::new("s")), name: Ident::new("주문") };
        Source {
            name: name.to_string(),
            columns: Vec::new(),
            rows_expected: None,
            rows: Rows::Relation {
                table: name.clone(),
                leaves: vec![Leaf { name, bytes }],
                list: "\"a\"".to_owned(),
                condition: Some("a > 1 -- why".to_owned()),
                bytes,
            },
            ranges: Vec::new(),
        }
    }

    #[test]
    fn one_stream_reads_a_table_whole() {
        let parts = divide([table(10 * SMALLEST)].iter(), 1, 4);
        assert_eq!(parts[0].len(), 1);
        assert_eq!(parts[0][0].query, "select \"a\" from \"s\".\"주문\" where (\na > 1 -- why\n)");
    }

    #[test]
    fn pages_are_divided_without_gap_or_overlap() {
        let parts = divide([table(10 * SMALLEST), table(10)].iter(), 2, 4);
        assert_eq!((parts[0].len(), parts[1].len()), (8, 1));
        let page = 10 * SMALLEST / PAGE / 8;
        assert!(parts[0][0].query.ends_with(&format!("and (ctid < '({page},0)'::tid)")), "{}", parts[0][0].query);
        assert!(parts[0][1].query.contains(&format!("ctid >= '({page},0)'::tid and ctid < '({},0)'", 2 * page)));
        assert!(parts[0][7].query.ends_with(&format!("and (ctid >= '({},0)'::tid)", 7 * page)));
    }

    #[test]
    fn every_value_is_in_one_range() {
        let ranges = ranges(&Ident::new("id"), &["'1'".to_owned(), "'5'".to_owned()]);
        assert_eq!(ranges, ["\"id\" < '1' or \"id\" is null", "\"id\" >= '1' and \"id\" < '5'", "\"id\" >= '5'"]);
    }
}
