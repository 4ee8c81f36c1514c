//! The OpenAPI document is what the code says, and is kept in docs/.

use super::client::Api;
use crate::cli::folder::{Called, windlass};

#[tokio::test]
async fn the_document_in_docs_is_the_one_that_is_served_and_printed() {
    let api = Api::start(Some("s3cret")).await;
    // Whoever wants to know how to sign in can't be signed in yet.
    let served = api.get("/api/v1/openapi.json", "").await;
    api.stop().await;
    let printed = Called::of(&windlass(&["openapi"]).output().unwrap()).ends(0).stdout;
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let kept = std::fs::read_to_string(place).unwrap_or_default();
    assert_eq!(served.json(), serde_json::from_str::<serde_json::Value>(&printed).unwrap());
    assert!(kept == printed, "docs/openapi.json is old: `windlass openapi > docs/openapi.json`");
    let document = served.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let said = operation["summary"].as_str().is_some_and(|words| !words.is_empty());
            assert!(said && operation["operationId"].is_string(), "{method} {path} says nothing of itself");
        }
    }
}
