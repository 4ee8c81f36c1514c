//! What `EXPLAIN (FORMAT JSON)` says about workers, before and after the query ran.

use serde_json::Value;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};

/// A Gather (or Gather Merge) of a plan: where workers are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gather {
    /// Workers Planned.
    pub(super) planned: u32,
    /// Workers Launched; none if the query hasn't run or never came to this Gather.
    pub(super) launched: u32,
    /// PostgreSQL's estimate of all the work below it.
    pub(super) cost: f64,
    /// Whether it starts as soon as the query does: nothing else has to be computed first.
    pub(super) starts_at_once: bool,
}

/// A plan, as far as workers go.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    root: Value,
    /// All Gathers, in the plan's order.
    pub(super) gathers: Vec<Gather>,
}

/// What a query that ran says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// Rows of the table.
    pub(super) rows: u64,
    /// Workers Planned of the costliest Gather.
    pub(super) planned: u32,
    /// Workers Launched of the costliest Gather.
    pub(super) launched: u32,
}

impl Plan {
    /// Reads the answer to an `EXPLAIN (FORMAT JSON)`.
    pub(super) fn read(answer: &Value) -> Result<Self, Failure> {
        let Some(root) = answer.get(0).and_then(|first| first.get("Plan")) else {
            let message = "reading the plan of the query: the server's answer holds none";
            return Err(Failure::permanent(Code::PostgresOther, Side::Target, message)
                .with_hint("the query must be one SELECT, VALUES or TABLE statement"));
        };
        let mut gathers = Vec::new();
        collect(root, true, &mut gathers);
        Ok(Self { root: root.clone(), gathers })
    }

    /// The Gather that the guarantee is for: the one with the most work below it.
    pub(super) fn costliest(&self) -> Option<&Gather> {
        self.gathers.iter().max_by(|one, other| one.cost.total_cmp(&other.cost))
    }

    /// What came out, of a plan that ran.
    pub(super) fn report(&self) -> Report {
        let gather = self.costliest();
        Report {
            rows: rows(&self.root),
            planned: gather.map_or(0, |gather| gather.planned),
            launched: gather.map_or(0, |gather| gather.launched),
        }
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

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node.get("Plans").and_then(Value::as_array).into_iter().flatten()
}

/// A text property of a node.
pub(super) fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(node: &Value, key: &str) -> u32 {
    node.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

fn collect(node: &Value, at_once: bool, gathers: &mut Vec<Gather>) {
    if text(node, "Node Type").starts_with("Gather") {
        gathers.push(Gather {
            planned: number(node, "Workers Planned"),
            launched: number(node, "Workers Launched"),
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

/// Rows that came out of the top of the plan. PostgreSQL 18 writes them with decimals, 15 without.
fn rows(root: &Value) -> u64 {
    let rows = root.get("Actual Rows").and_then(Value::as_f64).unwrap_or(0.0);
    let loops = root.get("Actual Loops").and_then(Value::as_f64).unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows, far below 2^53")]
    let rows = (rows * loops).round() as u64;
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn gather(cost: f64, planned: u32, launched: u32) -> Value {
        json!({"Node Type": "Gather", "Parent Relationship": "Outer", "Total Cost": cost,
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
        assert_eq!(plan.gathers.len(), 2);
        assert_eq!(plan.report(), Report { rows: 7, planned: 4, launched: 3 });
        assert!(!plan.costliest().unwrap().starts_at_once, "the InitPlan runs first");
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
        assert_eq!(plan(&json!({"Actual Rows": 1_000_000, "Actual Loops": 1})).report().rows, 1_000_000);
        assert_eq!(plan(&json!({"Actual Rows": 1_000_000.00, "Actual Loops": 1})).report().rows, 1_000_000);
        assert_eq!(plan(&json!({"Node Type": "Result"})).report(), Report { rows: 0, planned: 0, launched: 0 });
    }

    #[test]
    fn an_answer_without_a_plan_is_refused() {
        assert_eq!(Plan::read(&json!(["Utility Statement"])).unwrap_err().code, Code::PostgresOther);
    }
}
