//! Wherever a turn is cut off, it ends as it would have, and nothing happens twice.

use proptest::prelude::*;

use super::*;

/// A model that always answers a step alike, as what it does in each of its steps.
#[derive(Debug, Clone)]
struct Plan(Vec<Vec<operation::Effect>>);

fn plan() -> impl Strategy<Value = Plan> {
    let effect = prop::sample::select(vec![Read, Write, External]);
    let step = prop::collection::vec(effect, 1..3);
    prop::collection::vec(step, 0..3).prop_map(Plan)
}

/// Runs a turn to its end as the driver would, with a crash at each of the numbered moments, and answers its
/// log and how often each writing or outside effect happened.
fn simulate(plan: &Plan, mut crashes: Vec<usize>) -> (Vec<TurnEvent>, Vec<(u32, u32)>) {
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
                let (after, more) =
                    next(&Limits { takeovers: 100, ..limits() }, &ApprovalPolicy::default(), state, input);
                state = after;
                effects.extend(more);
            }
            moment += 1;
            if crashes.first() == Some(&moment) {
                crashes.remove(0);
                continue 'life;
            }
            let step = state.step_number();
            let number = usize::try_from(step).unwrap();
            match effects.pop_front().expect("something to do until the end") {
                Effect::Append(events) => pending.extend(events),
                Effect::Commit => log.append(&mut pending),
                Effect::CallModel => inputs.push(match plan.0.get(number - 1) {
                    Some(effects) => calls(effects),
                    None => said("Done."),
                }),
                Effect::RunReads(indexes) => {
                    inputs.push(Input::Ran(indexes.into_iter().map(ok).collect()));
                }
                Effect::RunWrite(index) => {
                    let event = state.result(index, ok(index).outcome, 1).unwrap();
                    log.append(&mut pending);
                    log.push(event.clone());
                    happened.push((step, index));
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
                    happened.push((step, index));
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
    log.iter()
        .filter(|event| !matches!(event, TurnEvent::StepRestarted { .. }))
        .cloned()
        .map(|event| match event {
            TurnEvent::ToolResult {
                turn,
                step,
                index,
                call,
                operation,
                outcome: ToolOutcome::Unknown,
                ..
            } => TurnEvent::ToolResult {
                turn,
                step,
                index,
                call,
                operation,
                outcome: ok(index).outcome,
                duration_ms: 1,
            },
            event => event,
        })
        .collect()
}

proptest! {
    #[test]
    fn crashes_change_nothing_but_restarts(plan in plan(), crashes in prop::collection::vec(1_usize..40, 0..6)) {
        let (calm, calm_effects) = simulate(&plan, Vec::new());
        let (log, effects) = simulate(&plan, crashes);
        prop_assert_eq!(essence(&log), essence(&calm));
        let once: std::collections::BTreeSet<_> = effects.iter().collect();
        prop_assert_eq!(once.len(), effects.len(), "an effect happened twice");
        for effect in &effects {
            prop_assert!(calm_effects.contains(effect));
        }
        let writes = |effects: &[(u32, u32)]| {
            let is_write = |(step, index): &&(u32, u32)| {
                plan.0[*step as usize - 1][*index as usize] == Write
            };
            effects.iter().filter(is_write).copied().collect::<Vec<_>>()
        };
        prop_assert_eq!(writes(&effects), writes(&calm_effects));
    }
}
