//! Eight readers in processes of their own, while a daemon writes the master and publishes it without a pause.
//!
//! The same program makes the long round and the comparison: `scripts/bench-replica --only readers`.

use serde_json::Value;
use tokio::process::Command;

use crate::support::{flags, python_with_duckdb, server};

/// How often all readers together open the replica.
const OPENS: u64 = 2_000;

#[tokio::test]
async fn readers_never_fail_to_open_nor_see_anything_but_a_whole_generation() {
    let Some(python) = python_with_duckdb() else { return };
    let database = server().database().await;
    let opens = flags::number("WINDLASS_TEST_OPENS", OPENS);
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/benchmarks/replica"))
        .args(["--only", "readers", "--ways", "windlass", "--readers", "8", "--json"])
        .args(["--opens", &opens.to_string(), "--state", database.url()])
        .args(["--windlass", env!("CARGO_BIN_EXE_windlass")])
        .env_remove("WINDLASS_CONFIG")
        .env_remove("WINDLASS_LOG")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counted: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counted = &counted["Windlass"];
    flags::note(&counted.to_string());
    assert!(counted["opens"].as_u64() >= Some(opens), "{counted}");
    for wrong in ["failed_opens", "failed_queries", "inconsistent", "died", "failed_publishes", "failed_writes"] {
        assert_eq!(counted[wrong], 0, "{wrong}: {counted}");
    }
    // Readers did see the replica change under them.
    assert!(counted["generations"].as_u64().unwrap() > 20, "{counted}");
    database.close().await;
}
