//! The steps that run programs and other jobs, on real processes.

mod environment;
mod failures;
mod group;
mod trigger;
mod user;
