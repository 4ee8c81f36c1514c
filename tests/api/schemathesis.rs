//! The API is tried against its own OpenAPI document by schemathesis: no defect, no answer that isn't documented.
//!
//! `scripts/schemathesis` puts it into `lib/`; where it isn't, the test says so and passes. `WINDLASS_TEST_EXAMPLES` sets
//! how many requests are made up for each path.

use std::process::Command;

use super::daemon::{TOKEN, address, ask, guarded};
use crate::support::{flags, skipped};

/// What is looked for. Not that each request which the schema allows is accepted: that a job has such a parameter, or that a
/// text is a point in time, is nothing that a schema can say.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,negative_data_rejection,unsupported_method,missing_required_header,\
                      ignored_auth";

#[tokio::test(flavor = "multi_thread")]
async fn what_schemathesis_makes_up_finds_no_defect_and_no_answer_that_is_not_documented() {
    let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("lib/schemathesis/bin/schemathesis");
    if !program.exists() {
        return skipped("schemathesis is not here; `scripts/schemathesis` fetches it");
    }
    let folder = guarded("a", "select 1").await;
    folder.sql_job("fails", "select 1 / 0");
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;
    for job in ["nightly", "fails"] {
        let run = folder.call(&["trigger", job, "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
        let ended = ask(&address, "GET", &format!("/runs/{run}/events"), TOKEN).await;
        assert!(ended.contains("\"ended_at\""), "{ended}");
    }
    // Names of what is there, or nearly all requests would be answered with 404.
    let run = folder.call(&["runs", "--json"]).ends(0).json()[0]["id"].as_str().unwrap().to_owned();
    let examples = flags::number("WINDLASS_TEST_EXAMPLES", 12);
    let config =
        format!("[parameters]\n\"path.job\" = \"nightly\"\n\"path.run\" = \"{run}\"\n\"path.code\" = \"WL0101\"\n");
    folder.write("schemathesis.toml", &config);
    let output = Command::new(program)
        .arg("--config-file=schemathesis.toml")
        .args(["run", &format!("http://{address}/api/v1/openapi.json"), "--header=Authorization: Bearer s3cret"])
        .args(["--checks", CHECKS, "--phases=examples,coverage,fuzzing", "--request-timeout=20", "--no-color"])
        // Python's own parser, which it uses on itself, fails now and then in threads beside each other (3.11).
        .args(["--max-examples", &examples.to_string(), "--workers=1", "--generation-database=none"])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!serve.errors().contains("answering a request"), "{}", serve.errors());
    serve.signal(nix::sys::signal::Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
