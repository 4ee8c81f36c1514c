//! Small pieces of pages: a state, a time, an amount, a strip of runs. Functions that return markup.

pub(super) mod amount;
pub(super) mod empty;
pub(super) mod state;
pub(super) mod strip;
pub(super) mod time;
