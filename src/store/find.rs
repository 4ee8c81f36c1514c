//! Finding a run by the beginning of its id.

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::RunId;

impl Store {
    /// Runs whose id begins with these hexadecimal digits, hyphens or not, newest first; at most `limit`. None if it
    /// isn't the beginning of an id.
    pub async fn find_runs(&self, beginning: &str, limit: u32) -> Result<Vec<RunId>, StoreError> {
        const DOING: &str = "looking for a run";
        let Some((first, last)) = range(beginning) else { return Ok(Vec::new()) };
        self.call(DOING, async |connection| {
            let rows = connection
                .query(include_str!("sql/run_find.sql"), &[&first, &last, &i64::from(limit)])
                .await
                .map_err(database(DOING))?;
            Ok(rows.iter().map(|row| RunId(row.get("id"))).collect())
        })
        .await
    }
}

/// The first and the last id that begin so.
fn range(beginning: &str) -> Option<(uuid::Uuid, uuid::Uuid)> {
    let digits: String = beginning.chars().filter(|character| *character != '-').collect();
    if digits.is_empty() || digits.len() > 32 || !digits.chars().all(|character| character.is_ascii_hexdigit()) {
        return None;
    }
    let filled = |with: char| {
        let mut filled = digits.clone();
        filled.extend(std::iter::repeat_n(with, 32 - digits.len()));
        uuid::Uuid::try_parse(&filled).ok()
    };
    Some((filled('0')?, filled('f')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_stands_for_all_ids_from_zeros_to_fs() {
        let (first, last) = range("0199-a").unwrap();
        assert_eq!(first.to_string(), "0199a000-0000-0000-0000-000000000000");
        assert_eq!(last.to_string(), "0199afff-ffff-ffff-ffff-ffffffffffff");
        assert!(range("").is_none() && range("nasdaq").is_none() && range(&"0".repeat(33)).is_none());
    }
}
