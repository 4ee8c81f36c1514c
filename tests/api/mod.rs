//! What is served over HTTP, over real sockets.

mod client;
mod daemon;
mod documented;
mod early;
mod following;
mod foreign;
mod jobs;
mod once;
mod openapi;
mod pages;
mod prometheus;
mod promtool;
mod recorded;
mod roles;
mod rolling_back;
mod runs;
mod schemathesis;
mod served;
mod signing_in;
