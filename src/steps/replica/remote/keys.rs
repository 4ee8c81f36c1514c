//! The keys of a replica's objects.

/// The keys of a replica's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    replica: String,
}

impl Keys {
    /// Those of the replica with that key.
    pub(super) fn of(replica: &str) -> Self {
        Self { replica: replica.to_owned() }
    }

    /// The replica: what readers get.
    pub(super) fn replica(&self) -> &str {
        &self.replica
    }

    /// Its manifest.
    pub(super) fn manifest(&self) -> String {
        format!("{}.json", self.replica)
    }

    /// What the keys of its generations start with, without the slash.
    pub(super) fn generations(&self) -> String {
        format!("{}.generations", self.replica)
    }

    /// A generation's file.
    pub(super) fn generation(&self, number: u64) -> String {
        format!("{}/{number}.db", self.generations())
    }

    /// A generation's manifest.
    pub(super) fn generation_manifest(&self, number: u64) -> String {
        format!("{}/{number}.json", self.generations())
    }

    /// What says whose a number is.
    pub(super) fn claim(&self, number: u64) -> String {
        format!("{}/{number}.uploading", self.generations())
    }

    /// What says whose turn it is to change the replica.
    pub(super) fn turn(&self) -> String {
        format!("{}/switching", self.generations())
    }

    /// A generation's file as a manifest names it, relative to the replica's folder.
    pub(super) fn generation_name(&self, number: u64) -> String {
        let name = self.replica.rsplit('/').next().unwrap_or_default();
        format!("{name}.generations/{number}.db")
    }

    /// The number and the ending in a key of a generation.
    pub(super) fn parts<'k>(&self, key: &'k str) -> Option<(u64, &'k str)> {
        let name = key.strip_prefix(&self.generations())?.strip_prefix('/')?;
        let (number, ending) = name.split_once('.')?;
        Some((number.parse().ok()?, ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_and_read() {
        let keys = Keys::of("a/stock.db");
        assert_eq!(keys.generation(41), "a/stock.db.generations/41.db");
        assert_eq!(keys.generation_name(41), "stock.db.generations/41.db");
        assert_eq!(keys.parts(&keys.claim(41)), Some((41, "uploading")));
        assert_eq!(keys.parts(&keys.turn()), None);
        assert_eq!(keys.parts("a/stock.db.generations.old/1.db"), None);
    }
}
