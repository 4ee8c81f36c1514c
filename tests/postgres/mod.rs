//! Sessions, logins, and the replacement of tables, on real servers.

mod login;
mod relay;
mod session;
mod swap;
mod tcp_server;
