//! The HTTP pages, over a real socket.

mod client;
mod foreign;
mod pages;
mod prometheus;
mod promtool;
mod signing_in;
