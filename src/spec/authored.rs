//! What reading any file that people write needs; the settings file is read with it, too.

pub(crate) use super::duration::parse as parse_duration;
pub(crate) use super::node::{Node, Value};
pub(crate) use super::problems::{At, Problems};
pub(crate) use super::raw::{Length, Pairs, RawNotify};
pub(crate) use super::resolve::notify;
pub(crate) use super::schema::schema_of;
pub(crate) use super::shape::Shape;
pub(crate) use super::source::Source;
