//! Whether the blocks of a DuckDB file are whole, as far as that shows without DuckDB.
//!
//! DuckDB checks a block when it reads it; who copies a file reads nothing. So a copy could carry a damaged block to
//! every reader. This looks at the blocks as they pass by on their way into the digest. It is a filter, no proof: a
//! block that is free may hold anything, so a suspicion is for DuckDB to settle by reading the tables.

/// The file's header and two headers of the database.
const HEADERS: usize = 3 * 4096;

/// Where in a header of the database the size of blocks stands, behind its checksum and four numbers.
const SIZE_AT: usize = 4096 + 5 * 8;

/// The sizes that DuckDB knows.
const SIZES: std::ops::RangeInclusive<usize> = (1 << 14)..=(1 << 18);

/// The blocks of one file, seen in order.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// What has been seen of the headers, or of a block that isn't complete.
    partial: Vec<u8>,
    /// The size of a block, once the headers were seen; zero if they are none.
    size: Option<usize>,
    /// Blocks whose checksum isn't theirs.
    suspicious: u64,
}

impl Blocks {
    /// Looks at the file's next bytes.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let wanted = match self.size {
                None => HEADERS,
                Some(0) => return,
                Some(size) => size,
            };
            // Whole blocks need no copy.
            if self.partial.is_empty() && self.size.is_some() && bytes.len() >= wanted {
                self.suspicious += u64::from(!is_whole(&bytes[..wanted]));
                bytes = &bytes[wanted..];
                continue;
            }
            let (now, rest) = bytes.split_at((wanted - self.partial.len()).min(bytes.len()));
            self.partial.extend_from_slice(now);
            bytes = rest;
            if self.partial.len() < wanted {
                return;
            }
            match self.size {
                None => self.size = Some(block_size(&self.partial).unwrap_or(0)),
                Some(_) => self.suspicious += u64::from(!is_whole(&self.partial)),
            }
            self.partial.clear();
        }
    }

    /// Whether all blocks were whole, and nothing was left over.
    pub(super) fn are_whole(&self) -> bool {
        self.size.is_some_and(|size| size > 0) && self.suspicious == 0 && self.partial.is_empty()
    }
}

/// The size of the file's blocks; `None` if these are not the headers of a file that is known.
fn block_size(headers: &[u8]) -> Option<usize> {
    let size = usize::try_from(word(headers.get(SIZE_AT..)?)?).ok()?;
    (SIZES.contains(&size) && size.is_power_of_two()).then_some(size)
}

/// Whether a block bears the checksum of its contents.
fn is_whole(block: &[u8]) -> bool {
    word(block).is_some_and(|says| says == checksum(&block[8..]))
}

/// DuckDB's checksum of a block.
fn checksum(contents: &[u8]) -> u64 {
    let words = contents.as_chunks::<8>().0;
    words.iter().fold(5381, |sum, word| sum ^ u64::from_le_bytes(*word).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

fn word(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen of a file that comes in pieces of some size.
    fn look(bytes: &[u8], pieces: usize) -> bool {
        let mut blocks = Blocks::default();
        bytes.chunks(pieces).for_each(|piece| blocks.pass(piece));
        blocks.are_whole()
    }

    #[test]
    fn a_file_of_duckdb_is_whole_until_a_bit_of_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        for size in ["262144", "16384"] {
            let path = folder.path().join(format!("{size}.db"));
            let make = format!(
                "attach '{}' as x (block_size {size}); create table x.t as select range, md5(range::varchar) from \
                 range(200000); checkpoint x; detach x",
                path.display()
            );
            duckdb::Connection::open_in_memory().unwrap().execute_batch(&make).unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            for pieces in [1 << 20, 4096, 12_345] {
                assert!(look(&bytes, pieces), "{size}, {pieces}");
            }
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            assert!(!look(&bytes, 1 << 20), "{size}");
            bytes[middle] ^= 1;
            bytes.pop();
            assert!(!look(&bytes, 1 << 20), "{size}");
        }
        assert!(!look(b"no database", 100) && !look(&vec![7; 20_000], 100));
    }
}
