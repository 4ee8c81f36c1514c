use super::folder::{Called, windlass};
use crate::support::{Keeper, processes_naming};

/// Every shipped job runs here: the four field cases, the first pipeline, and what it triggers.
#[test]
fn the_demo_shows_every_case_and_leaves_no_process() {
    // Kept short of the demo's own cluster path, and removed even if the test is killed.
    let keeper = Keeper::new();
    let folder = keeper.path().join("demo");
    let called = Called::of(&windlass(&["demo", "--dir", folder.to_str().unwrap()]).output().unwrap()).ends(0);
    let said = &called.stdout;
    for job in ["staging-copy", "parallel-ctas", "read-replica", "exclusive-account", "nasdaq-daily", "load-warehouse"]
    {
        assert!(said.contains(job), "{job} is missing: {said}");
    }
    assert!(said.contains("1 200 000"), "{said}");
    assert!(said.contains("4/4/4"), "{said}");
    assert!(
        said.contains("One at a time per account. Reports that the server saw open at once: a: 1, b: 1;"),
        "{said}"
    );
    assert!(said.contains("answers without rows: 0; left: 0."), "{said}");
    assert!(said.contains("stock_data_replica.db") && said.contains("price_summary"), "{said}");
    assert_eq!(processes_naming(&folder), Vec::<String>::new());
    // What the user has changed stays, and what is there is used again.
    std::fs::write(folder.join("read-replica.yaml"), "job: [").unwrap();
    let again = Called::of(&windlass(&["demo", "--dir", folder.to_str().unwrap()]).output().unwrap()).ends(2);
    assert!(again.stderr.contains("read-replica.yaml") && !again.stdout.contains("They weren't there"), "{again:?}");
    assert_eq!(processes_naming(&folder), Vec::<String>::new());
}
