//! The step kind `command`: a program, its output in the attempt's log, its process group gone when the step ends.
//!
//! No shell is involved. The program leads a process group of its own; when it ends, fails or is stopped, whatever is
//! left of the group is ended too (TERM, then KILL after `grace`). A program that makes itself a daemon (`setsid`)
//! leaves the group and is out of reach; it can't hold the step up, though, by keeping the output open.
//!
//! A command is at least once: an attempt whose daemon died is tried again. It gets the run's id, the attempt's number
//! and the lock's token in its environment to protect itself.

mod account;
mod group;
mod output;
mod program;
mod run;

pub(super) use group::ProcessGroup;
pub(super) use output::{Tail, each_line};
pub(super) use run::{execute, run};
