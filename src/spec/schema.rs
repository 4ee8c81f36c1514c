//! The JSON Schemas of the files that people write: for editors, and for checking a file before it is resolved.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::raw::RawJob;

/// The JSON Schema of a job file.
pub fn schema() -> Value {
    schema_of::<RawJob>()
}

/// The JSON Schema of an authored form. A key may be left out, but nothing may stand for it, so `null` is not in it.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema
}

/// Takes the alternatives away that `Option` brings along: type `null`, a `null` among words, `default: null`.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(map) => {
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|each| each != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(words)) = map.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            if let Some(Value::Array(alternatives)) = map.get_mut("anyOf") {
                alternatives.retain(|each| *each != json!({"type": "null"}));
                if let [only] = alternatives.as_slice() {
                    let only = only.clone();
                    map.remove("anyOf");
                    if let Value::Object(inner) = only {
                        map.extend(inner);
                    }
                }
            }
            map.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_demands_what_a_job_needs_and_knows_no_null() {
        let schema = schema();
        assert_eq!(schema["required"], json!(["job", "steps"]));
        assert_eq!(schema["$defs"]["Step"]["required"], json!(["id"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert!(!schema.to_string().contains("\"null\""), "{schema:#}");
    }
}
