//! Right files: what they resolve to, and that the schema says the same.

use windlass::spec;

use super::{folder, known};

#[test]
fn the_example_resolves_with_every_default_filled_in() {
    let loaded = spec::load_file(&folder("tests/spec/valid/example.yaml"), &known());
    let loaded = loaded.unwrap_or_else(|diagnostics| panic!("{}", spec::print(&diagnostics, false)));
    assert_eq!(loaded.base, folder("tests/spec/valid"));
    let stored = serde_json::to_string(&loaded.job).unwrap();
    assert_eq!(serde_json::from_str::<windlass::domain::job::Job>(&stored).unwrap(), loaded.job);
    let here = folder("").to_str().unwrap().replace('.', "\\.");
    insta::with_settings!({
        snapshot_path => "valid", prepend_module_to_snapshot => false, omit_expression => true, filters => [(here.as_str(), "")]
    }, {
        insta::assert_json_snapshot!("example", loaded.job);
    });
}
