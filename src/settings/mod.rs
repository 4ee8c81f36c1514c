//! `windlass.yaml`: found, read, completed with defaults, secrets and environment variables.
//!
//! The file goes the way of a job file (see `crate::spec`), so its mistakes are shown in the same form. The process's
//! environment is looked at here and nowhere else.

mod expand;
mod load;
mod notify;
mod objects;
mod password;
mod raw;
mod resolve;
#[expect(clippy::module_inception, reason = "the resolved form is what this module is named after")]
mod settings;
mod surroundings;
mod tokens;

pub use settings::{
    ConnectionSettings, HttpSettings, LogFormat, LoggingSettings, PostgresUrl, RetentionSettings, Settings,
    TokenSettings,
};
pub use surroundings::Surroundings;
