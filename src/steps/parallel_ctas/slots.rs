//! Waiting for worker slots, before a query is sent that would not get them.
//!
//! Windlass' own steps take turns, all daemons together: who waits for slots of a server is alone in doing so until its
//! workers run, so two steps never share what is enough for one. Others can't be kept out: the statement itself is led by
//! a guard that counts once more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::postgres::{Monitoring, Session, WorkerSlots, server_identity, worker_holders};
use crate::steps::StepContext;

/// Pause between two counts. Short, because what becomes free may be taken again within a second; a count takes a
/// fraction of a millisecond.
const COUNT_EVERY: Duration = Duration::from_millis(40);

/// Pause before slots that have just become free are believed: a worker disappears from view before the server has its
/// slot back, by well under a millisecond on an idle machine and by some ten on a busy one.
const CONFIRM: Duration = Duration::from_millis(50);

/// How often who holds the slots is looked up while waiting.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    /// As many as are needed are free.
    Free,
    /// Only so many are free, and waiting is over.
    Short(u32),
    /// They can't be seen: the query is run to find out.
    Unknown,
}

/// The wait for slots of one step, all its attempts together.
pub(super) struct SlotWait {
    /// Whether everybody's workers can be seen.
    visible: bool,
    /// Name of the turn, the same for all steps on this server.
    turn: String,
    /// Whether this step has the turn.
    has_turn: bool,
    /// What is left of the time to wait.
    left: Duration,
    /// Time waited so far.
    pub(super) waited: Duration,
}

impl SlotWait {
    /// Finds out whether slots can be waited for, and says what is missing if they can't.
    pub(super) async fn prepare(longest: Duration, session: &Session, context: &StepContext) -> Result<Self, Failure> {
        let address = session.server().to_string();
        // Without database and user: the slots are the server's.
        let host = address.rsplit_once('/').map_or(address.as_str(), |(host, _)| host);
        let asked = async { Ok((Monitoring::of(session).await?, server_identity(session, host).await)) };
        let (monitoring, identity) = session.run_until(&context.stop, Side::Target, asked).await?;
        if let Some(grant) = monitoring.grant_to_see() {
            context.warn(format!(
                "the connection's user can't see other users' workers, so free worker slots are not waited for, and an \
                 attempt that gets too few is cancelled and made again: {grant}"
            ));
        }
        if let Some(grant) = monitoring.grant_to_signal() {
            context
                .debug(format!("what an earlier attempt left under another user could not be ended without: {grant}"));
        }
        Ok(Self {
            visible: monitoring.sees_everybody,
            turn: format!("worker-slots/{identity}"),
            has_turn: false,
            left: longest,
            waited: Duration::ZERO,
        })
    }

    /// Waits until so many slots are free, or for what is left of the time.
    pub(super) async fn wait(
        &mut self,
        needed: u32,
        session: &Session,
        context: &StepContext,
    ) -> Result<Slots, Failure> {
        if !self.visible {
            return Ok(Slots::Unknown);
        }
        let started = Instant::now();
        let waited = self.wait_until(started + self.left, needed, session, context).await;
        self.add(started.elapsed());
        waited
    }

    /// Takes time that was spent waiting otherwise into account.
    pub(super) fn add(&mut self, waited: Duration) {
        self.waited += waited;
        self.left = self.left.saturating_sub(waited);
    }

    /// Whether there is no time left to wait.
    pub(super) const fn is_over(&self) -> bool {
        self.left.is_zero()
    }

    /// Lets the next step have its turn.
    pub(super) async fn give_back(&mut self, context: &StepContext) {
        if std::mem::take(&mut self.has_turn) {
            context.host.give_back(&self.turn).await;
        }
    }

    async fn wait_until(
        &mut self,
        deadline: Instant,
        needed: u32,
        session: &Session,
        context: &StepContext,
    ) -> Result<Slots, Failure> {
        // Who had to wait for the turn comes right after another step, whose workers may just be ending.
        let waited = self.take_turn(deadline, context).await?;
        let (mut busy, mut told) = (waited.then_some(0), None::<Instant>);
        loop {
            let counting = session.run_until(&context.stop, Side::Target, WorkerSlots::count(session));
            let slots = match counting.await {
                Ok(slots) => slots,
                Err(stopped) if context.stop.is_cancelled() => return Err(stopped),
                Err(failure) => {
                    context.warn(format!("can't count the free worker slots, going on without: {failure}"));
                    return Ok(Slots::Unknown);
                }
            };
            let free = slots.free();
            let now = Instant::now();
            if free >= needed {
                if busy.is_none_or(|before| before >= needed) {
                    return Ok(Slots::Free);
                }
                busy = Some(free);
                context.unless_stopped(tokio::time::sleep(CONFIRM)).await?;
                continue;
            }
            if now >= deadline {
                return Ok(Slots::Short(free));
            }
            if busy != Some(free) || told.is_none_or(|at| now - at >= TELL_EVERY) {
                tell(free, needed, told.is_none(), session, context).await;
                told = Some(now);
            }
            busy = Some(free);
            context.unless_stopped(tokio::time::sleep(COUNT_EVERY.min(deadline - now))).await?;
        }
    }

    /// Waits for the turn, and says whether somebody was ahead. A step that doesn't get it in time goes on without: a turn
    /// is manners, the guard is safety.
    async fn take_turn(&mut self, deadline: Instant, context: &StepContext) -> Result<bool, Failure> {
        if self.has_turn || deadline <= Instant::now() {
            return Ok(false);
        }
        // Set beforehand: also who only stands in the queue has to leave it.
        self.has_turn = true;
        let queued = AtomicBool::new(false);
        let ahead = |who: &str| {
            queued.store(true, Ordering::Relaxed);
            context.info(format!("waiting for worker slots: {who}"));
            context.host.progress(Progress::phase(format!("waiting for worker slots: {who}")));
        };
        let asked = context.host.reserve(&self.turn, &ahead);
        match context.unless_stopped(tokio::time::timeout_at(deadline.into(), asked)).await? {
            Ok(Ok(())) => {}
            Ok(Err(failure)) if failure.code == Code::LockCircle => self.give_back(context).await,
            Ok(Err(failure)) => return Err(failure),
            Err(_) => self.give_back(context).await,
        }
        Ok(queued.into_inner())
    }
}

/// Says who holds the slots. Looking it up may fail, it is only said.
async fn tell(free: u32, needed: u32, first: bool, session: &Session, context: &StepContext) {
    let holders = tokio::time::timeout(TELL_EVERY, worker_holders(session)).await;
    let holders = holders.ok().and_then(Result::ok).unwrap_or_default().join("; ");
    let mut said = format!("waiting for worker slots: {free} free of {needed}");
    if !holders.is_empty() {
        said = format!("{said}, held by {holders}");
    }
    if first {
        context.info(&said);
    } else {
        context.debug(&said);
    }
    context.host.progress(Progress::phase(said));
}
