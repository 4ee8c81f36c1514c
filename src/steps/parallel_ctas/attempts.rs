//! Attempts until one has its workers.
//!
//! An attempt begins with the wait for slots. While there is time to wait it never runs a query that would fall short, so
//! nothing is cancelled when slots are merely busy. When the time is over, an attempt that finds too few slots free
//! passes without running anything, and the last one is content with the minimum.

use std::time::{Duration, Instant};

use crate::domain::failure::{Failure, Side};
use crate::domain::observation::{CtasAttemptOutcome, Observation};
use crate::domain::outcome::{Workers, WorkersTry};
use crate::domain::progress::Progress;
use crate::domain::step::{CtasStep, WorkerGuarantee};
use crate::postgres::{Session, drop_hidden_tables};
use crate::steps::{StepContext, session};

use super::attempt::{self, Attempt, Ended, Made};
use super::diagnosis;
use super::slots::{SlotWait, Slots};
use super::statement::Statement;
use super::tuning::Tuned;

/// A table with its workers, still hidden, and the session that made it.
pub(super) struct Finished {
    pub(super) session: Session,
    pub(super) hidden: String,
    pub(super) made: Made,
    pub(super) workers: Workers,
}

/// The attempts of a step.
pub(super) struct Attempts<'a> {
    step: &'a CtasStep,
    statement: &'a Statement,
    tuned: &'a Tuned,
    /// Workers that the server could launch if nobody else ran any.
    possible: u32,
    wait: SlotWait,
    context: &'a StepContext,
    /// The most workers that an attempt had, or would have had.
    best: u32,
    /// Attempts that ran a query.
    ran: u32,
    /// Time that went into attempts that came to nothing.
    lost: Duration,
    /// What each has come to.
    tries: Vec<WorkersTry>,
}

/// What an attempt came to.
enum Tried {
    Finished(Box<Finished>),
    /// It fell short; whether a query was run.
    Short {
        ran: bool,
    },
}

impl<'a> Attempts<'a> {
    pub(super) fn new(
        step: &'a CtasStep,
        statement: &'a Statement,
        tuned: &'a Tuned,
        possible: u32,
        wait: SlotWait,
        context: &'a StepContext,
    ) -> Self {
        Self {
            step,
            statement,
            tuned,
            possible,
            wait,
            context,
            best: 0,
            ran: 0,
            lost: Duration::ZERO,
            tries: Vec::new(),
        }
    }

    /// Attempts until one has its workers or there are none left. The monitor may be another one afterwards: it is
    /// connected anew if it was lost.
    pub(super) async fn until_enough(mut self, monitor: &mut Session) -> Result<Finished, Failure> {
        let ended = Box::pin(self.attempts(monitor)).await;
        self.wait.give_back(self.context).await;
        self.context.host.observe(Observation::CtasSlotWait(self.wait.waited));
        ended
    }

    async fn attempts(&mut self, monitor: &mut Session) -> Result<Finished, Failure> {
        let guarantee = self.guarantee();
        let attempts = guarantee.attempts.max(1);
        for number in 1..=attempts {
            let started = Instant::now();
            let waited = self.wait.waited;
            let ran = match Box::pin(self.attempt(number, monitor)).await? {
                Tried::Finished(finished) => return Ok(*finished),
                Tried::Short { ran } => ran,
            };
            if ran {
                self.lost += started.elapsed().saturating_sub(self.wait.waited.saturating_sub(waited));
            }
            if number < attempts {
                self.context.unless_stopped(tokio::time::sleep(guarantee.retry_delay)).await?;
                if ran {
                    self.lost += guarantee.retry_delay;
                } else {
                    self.wait.add(guarantee.retry_delay);
                }
            }
        }
        // A failed attempt has no outcome: how far it came is what tells of its tries.
        self.say("no attempts left".to_owned());
        Err(diagnosis::shortage(&self.so_far(), self.ran > 0))
    }

    /// One attempt, with as many waits for slots as it takes until one is not beaten to them.
    async fn attempt(&mut self, number: u32, monitor: &mut Session) -> Result<Tried, Failure> {
        let last = number >= self.guarantee().attempts;
        let hidden = self.context.hidden_name(number as usize);
        let opened = attempt::open(self.statement, self.tuned, &hidden, monitor, self.context).await?;
        let (mut session, plan) = opened;
        let wanted = self.guarantee().target.min(plan.planned()).min(self.possible);
        loop {
            let slots = self.wait.wait(wanted, monitor, self.context).await;
            let guard = match slots {
                Ok(Slots::Free) => Some(wanted),
                Ok(Slots::Unknown) => None,
                Ok(Slots::Short(free)) if last && free >= self.guarantee().minimum => Some(self.guarantee().minimum),
                Ok(Slots::Short(free)) => {
                    session.close().await;
                    self.pass(number, free, wanted).await;
                    return Ok(Tried::Short { ran: false });
                }
                Err(failure) => {
                    let failed = Err(failure);
                    session::end(session, &failed, self.context).await;
                    return failed;
                }
            };
            self.say_running(number, wanted);
            let (step, statement, tuned, context) = (self.step, self.statement, self.tuned, self.context);
            let attempt = Attempt { step, statement, tuned, hidden: &hidden, plan: &plan, last, wanted, guard };
            let ended = Box::pin(attempt.run(session, monitor, &mut self.wait, context)).await;
            match self.settle(ended, number, wanted, &hidden, monitor).await? {
                Some(tried) => return Ok(tried),
                None if guard != Some(wanted) || self.wait.is_over() => {
                    self.pass(number, 0, wanted).await;
                    return Ok(Tried::Short { ran: false });
                }
                None => {
                    self.context.debug("the slots were taken at the last moment, waiting again");
                    session = attempt::open(self.statement, self.tuned, &hidden, monitor, self.context).await?.0;
                }
            }
        }
    }

    /// Counts and logs an attempt's end; `None`: the guard stopped it.
    async fn settle(
        &mut self,
        ended: Result<Ended, Failure>,
        number: u32,
        wanted: u32,
        hidden: &str,
        monitor: &mut Session,
    ) -> Result<Option<Tried>, Failure> {
        match ended {
            Ok(Ended::Enough(session, made)) => {
                self.ran += 1;
                self.count(made.plan.planned(), made.workers.unwrap_or(0), made.outcome);
                self.tries.push(WorkersTry { workers: made.workers.unwrap_or(0), ran: true, short: None });
                let workers = self.workers(number, &made);
                self.context.info(format!(
                    "{}: launched {} of {} planned ({} wanted), {} rows",
                    self.name(number),
                    made.workers.map_or_else(|| "an unknown number".to_owned(), |workers| workers.to_string()),
                    made.plan.planned(),
                    self.guarantee().target,
                    made.rows
                ));
                let hidden = hidden.to_owned();
                Ok(Some(Tried::Finished(Box::new(Finished { session: *session, hidden, made, workers }))))
            }
            Ok(Ended::Short { workers, cancelled }) => {
                self.ran += 1;
                self.best = self.best.max(workers);
                self.count(self.tuned.plan.planned(), workers, CtasAttemptOutcome::Short);
                self.drop_table(hidden, monitor).await?;
                let how = if cancelled { "seen too few at work, cancelled" } else { "counted too few at its end" };
                self.tries.push(WorkersTry { workers, ran: true, short: Some(how.to_owned()) });
                let verb = if cancelled { "launched" } else { "ended with" };
                let cancelled = if cancelled { "cancelled, " } else { "" };
                self.context.info(format!(
                    "{}: {verb} {workers} of {wanted}, best so far {}, {cancelled}dropped, {}",
                    self.name(number),
                    self.best,
                    self.next(number)
                ));
                Ok(Some(Tried::Short { ran: true }))
            }
            Ok(Ended::SlotsTaken) => Ok(None),
            Err(failure) => {
                if !self.context.stop.is_cancelled() {
                    self.count(self.tuned.plan.planned(), 0, CtasAttemptOutcome::Failed);
                }
                Err(failure)
            }
        }
    }

    /// An attempt that runs nothing, because it would fall short.
    async fn pass(&mut self, number: u32, free: u32, wanted: u32) {
        self.wait.give_back(self.context).await;
        self.best = self.best.max(free);
        self.tries.push(WorkersTry {
            workers: free,
            ran: false,
            short: Some("too few slots free, not run".to_owned()),
        });
        self.count(self.tuned.plan.planned(), 0, CtasAttemptOutcome::Short);
        self.context.info(format!(
            "{}: {free} of {wanted} worker slots free, best so far {}, not run, {}",
            self.name(number),
            self.best,
            self.next(number)
        ));
    }

    async fn drop_table(&self, hidden: &str, monitor: &mut Session) -> Result<(), Failure> {
        if monitor.client().is_closed() {
            *monitor = session::open(monitor.server(), "monitor", Side::Target, self.context).await?;
        }
        let dropping = async { drop_hidden_tables(monitor, hidden).await };
        monitor.run_until(&self.context.stop, Side::Target, dropping).await.map(drop)
    }

    fn guarantee(&self) -> &'a WorkerGuarantee {
        &self.step.workers
    }

    fn name(&self, number: u32) -> String {
        format!("attempt {number}/{}", self.guarantee().attempts)
    }

    fn next(&self, number: u32) -> String {
        if number < self.guarantee().attempts {
            format!("next in {}", humantime::format_duration(self.guarantee().retry_delay))
        } else {
            "no attempts left".to_owned()
        }
    }

    fn say_running(&self, number: u32, wanted: u32) {
        self.say(format!("{}: running, {wanted} workers wanted", self.name(number)));
    }

    /// Says how far it is, with what the tries so far have come to.
    fn say(&self, phase: String) {
        let workers = (!self.tries.is_empty()).then(|| Box::new(self.so_far()));
        self.context.host.progress(Progress { phase, workers, ..Progress::default() });
    }

    fn count(&self, planned: u32, achieved: u32, outcome: CtasAttemptOutcome) {
        let WorkerGuarantee { target, minimum, .. } = *self.guarantee();
        self.context.host.observe(Observation::CtasAttempt { planned, achieved, target, minimum, outcome });
    }

    fn workers(&self, number: u32, made: &Made) -> Workers {
        Workers {
            planned: made.plan.planned(),
            achieved: made.workers.unwrap_or(0),
            target_met: made.outcome == CtasAttemptOutcome::TargetMet,
            attempts: number,
            gathers: made.plan.workers(),
            helped: self.tuned.helped.clone(),
            ..self.so_far()
        }
    }

    /// What the tries have come to, none of which went through.
    fn so_far(&self) -> Workers {
        Workers {
            target: self.guarantee().target,
            minimum: self.guarantee().minimum,
            planned: self.tuned.plan.planned(),
            achieved: self.best,
            attempts: u32::try_from(self.tries.len()).unwrap_or(u32::MAX),
            slot_wait_s: self.wait.waited.as_secs_f64(),
            lost_s: self.lost.as_secs_f64(),
            measure: self.step.measure.label().to_owned(),
            tries: self.tries.clone(),
            ..Workers::default()
        }
    }
}
