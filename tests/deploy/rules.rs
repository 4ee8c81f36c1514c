//! Prometheus' own checker reads the rules and runs their tests; each alert has both a test and a section of the runbook.

use std::process::Command;

use super::{path, text};
use crate::support::prometheus::tool;

/// Names of all alerts.
fn alerts() -> Vec<String> {
    let rules = text("deploy/prometheus/windlass.rules.yml");
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect()
}

#[test]
fn promtool_accepts_config_and_rules_and_their_tests_pass() {
    let Some(promtool) = tool("promtool") else { return };
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "windlass.rules.yml"],
        ["test", "rules", "windlass.rules.test.yml"],
    ] {
        let output = Command::new(&promtool).args(arguments).current_dir(path("deploy/prometheus")).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}

#[test]
fn every_alert_has_a_test_in_which_it_fires_and_a_section_of_the_runbook() {
    let (rules, tests) =
        (text("deploy/prometheus/windlass.rules.yml"), text("deploy/prometheus/windlass.rules.test.yml"));
    let (runbook, at_work) = (text("docs/RUNBOOK.md"), text("tests/deploy/alerts.rs"));
    let alerts = alerts();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in &alerts {
        let link = format!("/usr/share/doc/windlass/RUNBOOK.md#{}", alert.to_lowercase());
        assert!(rules.contains(&format!("{link}\n")), "{alert} has no link to the runbook");
        assert!(tests.contains(&format!("{link}\n")), "{alert} fires in no test");
        assert!(at_work.contains(&format!("\"{alert}\"")), "{alert} was never seen to fire and to resolve");
        assert!(runbook.contains(&format!("\n## {alert}\n")), "{alert} has no section in docs/RUNBOOK.md");
    }
    for section in runbook.lines().filter_map(|line| line.strip_prefix("## Windlass")) {
        assert!(alerts.contains(&format!("Windlass{section}")), "docs/RUNBOOK.md: there is no alert Windlass{section}");
    }
}

#[test]
fn rules_name_only_metrics_that_exist() {
    let metrics = text("docs/METRICS.md");
    for file in ["deploy/prometheus/windlass.rules.yml", "deploy/grafana/windlass.json"] {
        let text = text(file);
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'));
        // A recording rule has colons in its name; a family of its own counters comes with a suffix.
        for word in words.filter(|word| word.starts_with("windlass_") && !word.contains(':')) {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            assert!(metrics.contains(&format!("`{family}`")), "{file}: {word} is not in docs/METRICS.md");
        }
    }
}
