//! What becomes of a daemon when its state database can't serve it: no connections, no disk, no writes, another server; and
//! when it is told to stop with a long queue.
//!
//! In each a job is due every second and a long step is at work while the fault lasts. Then everything must go on by
//! itself, and be as if nothing had been.

mod backlog;
mod clock;
mod connections;
mod disk;
mod failover;
mod hidden;
mod indexes;
mod refusing;
mod upgrade;
mod world;
