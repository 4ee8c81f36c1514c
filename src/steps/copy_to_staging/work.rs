//! What is left to do, and in which order: pure bookkeeping.
//!
//! ```text
//! table:  load part ┐
//!         load part ┼─▶ compare checksums ─▶ stage 1 of what is built ─▶ stage 2 … ─▶ analyze ─▶ done
//!         load part ┘
//! ```
//!
//! Loads come first, largest first, because the source's snapshot holds back its vacuum for as long as they take.

use std::collections::VecDeque;

/// One thing that one worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Task {
    /// Copy a part of a table.
    Load {
        /// The table, counted from zero.
        table: usize,
        /// The part.
        part: usize,
    },
    /// Compare a table's checksum on both sides.
    Compare {
        /// The table.
        table: usize,
    },
    /// Build one thing of one stage: an index, a constraint.
    Build {
        /// The table.
        table: usize,
        /// The stage.
        stage: usize,
        /// The thing.
        thing: usize,
    },
    /// Gather statistics.
    Analyze {
        /// The table.
        table: usize,
    },
}

impl Task {
    /// Whether it reads from the source.
    pub(super) const fn needs_source(self) -> bool {
        matches!(self, Self::Load { .. } | Self::Compare { .. })
    }

    const fn table(self) -> usize {
        match self {
            Self::Load { table, .. }
            | Self::Compare { table }
            | Self::Build { table, .. }
            | Self::Analyze { table } => table,
        }
    }
}

/// What there is to do for one table.
#[derive(Clone, Debug, Default)]
pub(super) struct TableWork {
    /// Size of each part.
    pub(super) parts: Vec<u64>,
    /// Whether checksums are compared.
    pub(super) compare: bool,
    /// How many things each stage builds.
    pub(super) stages: Vec<usize>,
    /// Whether statistics are gathered.
    pub(super) analyze: bool,
}

/// What is left.
#[derive(Debug)]
pub(super) struct Work {
    tables: Vec<TableWork>,
    /// Tasks of the current step of each table that are not done yet.
    open: Vec<usize>,
    from_source: VecDeque<Task>,
    on_target: VecDeque<Task>,
    /// Tasks that read from the source and are not done, ready or not.
    source_left: usize,
    tables_left: usize,
}

impl Work {
    /// Everything is left.
    pub(super) fn new(tables: Vec<TableWork>) -> Self {
        let mut loads: Vec<(u64, Task)> = Vec::new();
        for (table, work) in tables.iter().enumerate() {
            let load = |(part, bytes): (usize, &u64)| (*bytes, Task::Load { table, part });
            loads.extend(work.parts.iter().enumerate().map(load));
        }
        loads.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        let source_left = loads.len() + tables.iter().filter(|work| work.compare).count();
        Self {
            open: tables.iter().map(|work| work.parts.len()).collect(),
            tables_left: tables.len(),
            from_source: loads.into_iter().map(|(_, task)| task).collect(),
            on_target: VecDeque::new(),
            source_left,
            tables,
        }
    }

    /// The next thing to do, if there is one that can be done now. Who has no session on the source gets none that
    /// needs it.
    pub(super) fn take(&mut self, has_source: bool) -> Option<Task> {
        let from_source = if has_source { self.from_source.pop_front() } else { None };
        from_source.or_else(|| self.on_target.pop_front())
    }

    /// Takes note that a task is done.
    pub(super) fn done(&mut self, task: Task) {
        let table = task.table();
        if task.needs_source() {
            self.source_left -= 1;
        }
        self.open[table] -= 1;
        if self.open[table] > 0 {
            return;
        }
        let work = &self.tables[table];
        let stage = match task {
            Task::Load { .. } if work.compare => {
                self.open[table] = 1;
                // Before other loads: then the table is through with the source.
                return self.from_source.push_front(Task::Compare { table });
            }
            Task::Load { .. } | Task::Compare { .. } => 0,
            Task::Build { stage, .. } => stage + 1,
            Task::Analyze { .. } => {
                self.tables_left -= 1;
                return;
            }
        };
        if let Some(things) = work.stages.get(stage) {
            self.open[table] = *things;
            self.on_target.extend((0..*things).map(|thing| Task::Build { table, stage, thing }));
        } else if work.analyze {
            self.open[table] = 1;
            self.on_target.push_back(Task::Analyze { table });
        } else {
            self.tables_left -= 1;
        }
    }

    /// Whether nothing needs the source any more, so that its snapshot can be let go.
    pub(super) const fn source_done(&self) -> bool {
        self.source_left == 0
    }

    /// Whether everything is done.
    pub(super) const fn finished(&self) -> bool {
        self.tables_left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn rank(task: Task) -> (u8, usize) {
        match task {
            Task::Load { .. } => (0, 0),
            Task::Compare { .. } => (1, 0),
            Task::Build { stage, .. } => (2, stage),
            Task::Analyze { .. } => (3, 0),
        }
    }

    proptest! {
        /// Whatever order workers take and end tasks in: each is given out once, none before those that it builds on.
        #[test]
        fn every_task_is_given_out_once_and_in_order(
            shapes in prop::collection::vec((prop::collection::vec(0_u64..100, 1..5), any::<bool>(), prop::collection::vec(1_usize..4, 0..4), any::<bool>()), 1..6),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let tables: Vec<TableWork> = shapes
                .into_iter()
                .map(|(parts, compare, stages, analyze)| TableWork { parts, compare, stages, analyze })
                .collect();
            let all: usize = tables
                .iter()
                .map(|work| work.parts.len() + usize::from(work.compare) + work.stages.iter().sum::<usize>() + usize::from(work.analyze))
                .sum();
            let mut work = Work::new(tables);
            let (mut running, mut ended): (Vec<Task>, Vec<Task>) = (Vec::new(), Vec::new());
            for pick in picks {
                if let Some(task) = work.take(pick.index(3) > 0) {
                    let before = |other: &Task| other.table() == task.table() && rank(*other) < rank(task);
                    prop_assert!(!running.iter().any(before), "{task:?} while {running:?}");
                    prop_assert!(!ended.contains(&task) && !running.contains(&task));
                    running.push(task);
                }
                if !running.is_empty() && pick.index(2) == 0 {
                    let task = running.swap_remove(pick.index(running.len()));
                    work.done(task);
                    ended.push(task);
                }
            }
            while let Some(task) = running.pop().or_else(|| work.take(true)) {
                work.done(task);
                ended.push(task);
            }
            prop_assert!(work.finished() && work.source_done());
            prop_assert_eq!(ended.len(), all);
        }
    }

    #[test]
    fn large_parts_go_first_and_builds_wait_for_all_parts() {
        let mut work =
            Work::new(vec![TableWork { parts: vec![1, 5], compare: false, stages: vec![1], analyze: false }]);
        let (large, small) = (Task::Load { table: 0, part: 1 }, Task::Load { table: 0, part: 0 });
        assert_eq!((work.take(true), work.take(false), work.take(true)), (Some(large), None, Some(small)));
        work.done(large);
        assert_eq!(work.take(true), None);
        work.done(small);
        assert!(work.source_done() && !work.finished());
        assert_eq!(work.take(false), Some(Task::Build { table: 0, stage: 0, thing: 0 }));
    }
}
