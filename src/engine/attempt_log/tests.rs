//! A log of any length has its beginning and its end, and takes no more room than both.

use super::*;

fn log(folder: &Path) -> (AttemptLog, LogReader) {
    let run = RunId(uuid::Uuid::nil());
    let (log, opened) = AttemptLog::open(folder, run, 0, 1);
    opened.unwrap();
    (log, LogReader::new(log_path(folder, run, 0, 1)))
}

fn numbers(text: &str) -> Vec<u64> {
    text.lines().filter_map(|line| line.split_once("number ")?.1.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn a_long_log_keeps_its_beginning_and_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (log, mut reader) = log(folder.path());
    let filler = "x".repeat(1000);
    let lines = 4 * HEAD / 1000;
    for number in 0..lines {
        log.write(DateTime::UNIX_EPOCH, Level::Info, &format!("number {number} {filler}"));
    }
    let text = reader.read().unwrap();
    let found = numbers(&text);
    assert_eq!((found[0], *found.last().unwrap()), (0, lines - 1));
    let gaps: Vec<_> = found.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
    assert_eq!(gaps.len(), 1, "one gap, between beginning and end: {gaps:?}");
    let said: Vec<&str> = text.lines().filter(|line| line.contains("the log is long")).collect();
    assert_eq!(said.len(), 1);
    let after_head = gaps[0][1] - gaps[0][0] - 1;
    assert!(said[0].contains(&format!("long: {after_head} lines")), "{} against {after_head}", said[0]);
    let kept: u64 = std::fs::read_dir(folder.path().join(RunId(uuid::Uuid::nil()).to_string()))
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(kept <= HEAD + 2 * PART + 4096, "{kept}");
}

#[test]
fn who_follows_reads_every_line_once() {
    let folder = tempfile::tempdir().unwrap();
    let (log, mut reader) = log(folder.path());
    let filler = "x".repeat(10_000);
    let (lines, mut found) = (3 * HEAD / 10_000, Vec::new());
    for number in 0..lines {
        log.write(DateTime::UNIX_EPOCH, Level::Info, &format!("number {number} {filler}"));
        if number % 100 == 0 {
            found.extend(numbers(&reader.read().unwrap()));
        }
    }
    found.extend(numbers(&reader.read().unwrap()));
    assert_eq!(found, (0..lines).collect::<Vec<_>>());
}
