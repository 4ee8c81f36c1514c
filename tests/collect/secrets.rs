//! A secret that a request holds is sent, and written nowhere.

use wiremock::matchers::{any, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::cli::folder::{Called, Folder, windlass};

const SECRET: &str = "s3cr3t+열쇠 ~*/&";

/// All text of a folder's files.
fn text_of(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            text += &text_of(&entry.path());
        } else {
            text += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap());
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_an_address_is_masked_in_what_is_printed_logged_and_recorded() {
    let server = MockServer::start().await;
    // It even says it back to us.
    let echo = |request: &Request| ResponseTemplate::new(500).set_body_string(format!("no: {}", request.url));
    Mock::given(any()).and(query_param("key", SECRET)).respond_with(echo).expect(2).mount(&server).await;
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    folder.write("windlass.yaml", &format!("{settings}env: [AD_KEY]\n"));
    let url = format!("{}/list", server.uri());
    folder.write(
        "jobs/x.yaml",
        &format!(
            "job: x\nsteps:\n  - id: fetch\n    collect:\n      http:\n        url: \"{url}\"\n        \
             query: {{key: \"{{{{ env.AD_KEY }}}}\"}}\n        \
             auth: {{hmac: {{secret: \"{{{{ env.AD_KEY }}}}\", message: \"{{{{ request.path }}}}\", header: X-Signature}}}}\n        \
             retry_requests: {{attempts: 2, delay: 1ms}}\n      into: {{connection: pg, table: t}}\n"
        ),
    );
    let mut command = windlass(&["run", "x", "--json"]);
    command.env("AD_KEY", SECRET).env("WINDLASS_LOG", "debug").current_dir(folder.path(""));
    let called = Called::of(&command.output().unwrap()).ends(1);
    let failure = folder.database.value("select string_agg(failure::text, ' ') from windlass.attempt").await;
    assert!(failure.contains("answered 500") && failure.contains("***"), "{failure}");
    let logs = text_of(&folder.path("data"));
    assert!(logs.contains("downloading"), "{logs}");
    for (place, text) in [("stdout", called.stdout), ("stderr", called.stderr), ("state", failure), ("logs", logs)] {
        for secret in ["s3cr3t", "열쇠", "%EC%97%B4%EC%87%A0"] {
            assert!(!text.contains(secret), "{place} tells `{secret}`: {text}");
        }
    }
    folder.close().await;
}
