//! `windlass doctor`: whether all that jobs need is there, and what mends it.

use std::collections::BTreeMap;

use comfy_table::Cell;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::release;
use super::workspace::{LogAs, Workspace};
use super::{clock, job_source, output, table, wire};
use crate::domain::failure::Failure;
use crate::domain::finding::{Finding, Verdict, worst};
use crate::postgres::embedded::Embedded;
use crate::settings::{ConnectionSettings, Settings};
use crate::steps::doctor::{Patient, PatientJobs, examine};

/// Looks at everything, and says what it found.
pub(super) async fn run(global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Command)?;
    let mut found = Vec::new();
    let embedded = match wire::embedded(&workspace.settings).await {
        Ok(embedded) => embedded,
        Err(error) => {
            found.extend(error.failure().map(not_started));
            None
        }
    };
    let looked = look(&workspace, embedded.as_ref()).await;
    release(embedded).await;
    found.extend(looked?);
    let masked = |text: &mut String| *text = workspace.masker.text(text).into_owned();
    for finding in &mut found {
        masked(&mut finding.seen);
        finding.hint.iter_mut().for_each(masked);
    }
    if global.json {
        output::json(&found)?;
    } else {
        shown(&found)?;
    }
    Ok(match worst(&found) {
        Verdict::Ok | Verdict::Warning => Exit::Done,
        Verdict::Problem => Exit::RunFailed,
        Verdict::Unreachable => Exit::Unreachable,
    })
}

async fn look(workspace: &Workspace, embedded: Option<&Embedded>) -> Result<Vec<Finding>, CliError> {
    // What the embedded server would hold can't be looked at without it; all else can.
    let mut settings = Settings::clone(&workspace.settings);
    if embedded.is_none() {
        settings.connections.retain(|_, connection| !matches!(connection, ConnectionSettings::Embedded { .. }));
    }
    let patient = patient(&settings, embedded)?;
    let mut jobs = PatientJobs::default();
    for (path, loaded) in job_source::files(workspace) {
        match loaded {
            Ok(loaded) => jobs.jobs.push((loaded.job, loaded.base)),
            Err(diagnostics) => {
                let first = diagnostics.first().map(|diagnostic| diagnostic.message.clone()).unwrap_or_default();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                jobs.broken.push((name, first));
            }
        }
    }
    Ok(examine(&patient, &jobs, clock::now).await)
}

/// What is to be looked at.
pub(super) fn patient(settings: &Settings, embedded: Option<&Embedded>) -> Result<Patient, CliError> {
    let state = if settings.state.is_some() || embedded.is_some() {
        Some(wire::state_server(settings, embedded)?)
    } else {
        None
    };
    let connections: BTreeMap<_, _> = wire::connections(settings, embedded)?;
    Ok(Patient {
        connections,
        state,
        migration: crate::store::newest_migration(),
        embedded: settings.needs_embedded(),
        data_dir: settings.data_dir.clone(),
        jobs_dir: settings.jobs_dir.clone(),
        env: settings.env_values(),
    })
}

fn not_started(failure: &Failure) -> Finding {
    let finding = Finding::new("embedded server", "start", Verdict::Unreachable, &failure.message);
    Finding { hint: failure.hint.clone(), ..finding }.mended_by(format!("windlass explain {}", failure.code))
}

fn shown(found: &[Finding]) -> Result<(), CliError> {
    let mut listed = table::new(&["", "WHAT", "", "SEEN"]);
    for finding in found {
        listed.add_row([
            table::state(finding.verdict.label()),
            Cell::new(&finding.subject),
            Cell::new(&finding.what),
            Cell::new(finding.seen.lines().next().unwrap_or_default()),
        ]);
    }
    output::table(&listed)?;
    for finding in found.iter().filter(|finding| finding.verdict > Verdict::Ok) {
        output::line(format!("\n{}: {}, {}", finding.verdict.label(), finding.subject, finding.what))?;
        output::line(format!("  {}", finding.seen.replace('\n', "\n  ")))?;
        if let Some(hint) = &finding.hint {
            output::line(format!("  {hint}"))?;
        }
        if let Some(mend) = &finding.mend {
            output::line(format!("  mend it with:\n    {}", mend.replace('\n', "\n    ")))?;
        }
    }
    let count = |verdict| found.iter().filter(|finding| finding.verdict == verdict).count();
    let [fine, warnings, problems, away] = Verdict::ALL.map(count);
    output::line(format!("\n{fine} fine, {warnings} warnings, {problems} problems, {away} not to be looked at."))
}
