//! A step's notes, over the state database. Each is masked before it is written, as everything is.

use serde_json::Value;

use super::host::AttemptHost;
use crate::domain::failure::Failure;
use crate::domain::note::Note;

impl AttemptHost {
    /// Writes a note, however long it takes until the state database answers.
    pub(super) async fn write_note(&self, name: &str, value: Value) -> Result<(), Failure> {
        let shared = &self.shared;
        let text = value.to_string();
        let masked = shared.masker.text(&text);
        let value = serde_json::from_str(&masked).unwrap_or_else(|_| Value::String(masked.into_owned()));
        let write = || shared.store.write_note(shared.me.id, self.run, &self.step_id, name, &value);
        shared.until_answered(write).await.map_err(|error| error.failure())
    }

    /// Reads the notes, however long it takes until the state database answers.
    pub(super) async fn read_notes(&self) -> Result<Vec<Note>, Failure> {
        let shared = &self.shared;
        let read = || shared.store.notes(&self.job, &self.step_id, self.run);
        shared.until_answered(read).await.map_err(|error| error.failure())
    }

    /// Removes a note, however long it takes until the state database answers.
    pub(super) async fn remove_note(&self, note: &Note) -> Result<(), Failure> {
        let shared = &self.shared;
        let remove = || shared.store.forget_note(&self.job, &self.step_id, note);
        shared.until_answered(remove).await.map_err(|error| error.failure())
    }
}
