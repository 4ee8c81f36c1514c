//! The job files that are shipped: all right, and right by the schema, too.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use windlass::domain::step::StepKind;
use windlass::settings::{Settings, Surroundings};
use windlass::spec;

use super::{folder, known};

#[test]
fn every_shipped_job_is_right_and_every_step_kind_but_one_is_shown() {
    let surroundings = Surroundings { folder: folder(""), ..Surroundings::default() };
    let settings = Settings::load(Some(Path::new("jobs/windlass.yaml")), &surroundings);
    let settings = settings.unwrap_or_else(|diagnostics| panic!("{}", spec::print(&diagnostics, false)));
    let known = settings.known(known().now);
    let loaded = spec::load_dir(&settings.jobs_dir, &known);
    let mut names = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    let mut triggered = BTreeSet::new();
    for (path, loaded) in loaded {
        let job = loaded.unwrap_or_else(|diagnostics| panic!("{}", spec::print(&diagnostics, false))).job;
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(job.name.as_str()));
        for step in &job.steps {
            kinds.insert(step.kind.label());
            if let StepKind::Trigger(trigger) = &step.kind {
                triggered.insert(trigger.job.0.clone());
            }
        }
        names.insert(job.name);
    }
    let expected =
        ["exclusive-account", "load-warehouse", "nasdaq-daily", "parallel-ctas", "read-replica", "staging-copy"];
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(triggered.is_subset(&names), "{triggered:?}");
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

#[test]
fn the_schema_accepts_every_right_file_and_refuses_what_the_loader_refuses_for_its_shape() {
    let schema = spec::schema();
    let right = spec_files("jobs").into_iter().chain(spec_files("tests/spec/valid"));
    for path in right.filter(|path| path.file_name().is_some_and(|name| name != "windlass.yaml")) {
        assert_eq!(complaint(&schema, &schema, &read(&path)), None, "{}", path.display());
    }
    for name in ["unknown_key", "unknown_step_kind", "missing_keys", "wrong_types", "bad_durations"] {
        let path = folder(&format!("tests/spec/invalid/{name}.yaml"));
        assert_ne!(complaint(&schema, &schema, &read(&path)), None, "{name}");
    }
}

#[test]
fn the_schema_beside_the_jobs_is_the_one_that_is_printed() {
    let printed = format!("{:#}\n", spec::schema());
    let path = folder("jobs/job.schema.json");
    assert!(std::fs::read_to_string(path).unwrap() == printed, "windlass schema > jobs/job.schema.json");
}

#[test]
fn the_reference_names_every_key() {
    let reference = std::fs::read_to_string(folder("docs/JOBS.md")).unwrap();
    let schema = spec::schema();
    let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let keys: BTreeSet<&String> = definitions
        .filter_map(|each| each["properties"].as_object())
        .flat_map(|properties| properties.keys())
        .collect();
    assert!(keys.len() > 60, "{}", keys.len());
    let word = |key: &str| {
        let part = |character: char| character.is_alphanumeric() || character == '_';
        reference
            .match_indices(key)
            .any(|(at, _)| !reference[..at].ends_with(part) && !reference[at + key.len()..].starts_with(part))
    };
    let missing: Vec<_> = keys.into_iter().filter(|key| !word(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn spec_files(place: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder(place)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect()
}

fn read(path: &Path) -> Value {
    let mut options = serde_yaml::Options::default();
    options.strict_booleans = true;
    serde_yaml::from_str_with_options(&std::fs::read_to_string(path).unwrap(), options).unwrap()
}

/// What a value is refused for. Written apart from the loader's own check and by the letter of JSON Schema (of the
/// keywords that the schema uses), so that the two are held against each other.
fn complaint(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let keywords = match schema {
        Value::Bool(true) => return None,
        Value::Object(keywords) => keywords,
        other => return Some(format!("not a schema: {other}")),
    };
    keywords.iter().find_map(|(keyword, argument)| {
        let list = || argument.as_array().expect("a list");
        let fits = |each: &Value| complaint(root, each, value).is_none();
        let refused = match keyword.as_str() {
            "$ref" => return complaint(root, root.pointer(argument.as_str()?.strip_prefix('#')?)?, value),
            "type" => {
                !argument.as_array().map_or_else(|| vec![argument], |types| types.iter().collect()).iter().any(|each| {
                    match each.as_str().expect("a type") {
                        "object" => value.is_object(),
                        "array" => value.is_array(),
                        "string" => value.is_string(),
                        "boolean" => value.is_boolean(),
                        "number" => value.is_number(),
                        "integer" => value.is_i64() || value.is_u64(),
                        other => panic!("type `{other}`"),
                    }
                })
            }
            "anyOf" => !list().iter().any(fits),
            "oneOf" => list().iter().filter(|each| fits(each)).count() != 1,
            "enum" => !list().contains(value),
            "const" => argument != value,
            "required" => value.is_object() && !list().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "minimum" => value.as_f64() < argument.as_f64(),
            "maximum" => value.as_f64() > argument.as_f64(),
            "pattern" => {
                assert_eq!(argument, "^([0-9]+(ms|s|m|h|d))+$");
                value
                    .as_str()
                    .is_some_and(|text| text.contains([' ', '-', '.']) || !text.ends_with(['s', 'm', 'h', 'd']))
            }
            "properties" => {
                let known = argument.as_object().expect("keys");
                let below =
                    |(key, value): (&String, &Value)| known.get(key).and_then(|schema| complaint(root, schema, value));
                return value.as_object()?.iter().find_map(below);
            }
            "additionalProperties" => {
                let known = |key: &String| schema["properties"].get(key).is_some();
                let mut others = value.as_object()?.iter().filter(|(key, _)| !known(key));
                match argument {
                    Value::Bool(false) => others.next().is_some(),
                    below => return others.find_map(|(_, value)| complaint(root, below, value)),
                }
            }
            "items" => return value.as_array()?.iter().find_map(|item| complaint(root, argument, item)),
            "$schema" | "$defs" | "title" | "description" | "format" => false,
            other => panic!("keyword `{other}` is new"),
        };
        refused.then(|| format!("`{value}` against {keyword} {argument}"))
    })
}
