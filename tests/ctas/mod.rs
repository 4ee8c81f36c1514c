//! `parallel_ctas` on a real server, with as many worker slots taken as a test says.

mod attempts;
mod daemons;
mod endings;
mod fixture;
mod gathers;
mod publishing;
mod refusals;
mod stubborn;
mod tuning;
mod versions;
mod waiting;
