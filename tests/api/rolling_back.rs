//! The way back to an earlier generation of a replica, over the API.

use serde_json::{Value, json};

use super::daemon::{address, guarded};

/// A job that publishes one table, and leaves its generations.
const PUBLISH: &str = "job: quotes\nsteps:\n  - id: prepare\n    sql: {connection: pg, statement: \"create table if not exists public.quotes as select 1 as id; \
                       insert into public.quotes values (2)\"}\n  - id: publish\n    publish_replica: {from: {connection: pg, tables: [public.quotes]}, to: quotes.db, keep: 3}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_goes_back_to_the_generation_before_or_one_that_is_named_and_it_is_recorded() {
    let folder = guarded("a", "select 1").await;
    folder.write("jobs/quotes.yaml", PUBLISH);
    for _ in 0..3 {
        folder.call(&["run", "quotes"]).ends(0);
    }
    let serve = folder.start(&["serve"]);
    let base = format!("http://{}/api/v1/replicas", address(&serve).await);
    // Plain HTTP needs no TLS, but the client asks for it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::new();
    let asked = async |body: Value| {
        let request = client.post(format!("{base}/rollback")).bearer_auth("s3cret").json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let list = client.get(&base).bearer_auth("s3cret").send().await.unwrap().json::<Value>().await.unwrap();
    let place = list[0]["replica"].clone();
    assert_eq!(list[0]["manifest"]["generation"], 3);

    let (status, seen) = asked(json!({"replica": place})).await;
    assert_eq!(
        (status, &seen["manifest"]["generation"], &seen["manifest"]["rows"]),
        (200, &json!(2), &json!(3)),
        "{seen}"
    );
    let (status, seen) = asked(json!({"replica": place, "to": 1})).await;
    assert_eq!((status, &seen["manifest"]["generation"]), (200, &json!(1)), "{seen}");

    let (status, problem) = asked(json!({"replica": place, "to": 9})).await;
    assert_eq!((status, &problem["hint"]), (404, &json!("kept are 1, 2, 3")), "{problem}");
    // Going back changes files: nothing but what a job publishes may be named.
    let (status, problem) = asked(json!({"replica": "/etc/passwd"})).await;
    assert!(status == 404 && problem["hint"].as_str().unwrap().ends_with("quotes.db"), "{problem}");
    assert_eq!(asked(json!({})).await.0, 422);

    let acts = "select string_agg(action || ' ' || actor || ' ' || (detail ->> 'generation'), ', ' order by id) from windlass.audit where action = 'rollback'";
    assert_eq!(folder.database.value(acts).await, "rollback token 2, rollback token 1");

    // Without an entry nothing is done.
    folder.database.refuse_record("insert").await;
    let (status, problem) = asked(json!({"replica": place, "to": 3})).await;
    assert!(status >= 500, "{status} {problem}");
    let form = [("place", place.as_str().unwrap()), ("to", "3")];
    let page = base.replace("/api/v1/replicas", "/replicas/rollback");
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.post(page).bearer_auth("s3cret").form(&form).send().await.unwrap();
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("no%20record"), "{answer:?}");
    let list = client.get(&base).bearer_auth("s3cret").send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(list[0]["manifest"]["generation"], 1);
    serve.signal(nix::sys::signal::Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
