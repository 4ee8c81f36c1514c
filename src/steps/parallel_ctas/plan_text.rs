//! A plan for people: one line a node, indented, with the workers of every Gather.

use std::fmt::Write as _;

use serde_json::Value;

use super::plan::{Plan, children, text};

/// Most nodes that are shown: a plan over a thousand partitions says nothing more after these, and it is kept with every
/// run.
const MOST_NODES: usize = 100;

impl Plan {
    /// The plan as text.
    pub(super) fn text(&self) -> String {
        let mut shown = String::new();
        let mut left = MOST_NODES;
        write_node(self.root(), 0, &mut left, &mut shown);
        let hidden = self.nodes().len().saturating_sub(MOST_NODES);
        if hidden > 0 {
            // Writing to a string can't fail.
            let _written = write!(shown, "… and {hidden} nodes more");
        }
        shown.trim_end().to_owned()
    }
}

fn write_node(node: &Value, depth: usize, left: &mut usize, shown: &mut String) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    let _written = writeln!(shown, "{:width$}{}", "", line(node), width = depth * 2);
    for child in children(node) {
        write_node(child, depth + 1, left, shown);
    }
}

fn line(node: &Value) -> String {
    let mut line = name(node);
    let mut relation = text(node, "Relation Name").to_owned();
    if !relation.is_empty() && !text(node, "Schema").is_empty() {
        relation = format!("{}.{relation}", text(node, "Schema"));
    }
    for (word, what) in [("using", text(node, "Index Name")), ("on", &relation), ("on", text(node, "CTE Name"))] {
        if !what.is_empty() {
            line = format!("{line} {word} {what}");
        }
    }
    let mut facts = Vec::new();
    let number = |key: &str| node.get(key).and_then(Value::as_f64);
    if let Some(planned) = number("Workers Planned") {
        facts.push(match number("Workers Launched") {
            Some(launched) => format!("{launched} of {planned} workers"),
            None => format!("{planned} workers planned"),
        });
    }
    match (number("Actual Rows"), number("Actual Loops")) {
        (Some(_), Some(0.0)) => facts.push("never executed".to_owned()),
        (Some(rows), Some(loops)) => facts.push(format!("{:.0} rows", rows * loops)),
        _ => facts.extend(number("Plan Rows").map(|rows| format!("about {rows:.0} rows"))),
    }
    if facts.is_empty() { line } else { format!("{line} ({})", facts.join(", ")) }
}

/// What `EXPLAIN` in text form calls the node.
fn name(node: &Value) -> String {
    let kind = match (text(node, "Node Type"), text(node, "Strategy")) {
        ("Aggregate", "Sorted") => "GroupAggregate",
        ("Aggregate", "Hashed") => "HashAggregate",
        ("Aggregate", "Mixed") => "MixedAggregate",
        (kind, _) => kind,
    };
    let partial = match text(node, "Partial Mode") {
        "Simple" => "",
        mode => mode,
    };
    let parallel = if node.get("Parallel Aware").and_then(Value::as_bool) == Some(true) { "Parallel" } else { "" };
    let join = match text(node, "Join Type") {
        "Inner" => "",
        join => join,
    };
    [parallel, partial, join, kind].iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_is_told_in_the_words_of_explain() {
        let root = json!({"Node Type": "Aggregate", "Strategy": "Sorted", "Partial Mode": "Finalize", "Actual Rows": 3,
            "Actual Loops": 1, "Plans": [{"Node Type": "Gather Merge", "Workers Planned": 4, "Workers Launched": 3,
            "Actual Rows": 12, "Actual Loops": 1, "Plans": [{"Node Type": "Seq Scan", "Parallel Aware": true,
            "Schema": "mart", "Relation Name": "주문", "Actual Rows": 10.5, "Actual Loops": 4}]}]});
        let plan = Plan::read(&json!([{"Plan": root}])).unwrap();
        assert_eq!(
            plan.text(),
            "Finalize GroupAggregate (3 rows)\n  Gather Merge (3 of 4 workers, 12 rows)\n    Parallel Seq Scan on \
             mart.주문 (42 rows)"
        );
    }

    #[test]
    fn a_plan_of_many_nodes_is_cut() {
        let members: Vec<Value> = (0..150).map(|_| json!({"Node Type": "Seq Scan", "Plan Rows": 1})).collect();
        let plan = Plan::read(&json!([{"Plan": {"Node Type": "Append", "Plans": members}}])).unwrap();
        assert!(plan.text().ends_with("Seq Scan (about 1 rows)\n… and 51 nodes more"));
    }
}
