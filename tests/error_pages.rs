//! Every error code has its page, every page its code, and each page says what `windlass explain` promises.

use std::collections::BTreeSet;
use std::path::Path;

use windlass::domain::code::Code;

/// The headings of a page, in order.
const SECTIONS: [&str; 3] = ["## What it means", "## Common causes", "## What to do"];

#[test]
fn codes_and_pages_match_both_ways() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = files.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(pages, codes);
}

#[test]
fn every_page_says_what_it_means_why_it_happens_and_what_to_type() {
    for code in Code::ALL {
        let page = code.page();
        let lines: Vec<&str> = page.lines().collect();
        assert!(lines[0].starts_with(&format!("# {code}: ")), "{code}: the title is `{}`", lines[0]);
        let headings: Vec<&str> = lines.iter().copied().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings, SECTIONS, "{code}");
        assert!((10..=25).contains(&lines.len()), "{code} has {} lines", lines.len());
        let fences = lines.iter().filter(|line| line.starts_with("```")).count();
        assert!(fences >= 2 && fences % 2 == 0, "{code} shows no command, or leaves one open");
        let causes = page.split("## ").nth(2).unwrap_or_default();
        assert!(causes.contains("\n- "), "{code} lists no cause");
    }
}

#[test]
fn yaml_on_a_page_can_be_read() {
    for code in Code::ALL {
        for block in code.page().split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let read = serde_yaml::from_str::<serde_json::Value>(block);
            assert!(read.is_ok(), "{code}: {}\n{block}", read.unwrap_err());
        }
    }
}
