//! Who waits for whom: whether waiting for a lock can ever end, and who may be passed in a queue.
//!
//! A run that waits with a lock in its hands may close a circle. Two questions are asked about it, and they are not the
//! same. *Can it ever go on?* Only holders count: a run is stuck when a lock that it asked for is held by as many stuck
//! runs as may hold it, and when a run whose end it waits for is stuck. *May it pass somebody ahead of it in a queue?*
//! Yes, if that one can't go on before it does, over whatever detour. With the second rule the order of a queue never
//! holds anybody up for ever, so the first needs no queues: a set of runs of which each only waits for others of the set
//! is one in which holders alone are in the way.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::RunId;

/// Everything that is held and waited for at one moment.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    /// Locks with those who hold them.
    pub held: Vec<(String, RunId)>,
    /// Places in queues: locks with those who wait for them, in the order of the queue.
    pub asked: Vec<(String, RunId)>,
    /// Runs that wait for another one's end, because a step of theirs triggered it.
    pub ends: Vec<(RunId, RunId)>,
}

impl Waits {
    /// Whether a run waits for itself: it can never go on, and what it holds, or that its end is waited for, is a part of
    /// the reason. `capacity` says how many may hold a lock.
    pub fn in_circle(&self, run: RunId, capacity: impl Fn(&str) -> usize) -> bool {
        let stuck = self.stuck(capacity);
        if !stuck.contains(&run) {
            return false;
        }
        let mut edges = self.behind_holders();
        edges.retain(|(from, to)| stuck.contains(from) && stuck.contains(to));
        reached(&edges, run).contains(&run)
    }

    /// Runs that can't go on before `run` does, over holders, queues or ends: it may pass them.
    pub fn behind(&self, run: RunId) -> BTreeSet<RunId> {
        let mut edges = self.behind_holders();
        let mut queues: BTreeMap<&str, Vec<RunId>> = BTreeMap::new();
        for (name, waiter) in &self.asked {
            let ahead = queues.entry(name).or_default();
            edges.extend(ahead.last().filter(|last| *last != waiter).map(|last| (*waiter, *last)));
            ahead.push(*waiter);
        }
        let backwards: Vec<(RunId, RunId)> = edges.into_iter().map(|(from, to)| (to, from)).collect();
        reached(&backwards, run)
    }

    /// Runs that can never go on.
    fn stuck(&self, capacity: impl Fn(&str) -> usize) -> BTreeSet<RunId> {
        let mut stuck: BTreeSet<RunId> =
            self.asked.iter().map(|(_, run)| *run).chain(self.ends.iter().map(|(run, _)| *run)).collect();
        loop {
            let before = stuck.len();
            let now = stuck.clone();
            stuck.retain(|run| {
                let full = |name: &str| {
                    let holders: BTreeSet<RunId> =
                        self.holders(name).filter(|holder| holder != run && now.contains(holder)).collect();
                    holders.len() >= capacity(name)
                };
                self.asked.iter().any(|(name, waiter)| waiter == run && full(name))
                    || self.ends.iter().any(|(waiter, other)| waiter == run && now.contains(other))
            });
            if stuck.len() == before {
                return stuck;
            }
        }
    }

    fn holders(&self, name: &str) -> impl Iterator<Item = RunId> {
        self.held.iter().filter(move |(held, _)| held == name).map(|(_, run)| *run)
    }

    /// From whom to whom somebody waits for a lock's holder or for a run's end.
    fn behind_holders(&self) -> Vec<(RunId, RunId)> {
        let mut edges = self.ends.clone();
        for (name, waiter) in &self.asked {
            edges.extend(self.holders(name).filter(|holder| holder != waiter).map(|holder| (*waiter, holder)));
        }
        edges
    }
}

/// Runs that are reached from `run` by at least one edge.
fn reached(edges: &[(RunId, RunId)], run: RunId) -> BTreeSet<RunId> {
    let mut to: BTreeMap<RunId, Vec<RunId>> = BTreeMap::new();
    for (from, next) in edges {
        to.entry(*from).or_default().push(*next);
    }
    let (mut found, mut open) = (BTreeSet::new(), vec![run]);
    while let Some(at) = open.pop() {
        open.extend(to.get(&at).into_iter().flatten().copied().filter(|next| found.insert(*next)));
    }
    found
}

#[cfg(test)]
mod tests;
