use proptest::prelude::*;

use super::*;

fn run(number: u128) -> RunId {
    RunId(uuid::Uuid::from_u128(number))
}

/// Pairs such as `("a", 1)`.
fn pairs(given: &[(&str, u128)]) -> Vec<(String, RunId)> {
    given.iter().map(|(name, number)| ((*name).to_owned(), run(*number))).collect()
}

fn waits(held: &[(&str, u128)], asked: &[(&str, u128)]) -> Waits {
    Waits { held: pairs(held), asked: pairs(asked), ends: Vec::new() }
}

fn one(_: &str) -> usize {
    1
}

#[test]
fn two_runs_that_want_what_the_other_holds_are_in_a_circle_and_a_third_behind_them_is_not() {
    let waits = waits(&[("a", 1), ("b", 2), ("c", 3)], &[("b", 1), ("a", 2), ("a", 3), ("c", 4)]);
    assert!(waits.in_circle(run(1), one) && waits.in_circle(run(2), one));
    assert!(!waits.in_circle(run(3), one), "it only waits for the two");
    assert!(!waits.in_circle(run(4), one));
}

#[test]
fn a_lock_with_several_holders_closes_a_circle_only_when_all_of_them_are_in_it() {
    let two = |name: &str| if name == "b" { 2 } else { 1 };
    let mut waits = waits(&[("a", 1), ("b", 2), ("b", 3)], &[("b", 1), ("a", 2)]);
    assert!(!waits.in_circle(run(1), two), "the other holder of b may end");
    waits.asked.push(("a".to_owned(), run(3)));
    assert!(waits.in_circle(run(1), two));
    assert!(waits.in_circle(run(3), two));
    assert!(!waits.in_circle(run(1), |_| 3), "there is room");
}

#[test]
fn a_run_that_waits_for_the_end_of_one_that_wants_its_lock_is_in_a_circle() {
    let mut waits = waits(&[("a", 1)], &[("a", 2)]);
    assert!(!waits.in_circle(run(2), one));
    waits.ends.push((run(1), run(2)));
    assert!(waits.in_circle(run(2), one) && waits.in_circle(run(1), one));
    // Over a run that is triggered by the one that is triggered.
    waits.ends = vec![(run(1), run(3)), (run(3), run(2))];
    assert!(waits.in_circle(run(2), one));
}

#[test]
fn whoever_waits_for_it_over_a_detour_may_be_passed() {
    // 1 holds `a` and asks for `b`, where 2 is first; 2 waits for `c` of 3, and 3 for `a`.
    let held = [("a", 1), ("c", 3)];
    let around = waits(&held, &[("b", 2), ("c", 2), ("a", 3), ("b", 1)]);
    assert!(around.behind(run(1)).contains(&run(2)));
    assert!(!around.in_circle(run(1), one), "nobody holds b");
    // 2 is behind 4 in the queue for `d`, which nobody holds, and 4 waits for `a`.
    let queued = waits(&[("a", 1)], &[("d", 4), ("a", 4), ("b", 2), ("d", 2), ("b", 1)]);
    assert!(queued.behind(run(1)).contains(&run(2)));
    // 2 waits for somebody who has nothing to do with 1.
    let apart = waits(&[("a", 1), ("c", 3)], &[("b", 2), ("c", 2), ("b", 1)]);
    assert!(!apart.behind(run(1)).contains(&run(2)));
}

/// Some of five runs, each with one of four locks.
fn somebody() -> impl Strategy<Value = Vec<(String, RunId)>> {
    let pair =
        (0..4_usize, 0..5_u128).prop_map(|(name, number)| (["a", "b", "c", "pair"][name].to_owned(), run(number)));
    proptest::collection::vec(pair, 0..8)
}

proptest! {
    /// Where somebody can never go on, somebody is in a circle; and if those give way one after the other, all go on.
    #[test]
    fn who_gives_way_lets_the_others_go_on(
        held in somebody(), asked in somebody(), ends in proptest::collection::vec((0..5_u128, 0..5_u128), 0..2),
    ) {
        let capacity = |name: &str| if name == "pair" { 2 } else { 1 };
        let ends = ends.into_iter().filter(|(one, other)| one != other).map(|(one, other)| (run(one), run(other))).collect();
        let mut waits = Waits { held, asked, ends };
        while !waits.stuck(capacity).is_empty() {
            let gives_way = (0..5).map(run).find(|run| waits.in_circle(*run, capacity));
            prop_assert!(gives_way.is_some(), "nobody is told: {waits:?}");
            let gives_way = gives_way.unwrap();
            waits.held.retain(|(_, run)| *run != gives_way);
            waits.asked.retain(|(_, run)| *run != gives_way);
            waits.ends.retain(|(run, other)| *run != gives_way && *other != gives_way);
        }
    }
}
