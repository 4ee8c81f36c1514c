//! Alerts: recorded with what causes them, told to real receivers, whatever becomes of the daemons in between.

mod causes;
mod deadlines;
mod receivers;
mod world;
