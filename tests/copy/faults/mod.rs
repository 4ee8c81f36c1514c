//! What servers do to a copy: in each case nothing of it is left, readers see no change, and the failure says whose side
//! it was and whether trying again can help.

mod defaults;
mod disk;
mod locks;
mod lost;
mod restart;
mod stall;
mod standby;
