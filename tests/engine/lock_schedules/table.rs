//! What is held and waited for, as the state database has it, and what must be true of it.

use std::collections::BTreeMap;

use crate::engine::world::World;

/// A lock that is held.
#[derive(Clone, Debug)]
struct Held {
    name: String,
    run: String,
    token: i64,
    /// Whether its run has not ended.
    open: bool,
}

/// A place in a queue.
#[derive(Clone, Debug)]
struct Asked {
    name: String,
    run: String,
    id: i64,
    open: bool,
}

/// All that is held and waited for at one moment.
#[derive(Clone, Debug)]
pub(super) struct Table {
    held: Vec<Held>,
    asked: Vec<Asked>,
}

impl Table {
    pub(super) async fn read(world: &World) -> Self {
        let open = "run.state in ('queued', 'waiting', 'running')";
        let admin = world.database.admin();
        let held = format!(
            "select name, run.id::text, token, {open} from windlass.lock_grant join windlass.run on run.id = lock_grant.run \
             where released_at is null order by token"
        );
        let asked = format!(
            "select name, run.id::text, lock_request.id, {open} from windlass.lock_request \
             join windlass.run on run.id = lock_request.run order by lock_request.id"
        );
        let held = admin.query(&held, &[]).await.unwrap();
        let asked = admin.query(&asked, &[]).await.unwrap();
        Self {
            held: held
                .iter()
                .map(|row| Held { name: row.get(0), run: row.get(1), token: row.get(2), open: row.get(3) })
                .collect(),
            asked: asked
                .iter()
                .map(|row| Asked { name: row.get(0), run: row.get(1), id: row.get(2), open: row.get(3) })
                .collect(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.held.is_empty() && self.asked.is_empty()
    }

    /// What is wrong with it, if it came after `before`.
    pub(super) fn check(&self, before: &Self) -> Result<(), String> {
        let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
        for held in &self.held {
            *holders.entry(&held.name).or_default() += 1;
            if !held.open {
                return Err(format!("{held:?} outlived its run"));
            }
        }
        if let Some(asked) = self.asked.iter().find(|asked| !asked.open) {
            return Err(format!("{asked:?} outlived its run"));
        }
        for (name, count) in holders {
            if count > if name.starts_with("pair/") { 2 } else { 1 } {
                return Err(format!("{count} hold {name}"));
            }
        }
        let newest = before.held.iter().map(|held| held.token).max().unwrap_or(0);
        for held in self.held.iter().filter(|held| held.token > newest) {
            // One that had something in its hands may pass those who wait for it.
            if before.held.iter().any(|other| other.run == held.run) {
                continue;
            }
            // One without a place before came last.
            let place = before.place(&held.name, &held.run).unwrap_or(i64::MAX);
            let passed = self.asked.iter().find(|asked| asked.name == held.name && asked.id < place);
            if let Some(passed) = passed.filter(|passed| before.place(&passed.name, &passed.run).is_some()) {
                return Err(format!("{held:?} was granted past {passed:?}"));
            }
        }
        Ok(())
    }

    fn place(&self, name: &str, run: &str) -> Option<i64> {
        self.asked.iter().find(|asked| asked.name == name && asked.run == run).map(|asked| asked.id)
    }
}
