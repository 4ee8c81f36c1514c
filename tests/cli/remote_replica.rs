//! A replica in an object store, as it is published, looked at and gone back with from the command line.

use super::folder::Folder;
use crate::publish::world::write;
use crate::support::eventually;
use crate::support::object_server::ObjectServer;

const JOB: &str = "job: publish
steps:
  - id: publish
    publish_replica:
      from: {connection: market}
      to: [stock.db, \"s3://replicas/stock.db\"]
      max_age: 1h
";

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_published_to_looked_at_and_gone_back_with() {
    let Some(server) = ObjectServer::start().await else { return };
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let objects = format!(
        "objects:\n  s3://replicas: {{endpoint: \"{}\", access_key: windlass, secret_key_file: secret}}\n",
        server.url()
    );
    let connection = "connections:\n  market: {duckdb: {path: master.db}}\n";
    folder.write("windlass.yaml", &(settings.replace("connections:\n", connection) + objects.as_str()));
    folder.write("secret", "a-secret\n");
    folder.write("jobs/publish.yaml", JOB);
    write(&folder.path("master.db"), "create table prices as select range as id from range(1000)").await;

    let address = "s3://replicas/stock.db";
    // A daemon says how old it is, also before the job has ever run.
    let serve = folder.start(&["serve"]);
    let daemon = super::serving::address(&serve).await;
    eventually("the daemon says that it was never published", async || {
        let (_, metrics) = super::serving::get(&daemon, "/metrics").await;
        metrics.contains("windlass_replica_stale{replica=\"s3://replicas/stock.db\"} 1\n")
    })
    .await;
    serve.signal(nix::sys::signal::Signal::SIGTERM);
    serve.end().await.ends(0);

    let missing = folder.call(&["replica", "status", address]).ends(1).stdout;
    assert!(missing.contains("s3://replicas/stock.db is not there"), "{missing}");
    let run = folder.call(&["run", "publish", "--json"]).ends(0).stdout;
    assert!(run.contains("\"s3://replicas/stock.db\":1"), "{run}");
    write(&folder.path("master.db"), "insert into prices values (-1)").await;
    folder.call(&["run", "publish"]).ends(0);

    let status = folder.call(&["replica", "status", address]).ends(0).stdout;
    assert!(status.contains("generation 2, ") && status.contains("\n* 2 ") && status.contains("1 001"), "{status}");
    let both = folder.call(&["replica", "status", "publish", "--json"]).ends(0).json();
    assert_eq!((both[1]["replica"].as_str(), both[1]["ok"].as_bool()), (Some(address), Some(true)));
    assert_eq!(both[1]["manifest"]["sha256"], both[0]["manifest"]["sha256"]);
    let whole = folder.call(&["replica", "verify", address]).ends(0).stdout;
    assert!(whole.contains("s3://replicas/stock.db: generation 2 is whole"), "{whole}");
    let back = folder.call(&["replica", "rollback", address]).ends(0).stdout;
    assert!(back.contains("is generation 1 again") && back.contains("it was 2"), "{back}");
    server.put("stock.db", "something else").await;
    let wrong = folder.call(&["replica", "status", address]).ends(1).stdout;
    assert!(wrong.contains("it has 14 bytes, its manifest says"), "{wrong}");
    assert_eq!(std::fs::read_dir(folder.path("data/spool")).unwrap().count(), 0);
    let odd = folder.call(&["replica", "status", "ftp://replicas/stock.db"]).ends(2).stderr;
    assert!(odd.contains("`ftp://` is no object store"), "{odd}");
    folder.close().await;
}
