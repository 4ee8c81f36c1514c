//! Sessions, logins, and the replacement of tables, on real servers.
mod login;
mod relay;
mod replacement;
mod session;
mod tcp_server;
