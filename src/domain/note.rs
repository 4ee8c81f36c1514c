//! Notes: what a step has made elsewhere, kept until it is gone again.

use std::collections::BTreeMap;

use super::ids::RunId;

/// A note of a step, of this run or of one that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The run whose step wrote it.
    pub run: RunId,
    /// What it is about, unique within a run and step.
    pub name: String,
    /// What it says.
    pub value: serde_json::Value,
    /// The parameters of that run.
    pub params: BTreeMap<String, String>,
}
