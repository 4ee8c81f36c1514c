//! Locks: who holds each, since when, and who waits for it in which order.

use chrono_tz::Tz;
use maud::{Markup, html};

use super::layout::Place;
use super::links;
use super::parts::empty::empty;
use super::parts::state::state;
use super::parts::time;
use super::view::View;
use super::watched::Watched;
use crate::store::{LockRow, Store, StoreError};

/// `GET /locks`.
pub(super) struct Locks;

impl Watched for Locks {
    type Facts = Vec<LockRow>;
    const TITLE: &'static str = "Locks";
    const PLACE: Place = Place::Locks;
    const URL: &'static str = links::LOCKS;

    async fn read(store: &Store) -> Result<Vec<LockRow>, StoreError> {
        store.locks().await
    }

    fn shown(locks: &Vec<LockRow>, view: &View) -> Markup {
        table(locks, view)
    }
}

fn table(locks: &[LockRow], view: &View) -> Markup {
    if locks.is_empty() {
        let next = "A run holds the locks that its job names for all of its time:";
        return empty("No lock is held or waited for.", next, Some("locks: [\"naver-api/{{ params.account }}\"]"));
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Locks" {
            table {
                thead { tr {
                    th scope="col" { "Lock" } th scope="col" { "State" } th scope="col" { "Run of" } th scope="col" { "Since" }
                    th.number scope="col" { "Token" } th scope="col" { "Behind" }
                } }
                tbody {
                    @for (at, lock) in locks.iter().enumerate() {
                        @let first = at == 0 || locks[at - 1].name != lock.name;
                        tr.again[!first] {
                            th scope="row" { @if first { code { (lock.name) } } @else { span.hidden { (lock.name) } } }
                            td { (state(&lock.state)) @if let Some(place) = lock.place { span.quiet { " · place " (place) } } }
                            td { a href=(links::run(lock.run)) { (lock.job) } }
                            td { (time::since(view, lock.since, Tz::UTC)) }
                            td.number { @if let Some(token) = lock.token { (token) } }
                            td { @if let (Some(run), Some(job)) = (lock.behind, &lock.behind_job) { a href=(links::run(run)) { (job) } } }
                        }
                    }
                }
            }
        }
    }
}
