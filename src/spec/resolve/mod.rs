//! From the authored form to `domain::job::Job`: every value made legal, or a problem with its place.
//!
//! A function that resolves a part returns `None` when the part is beyond use; the problem is recorded by then. So all
//! problems of a file are found in one pass, and a job comes out only if there is none.

mod collect;
mod copy_to_staging;
mod ctas_index;
mod job;
mod names;
mod notify;
mod parallel_ctas;
mod publish_replica;
mod resolver;
mod retry;
mod schedule;
mod statement;
mod step;
mod template;

pub(crate) use job::resolve;
pub(crate) use notify::notify;
