//! Causes that the plan shows by itself: nodes that only one process may run.

use super::Cause;
use crate::steps::parallel_ctas::plan::{Plan, relation, text};

/// All of them that the plan has.
pub(super) fn forbidding(plan: &Plan) -> Vec<Cause> {
    let nodes = plan.nodes();
    let find = |kind: &str| nodes.iter().copied().find(|node| text(node, "Node Type") == kind);
    let mut causes = Vec::new();
    if find("LockRows").is_some() {
        causes.push(Cause::new(
            "it locks rows (FOR UPDATE or FOR SHARE), which only one process may do",
            "leave the FOR UPDATE or FOR SHARE out of the query",
        ));
    }
    if find("ModifyTable").is_some() {
        causes.push(Cause::new(
            "it changes rows (INSERT, UPDATE or DELETE inside WITH), which only one process may do",
            "change the rows in a `sql` step before, and only read here",
        ));
    }
    // Below a Gather a foreign table is read by its workers, so then it isn't the reason.
    if let Some(node) = find("Foreign Scan").filter(|_| plan.gathers.is_empty()) {
        causes.push(Cause::new(
            format!("it reads the foreign table {}, which its wrapper does not read in parallel", relation(node)),
            "copy the foreign table here first, for example with a `copy_to_staging` step",
        ));
    }
    if find("Recursive Union").is_some() && plan.gathers.is_empty() {
        causes.push(Cause::new(
            "it is recursive (WITH RECURSIVE), and each round needs the one before",
            "compute the recursive part in a `sql` step before, into a table that this query reads",
        ));
    }
    causes
}
