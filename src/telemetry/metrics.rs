//! placeholder until the real one is merged
#![allow(missing_docs, unused, clippy::all)]
use crate::domain::{
    observation::Observation,
    state::{AttemptState, FiringState, RunState},
};
use std::time::Duration;
#[derive(Clone, Debug, Default)]
pub struct Metrics;
impl Metrics {
    pub fn state_call(&self, _: &'static str, _: Duration) {}
    pub fn state_up(&self, _: bool) {}
    pub fn run_ended(&self, _: &str, _: RunState, _: Duration) {}
    pub fn attempt_ended(&self, _: &str, _: &str, _: &str, _: AttemptState, _: Duration) {}
    pub fn observe(&self, _: &str, _: &str, _: &Observation) {}
    pub fn firing(&self, _: &str, _: FiringState) {}
    pub fn fire_lag(&self, _: Duration) {}
    pub fn leases(&self, _: usize) {}
    pub fn attempts_lost(&self, _: u64) {}
    pub fn lock_wait(&self, _: &str, _: Duration) {}
    pub fn lock_held(&self, _: &str, _: usize) {}
    pub fn next_run(&self, _: &str, _: chrono::DateTime<chrono::Utc>) {}
    pub fn last_success(&self, _: &str, _: chrono::DateTime<chrono::Utc>) {}
}
