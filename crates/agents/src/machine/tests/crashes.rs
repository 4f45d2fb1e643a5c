//! Wherever a turn is cut off, it ends as it would have, and nothing happens twice.

use proptest::prelude::*;

use super::{
    asks::{asking, engaged, handed_over, handing},
    *,
};

/// Models that always answer a step alike, as what each does in its steps.
#[derive(Debug, Clone)]
struct Plan {
    own: Vec<Vec<Deed>>,
    /// Of every agent that is asked.
    of_asked: Vec<Vec<Deed>>,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Do(operation::Effect),
    Ask,
    /// Of the turn's own agents alone.
    HandOver,
}

fn plan() -> impl Strategy<Value = Plan> {
    let deeds = [Deed::HandOver, Deed::Do(Read), Deed::Do(Write), Deed::Do(External), Deed::Ask];
    let steps = |deeds: &[Deed]| {
        prop::collection::vec(prop::collection::vec(prop::sample::select(deeds.to_vec()), 1..3), 0..3)
    };
    (steps(&deeds), steps(&deeds[1..])).prop_map(|(own, of_asked)| Plan { own, of_asked })
}

fn wanted(deeds: &[Deed]) -> Input {
    let mut is_handed = false;
    let wanted = |deed: &Deed| match deed {
        Deed::Do(effect) => call(*effect),
        Deed::Ask => asking("what?"),
        Deed::HandOver => {
            let again = std::mem::replace(&mut is_handed, true);
            Proposed { problem: again.then(Problem::internal), ..handing() }
        }
    };
    Input::Answered(Answer { calls: deeds.iter().map(wanted).collect(), ..Answer::default() })
}

/// What a turn may take up, so that some of them come to its end.
fn bounds() -> Limits {
    Limits { steps: 12, calls_per_turn: 20, takeovers: 100, ..limits() }
}

/// An effect, by its place in the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Happened {
    place: (u32, u32),
    is_write: bool,
}

/// Runs a turn to its end as the driver would, with a crash at each of the numbered moments, and answers its
/// log and how often each writing or outside effect happened.
fn simulate(plan: &Plan, mut crashes: Vec<usize>) -> (Vec<TurnEvent>, Vec<Happened>) {
    let mut log: Vec<TurnEvent> = opening(TURN, "go".into(), None).into();
    let mut happened = Vec::new();
    let mut begun = std::collections::BTreeSet::new();
    let mut moment = 0;
    crashes.sort_unstable();
    'life: for life in 0.. {
        let mut state = State::replay(TURN, &log);
        let mut pending: Vec<TurnEvent> = Vec::new();
        let first = if life == 0 { Input::Opened } else { Input::Resumed };
        let mut inputs = vec![first];
        let mut effects = std::collections::VecDeque::new();
        loop {
            if let Some(input) = inputs.pop() {
                let (after, more) = next(&bounds(), &ApprovalPolicy::default(), state, input);
                state = after;
                effects.extend(more);
            }
            moment += 1;
            if crashes.first() == Some(&moment) {
                crashes.remove(0);
                continue 'life;
            }
            let step = state.step_number();
            let of = state.part().map(|part| part.of);
            let numbered = state.steps.iter().zip(1..);
            let is_its = |number: u32| of.is_some() || number > state.handed_after();
            let number = numbered.filter(|(step, number)| step.of == of && is_its(*number)).count();
            match effects.pop_front().expect("something to do until the end") {
                Effect::Append(events) => pending.extend(events),
                Effect::Commit => log.append(&mut pending),
                Effect::CallModel => {
                    let steps = if of.is_some() { &plan.of_asked } else { &plan.own };
                    inputs.push(steps.get(number - 1).map_or_else(|| said("Done."), |deeds| wanted(deeds)));
                }
                Effect::Engage(index) if state.open_parts().count() < 2 => inputs.push(engaged(index, 4, 6)),
                Effect::HandOver(index)
                    if state.handovers.len() < bounds().handovers
                        && state.steps_so_far() < bounds().steps =>
                {
                    let result = state.result(index, succeeded(json!({"agent": "clerk"})), 0).unwrap();
                    let events = vec![
                        result,
                        handed_over(),
                        TurnEvent::StepStarted { turn: TURN, step: state.steps_so_far() + 1 },
                    ];
                    log.append(&mut pending);
                    log.extend(events.iter().cloned());
                    inputs.push(Input::HandedOver(events));
                }
                Effect::Engage(index) | Effect::HandOver(index) => {
                    let outcome = ToolOutcome::Failed { problem: Problem::internal() };
                    inputs.push(Input::Ran(vec![Ran { outcome, ..ok(index) }]));
                }
                Effect::RunReads(indexes) => {
                    inputs.push(Input::Ran(indexes.into_iter().map(ok).collect()));
                }
                Effect::RunWrite(index) => {
                    let event = state.placed(state.result(index, ok(index).outcome, 1).unwrap());
                    log.append(&mut pending);
                    log.push(event.clone());
                    happened.push(Happened { place: (step, index), is_write: true });
                    inputs.push(Input::Wrote(event));
                }
                Effect::RunOutside(index) => {
                    assert!(pending.is_empty(), "what precedes an effect outside is committed");
                    if !begun.insert((step, index)) {
                        inputs.push(Input::Ran(vec![Ran { outcome: ToolOutcome::Unknown, ..ok(index) }]));
                        continue;
                    }
                    moment += 1;
                    if crashes.first() == Some(&moment) {
                        crashes.remove(0);
                        continue 'life;
                    }
                    happened.push(Happened { place: (step, index), is_write: false });
                    inputs.push(Input::Ran(vec![ok(index)]));
                }
                Effect::Finish(_) => {
                    log.append(&mut pending);
                    return (log, happened);
                }
                Effect::Ask(indexes) => {
                    let approvals: Vec<_> =
                        indexes.iter().map(|index| (*index, ApprovalId(Uuid::nil()))).collect();
                    inputs.push(asked(&approvals));
                }
                // The person who is asked agrees at once.
                Effect::Wait => {
                    log.append(&mut pending);
                    for index in
                        state.step().unwrap().calls.iter().filter(|call| is_unanswered(call)).map(|c| c.index)
                    {
                        log.push(TurnEvent::ApprovalResolved {
                            turn: TURN,
                            step,
                            index,
                            approval: ApprovalId(Uuid::nil()),
                            approved: true,
                            by: MemberId(Uuid::nil()),
                            by_name: "Ada".into(),
                            comment: String::new(),
                        });
                    }
                    state = State::replay(TURN, &log);
                    inputs.push(Input::Resumed);
                }
            }
        }
    }
    unreachable!()
}

fn is_unanswered(call: &Call) -> bool {
    call.approval.as_ref().is_some_and(|approval| approval.answer.is_none())
}

/// A log without its restarts, and with every result of an effect outside taken alike.
fn essence(log: &[TurnEvent]) -> Vec<TurnEvent> {
    let stays = |event: &&TurnEvent| !matches!(event.inner(), TurnEvent::StepRestarted { .. });
    let mut log: Vec<TurnEvent> = log.iter().filter(stays).cloned().collect();
    for event in &mut log {
        if let TurnEvent::ToolResult { index, outcome, .. } = event.inner_mut()
            && *outcome == ToolOutcome::Unknown
        {
            *outcome = ok(*index).outcome;
        }
        // What was done is told with whether that is known.
        if let TurnEvent::TurnFailed { problem, done, .. } = event {
            done.iter_mut().for_each(|done| done.unknown = false);
            problem.message = problem.message.split(DONE_BEFORE).next().unwrap_or_default().to_owned();
        }
    }
    log
}

proptest! {
    #[test]
    fn crashes_change_nothing_but_restarts(plan in plan(), crashes in prop::collection::vec(1_usize..90, 0..8)) {
        let (calm, calm_effects) = simulate(&plan, Vec::new());
        let (log, effects) = simulate(&plan, crashes);
        prop_assert_eq!(essence(&log), essence(&calm));
        let once: std::collections::BTreeSet<_> = effects.iter().collect();
        prop_assert_eq!(once.len(), effects.len(), "an effect happened twice");
        for effect in &effects {
            prop_assert!(calm_effects.contains(effect));
        }
        let writes = |effects: &[Happened]| {
            effects.iter().filter(|effect| effect.is_write).copied().collect::<Vec<_>>()
        };
        prop_assert_eq!(writes(&effects), writes(&calm_effects));
    }
}

proptest! {
    #[test]
    fn whoever_asks_whom_a_turn_takes_no_more_than_it_may(plan in plan()) {
        let (log, _) = simulate(&plan, Vec::new());
        let state = State::replay(TURN, &log);
        prop_assert!(state.end.is_some());
        prop_assert!(state.steps_so_far() <= bounds().steps);
        prop_assert!(state.calls_so_far() <= bounds().calls_per_turn);
        prop_assert!(state.open_parts().next().is_none());
        prop_assert!(state.handovers.len() <= bounds().handovers);
        // Every call has its result, unless the turn failed before.
        let calls = state.steps.iter().flat_map(|step| &step.calls);
        prop_assert!(state.end == Some(End::Failed) || calls.clone().all(|call| call.outcome.is_some()));
        // One result each, and none of a part after the call that asked had its own.
        let results = log.iter().filter(|event| matches!(event.inner(), TurnEvent::ToolResult { .. }));
        let places: std::collections::BTreeSet<_> =
            results.clone().filter_map(|event| event.call()).map(|place| (place.step, place.index)).collect();
        prop_assert_eq!(places.len(), results.count());
    }
}
