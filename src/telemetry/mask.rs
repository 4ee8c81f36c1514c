//! placeholder until the real one is merged
#![allow(missing_docs, unused, clippy::all)]
use std::borrow::Cow;
#[derive(Clone, Debug, Default)]
pub struct Masker;
impl Masker {
    pub fn new(_: Vec<String>) -> Self {
        Self
    }
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
    pub fn failure(&self, failure: crate::domain::failure::Failure) -> crate::domain::failure::Failure {
        failure
    }
}
