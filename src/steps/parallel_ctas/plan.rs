//! What `EXPLAIN (FORMAT JSON)` says about workers, before and after the query ran.

use std::time::Duration;

use serde_json::Value;

use crate::domain::ids::quoted;
use crate::domain::outcome::GatherWorkers;

/// A Gather (or Gather Merge) of a plan: where workers are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gather {
    /// Workers Planned.
    pub(super) planned: u32,
    /// Workers Launched, the last time if it ran several times; `None` if the query hasn't run or never came to it.
    pub(super) launched: Option<u32>,
    /// PostgreSQL's estimate of all the work below it.
    cost: f64,
    /// Whether it starts as soon as the query does: nothing else has to be computed first.
    pub(super) starts_at_once: bool,
}

/// A plan, as far as workers go.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    root: Value,
    /// All Gathers, in the plan's order.
    pub(super) gathers: Vec<Gather>,
    /// How long planning took.
    pub(super) planning: Duration,
}

impl Plan {
    /// Reads the answer to an `EXPLAIN (FORMAT JSON)`; `None` if there is no plan in it.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let first = answer.get(0)?;
        let root = first.get("Plan")?;
        let mut gathers = Vec::new();
        collect(root, true, &mut gathers);
        let planning_ms = first.get("Planning Time").and_then(Value::as_f64).unwrap_or(0.0);
        let planning = Duration::try_from_secs_f64(planning_ms / 1000.0).unwrap_or_default();
        Some(Self { root: root.clone(), gathers, planning })
    }

    /// The Gather that the guarantee is for: of those that ran, if the query did, the one with the most work below it.
    pub(super) fn costliest(&self) -> Option<&Gather> {
        let ran = self.gathers.iter().any(|gather| gather.launched.is_some());
        let counted = self.gathers.iter().filter(|gather| !ran || gather.launched.is_some());
        counted.max_by(|one, other| one.cost.total_cmp(&other.cost))
    }

    /// Workers planned for the costliest Gather.
    pub(super) fn planned(&self) -> u32 {
        self.costliest().map_or(0, |gather| gather.planned)
    }

    /// Workers launched for the costliest Gather; `None` if the query came to none, so that there was nothing to share.
    pub(super) fn launched(&self) -> Option<u32> {
        self.costliest().and_then(|gather| gather.launched)
    }

    /// Planned and launched workers of all Gathers.
    pub(super) fn workers(&self) -> Vec<GatherWorkers> {
        let workers = |gather: &Gather| GatherWorkers { planned: gather.planned, achieved: gather.launched };
        self.gathers.iter().map(workers).collect()
    }

    /// Rows that came out of the top of a plan that ran. PostgreSQL 18 writes them with decimals, 15 without.
    pub(super) fn rows(&self) -> u64 {
        let number = |key, otherwise| self.root.get(key).and_then(Value::as_f64).unwrap_or(otherwise);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows, far below 2^53")]
        let rows = (number("Actual Rows", 0.0) * number("Actual Loops", 1.0)).round() as u64;
        rows
    }

    /// The top node.
    pub(super) const fn root(&self) -> &Value {
        &self.root
    }

    /// All nodes, from the top.
    pub(super) fn nodes(&self) -> Vec<&Value> {
        let mut nodes = vec![&self.root];
        let mut at = 0;
        while let Some(node) = nodes.get(at).copied() {
            nodes.extend(children(node));
            at += 1;
        }
        nodes
    }
}

/// The nodes below a node.
pub(super) fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node.get("Plans").and_then(Value::as_array).into_iter().flatten()
}

/// A text property of a node.
pub(super) fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Tables of the plan, quoted and with their schema.
pub(super) fn relations(plan: &Plan) -> Vec<String> {
    plan.nodes().into_iter().filter(|node| node.get("Relation Name").is_some()).map(relation).collect()
}

/// The table of a node, quoted and with its schema.
pub(super) fn relation(node: &Value) -> String {
    format!("{}.{}", quoted(text(node, "Schema")), quoted(text(node, "Relation Name")))
}

fn number(node: &Value, key: &str) -> u32 {
    node.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

fn collect(node: &Value, at_once: bool, gathers: &mut Vec<Gather>) {
    if text(node, "Node Type").starts_with("Gather") {
        let ran = node.get("Actual Loops").and_then(Value::as_f64).is_some_and(|loops| loops > 0.0);
        gathers.push(Gather {
            planned: number(node, "Workers Planned"),
            launched: ran.then(|| number(node, "Workers Launched")),
            cost: node.get("Total Cost").and_then(Value::as_f64).unwrap_or(0.0),
            starts_at_once: at_once,
        });
    }
    // A hash join may read either side first, and subplans run when they are needed.
    let in_order = !text(node, "Node Type").contains("Hash Join");
    let first = children(node).position(|child| text(child, "Parent Relationship") == "Outer");
    let no_subplans = children(node).all(|child| !text(child, "Parent Relationship").contains("Plan"));
    for (position, child) in children(node).enumerate() {
        let relationship = text(child, "Parent Relationship");
        let leads = match relationship {
            "Outer" => Some(position) == first,
            "Subquery" => true,
            "Member" => position == 0,
            _ => false,
        };
        collect(child, at_once && in_order && no_subplans && leads, gathers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn gather(cost: f64, planned: u32, launched: u32) -> Value {
        json!({"Node Type": "Gather", "Parent Relationship": "Outer", "Total Cost": cost, "Actual Loops": 1,
               "Workers Planned": planned, "Workers Launched": launched})
    }

    fn plan(root: &Value) -> Plan {
        Plan::read(&json!([{"Plan": root}])).unwrap()
    }

    #[test]
    fn the_costliest_gather_is_the_one_that_counts() {
        let mut init = gather(10.0, 1, 1);
        init["Parent Relationship"] = json!("InitPlan");
        let root = json!({"Node Type": "Aggregate", "Actual Rows": 7, "Actual Loops": 1,
                          "Plans": [init, gather(500.0, 4, 3)]});
        let plan = plan(&root);
        assert_eq!((plan.rows(), plan.planned(), plan.launched()), (7, 4, Some(3)));
        assert!(!plan.costliest().unwrap().starts_at_once, "the InitPlan runs first");
        let all = [(1, Some(1)), (4, Some(3))].map(|(planned, achieved)| GatherWorkers { planned, achieved });
        assert_eq!(plan.workers(), all);
    }

    #[test]
    fn a_gather_that_the_query_never_came_to_does_not_count() {
        let mut never = gather(500.0, 4, 0);
        never["Actual Loops"] = json!(0);
        let one = plan(&json!({"Node Type": "Append", "Plans": [never.clone(), gather(10.0, 2, 2)]}));
        assert_eq!((one.planned(), one.launched()), (2, Some(2)));
        assert_eq!(plan(&json!({"Node Type": "Append", "Plans": [never]})).launched(), None);
    }

    #[test]
    fn a_gather_below_one_line_of_nodes_starts_at_once_and_one_behind_a_hash_does_not() {
        let sorted = json!({"Node Type": "Sort", "Plans": [gather(1.0, 2, 0)]});
        assert!(plan(&sorted).costliest().unwrap().starts_at_once);
        let hashed = json!({"Node Type": "Hash Join", "Plans": [
            gather(9.0, 2, 0),
            {"Node Type": "Hash", "Parent Relationship": "Inner", "Plans": [{"Node Type": "Seq Scan"}]}]});
        assert!(!plan(&hashed).costliest().unwrap().starts_at_once);
    }

    #[test]
    fn rows_are_read_in_the_way_of_old_and_new_servers() {
        assert_eq!(plan(&json!({"Actual Rows": 1_000_000, "Actual Loops": 1})).rows(), 1_000_000);
        assert_eq!(plan(&json!({"Actual Rows": 1_000_000.00, "Actual Loops": 1})).rows(), 1_000_000);
        let empty = plan(&json!({"Node Type": "Result"}));
        assert_eq!((empty.rows(), empty.planned(), empty.launched()), (0, 0, None));
    }

    #[test]
    fn an_answer_without_a_plan_is_none() {
        assert!(Plan::read(&json!(["Utility Statement"])).is_none());
    }
}
