//! Raises what the session may raise until the plan has the target, and finds out what of it helped.
//!
//! Each setting is raised on top of those before it, because costs only tip a plan together; the plan is asked again
//! after each. When it has enough, every setting is taken back once to see whether the plan needs it. What stays is the
//! least that gives the plan, and it stays in this session only.

use std::time::Duration;

use crate::domain::failure::{Failure, Side};
use crate::domain::step::CtasStep;
use crate::postgres::{PgError, Session};
use crate::steps::StepContext;

use super::plan::Plan;
use super::statement::Statement;
use super::table_setting::{self, TableSetting};

/// Most workers that a session can ask a Gather for: PostgreSQL's limit for `max_parallel_workers_per_gather`.
const MOST_WORKERS: u32 = 1024;

/// How much workers of a Gather are wanted; it is set to the target whatever it was, so that a session that may have
/// more doesn't take more than the job says.
const PER_GATHER: &str = "max_parallel_workers_per_gather";

/// How many workers the server may run when this session launches one. No part of the plan: raised if it is below the
/// target, which could then never be met.
const IN_ALL: &str = "max_parallel_workers";

/// What is raised for the plan, in this order, and to what.
const RAISES: [(&str, &str); 4] = [
    ("min_parallel_table_scan_size", "0"),
    ("parallel_setup_cost", "0"),
    ("parallel_tuple_cost", "0"),
    ("min_parallel_index_scan_size", "0"),
];

/// Planning time beyond which settings that may not be needed are left raised: asking the plan again is no longer free.
const SLOW_PLANNING: Duration = Duration::from_millis(100);

/// A setting of a session and its value.
type Setting = (&'static str, String);

/// The plan that could be had, and how.
pub(super) struct Tuned {
    /// The plan.
    pub(super) plan: Plan,
    /// The settings that make it.
    settings: Vec<Setting>,
    /// Settings without which the plan would have fewer workers, in words.
    pub(super) helped: Vec<String>,
    /// What is changed on a table while the query runs.
    pub(super) table: Option<TableSetting>,
}

impl Tuned {
    /// The statements that prepare a session for the query.
    pub(super) fn statements(&self) -> String {
        self.settings.iter().map(|(name, value)| set(name, value)).collect()
    }
}

/// Keeps a session's later statements from taking workers themselves: with costs of nothing even a look into the catalogue
/// would.
pub(super) async fn keep_serial(session: &Session, context: &StepContext) -> Result<(), Failure> {
    let statement = set(PER_GATHER, "0");
    let serial = session.execute(&statement, "keeping other statements from taking workers");
    session.run_until(&context.stop, Side::Target, serial).await.map(drop)
}

fn set(name: &str, value: &str) -> String {
    format!("set {name} = {value};")
}

/// Finds the plan with the most workers, up to the target. The session keeps the settings.
pub(super) async fn tune(
    step: &CtasStep,
    statement: &Statement,
    session: &Session,
    context: &StepContext,
) -> Result<Tuned, Failure> {
    let hidden = context.hidden_name(0);
    let tuner = Tuner { statement, session, hidden: &hidden, target: step.workers.target.min(MOST_WORKERS) };
    let work = async {
        if !step.tune {
            let plan = tuner.plan().await?;
            return Ok(Tuned { plan, settings: Vec::new(), helped: Vec::new(), table: None });
        }
        tuner.tune().await
    };
    let mut tuned = session.run_until(&context.stop, Side::Target, work).await?;
    if step.allow_table_setting && tuned.plan.planned() < tuner.target {
        let found = Box::pin(table_setting::try_one(&tuned.plan, statement, tuner.target, &hidden, session, context));
        if let Some((setting, plan)) = found.await? {
            tuned.helped.push(setting.told().to_owned());
            (tuned.plan, tuned.table) = (plan, Some(setting));
        }
    }
    for helped in &tuned.helped {
        context.info(format!("the plan has {} workers with {helped}", tuned.plan.planned()));
    }
    Ok(tuned)
}

struct Tuner<'a> {
    statement: &'a Statement,
    session: &'a Session,
    hidden: &'a str,
    target: u32,
}

impl Tuner<'_> {
    async fn plan(&self) -> Result<Plan, PgError> {
        self.statement.explain(self.session, self.hidden).await
    }

    async fn set(&self, name: &'static str, value: &str) -> Result<(), PgError> {
        self.session.execute(&set(name, value), format!("setting {name}")).await.map(drop)
    }

    async fn number(&self, name: &str) -> Result<u32, PgError> {
        let row = self.session.query_one("select current_setting($1)::int4", &[&name], "reading settings").await?;
        Ok(u32::try_from(row.get::<_, i32>(0)).unwrap_or(0))
    }

    async fn tune(&self) -> Result<Tuned, PgError> {
        let target = self.target.to_string();
        let mut settings = vec![(PER_GATHER, target.clone())];
        let mut helped = Vec::new();
        let (per_gather, in_all) = (self.number(PER_GATHER).await?, self.number(IN_ALL).await?);
        self.set(PER_GATHER, &target).await?;
        if in_all < self.target {
            self.set(IN_ALL, &target).await?;
            settings.push((IN_ALL, target.clone()));
            helped.push(format!("{IN_ALL} = {target}"));
        }
        let fixed = settings.len();
        let mut plan = self.plan().await?;
        for (name, value) in RAISES {
            if plan.planned() >= self.target {
                break;
            }
            self.set(name, value).await?;
            settings.push((name, value.to_owned()));
            let next = self.plan().await?;
            // A plan may also get worse, when another Gather becomes the costliest.
            if next.planned() >= plan.planned() {
                plan = next;
            } else {
                self.take_back(name).await?;
                settings.pop();
            }
        }
        let raised = settings.split_off(fixed);
        for (name, value) in self.needed(raised, &mut plan).await? {
            helped.push(format!("{name} = {value}"));
            settings.push((name, value));
        }
        if per_gather < plan.planned() {
            helped.insert(0, format!("{PER_GATHER} = {target}"));
        }
        Ok(Tuned { plan, settings, helped, table: None })
    }

    /// Of what was raised, what the plan needs; the rest is taken back.
    async fn needed(&self, raised: Vec<Setting>, plan: &mut Plan) -> Result<Vec<Setting>, PgError> {
        let mut needed = Vec::new();
        let slow = plan.planning > SLOW_PLANNING;
        for (name, value) in raised {
            if !slow {
                self.take_back(name).await?;
                let without = self.plan().await?;
                if without.planned() >= plan.planned() {
                    *plan = without;
                    continue;
                }
                self.set(name, &value).await?;
            }
            needed.push((name, value));
        }
        Ok(needed)
    }

    async fn take_back(&self, name: &'static str) -> Result<(), PgError> {
        self.session.execute(&format!("reset {name}"), format!("taking {name} back")).await.map(drop)
    }
}
