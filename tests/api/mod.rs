//! The HTTP pages, over a real socket.

mod client;
mod pages;
mod prometheus;
mod promtool;
