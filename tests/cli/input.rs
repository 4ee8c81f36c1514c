use super::folder::{Called, Folder, windlass};

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_are_told_with_the_nearest_one() {
    let folder = Folder::new().await;
    folder.sql_job("nightly", "select 1");
    let said = |arguments: &[&str]| folder.call(arguments).ends(2).stderr;
    insta::assert_snapshot!(said(&["run", "nigthly"]), @r"
    error[WL0105]: there is no job `nigthly`
      hint: did you mean `nightly`?
      see: windlass explain WL0105
    ");
    insta::assert_snapshot!(said(&["show", "nope"]), @r"
    error[WL0105]: there is no run `nope`
      hint: `windlass runs` lists runs, newest first
      see: windlass explain WL0105
    ");
    assert!(said(&["run", "nightly", "--param", "x=1"]).contains("WL0104"));
    assert!(said(&["run", "nightly", "--param", "x"]).contains("write `--param name=value`"));
    assert!(said(&["run", "nightly", "--from", "b"]).contains("WL0105"));
    assert!(said(&["runs", "--state", "fialed"]).contains("did you mean `failed`?"));
    assert!(said(&["pause", "nope"]).contains("there is no job `nope`"));
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_every_problem_of_every_file_and_nothing_runs_with_one() {
    let folder = Folder::new().await;
    folder.sql_job("good", "select 1");
    assert_eq!(folder.call(&["check"]).ends(0).stdout, "1 job file is fine\n");
    folder.write(
        "jobs/bad.yaml",
        "job: bad\nsteps:\n  - id: a\n    sql: {conection: pg, statement: select 1}\n  - id: a\n",
    );
    folder.write("jobs/bomb.yaml", "job: [");
    let checked = folder.call(&["check", "jobs"]).ends(2);
    assert!(
        checked.stdout.contains("jobs/bad.yaml:4:11") && checked.stdout.contains("jobs/bomb.yaml"),
        "{}",
        checked.stdout
    );
    assert!(folder.call(&["check", "--json"]).ends(2).json().as_array().unwrap().len() >= 2);
    assert!(folder.call(&["run", "jobs/bad.yaml"]).ends(2).stderr.contains("bad.yaml:4:11"));
    assert!(folder.call(&["check", "nowhere.yaml"]).ends(2).stdout.contains("nowhere.yaml"));
    folder.write("windlass.yaml", "data_dirr: x\n");
    assert!(folder.call(&["jobs"]).ends(2).stderr.contains("windlass.yaml:1:1"));
    folder.close().await;
}

#[test]
fn commands_that_need_no_database_answer_without_one() {
    let call = |arguments: &[&str]| Called::of(&windlass(arguments).current_dir("/").output().unwrap());
    assert!(call(&["schema"]).ends(0).json()["properties"]["steps"].is_object());
    assert!(call(&["explain", "wl0201"]).ends(0).stdout.starts_with("# WL0201"));
    assert!(call(&["explain", "WL0210"]).ends(2).stderr.contains("did you mean"));
    assert!(call(&["completions", "bash"]).ends(0).stdout.contains("complete -o nospace"));
    call(&["frobnicate"]).ends(2);
    call(&["resume", "x", "--run-missed", "some"]).ends(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_sql_as_it_will_be_sent_and_due_times_with_offsets() {
    let folder = Folder::new().await;
    let schedule =
        "schedule: {cron: \"30 6 * * mon-fri\", timezone: Asia/Seoul}\nparams: {who: {default: \"o'neil\"}}\n";
    folder.sql_job("nightly", "select {{ params.who }}, {{ run.id }}");
    let text = std::fs::read_to_string(folder.path("jobs/nightly.yaml")).unwrap();
    folder.write("jobs/nightly.yaml", &format!("{schedule}{text}"));
    let plan = folder.call(&["plan", "nightly"]).ends(0).stdout;
    assert!(plan.contains("statement: select 'o''neil', '<run.id>'"), "{plan}");
    let due = folder.call(&["plan", "nightly", "--json"]).ends(0).json()["due"].clone();
    let due = due.as_array().unwrap();
    assert!(due.len() == 5 && due.iter().all(|time| time.as_str().unwrap().ends_with("T06:30:00+09:00")), "{due:?}");
    folder.close().await;
}
