//! The embedded server's life: started once, shared, stopped with its last user, whatever happens to that one.

mod owner_process;
mod refusals;
mod sharing;
mod survival;
mod versions;
