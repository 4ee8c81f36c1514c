//! `windlass demo`: the whole pipeline, all four field cases, with nothing else needed.

mod command;

pub(super) use command::run;
