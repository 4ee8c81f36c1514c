//! `parallel_ctas` on a real server, with as many worker slots taken as a test says.

mod contention;
mod endings;
mod fixture;
mod publishing;
mod refusals;
