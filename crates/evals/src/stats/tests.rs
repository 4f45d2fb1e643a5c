//! Figures computed by hand; `cargo xtask conform evals` compares them with the peers' own.

use super::{summary::TrialOutcome::Unjudged, *};

fn near(is: f64, expected: f64) {
    assert!((is - expected).abs() < 1e-9, "{is} instead of {expected}");
}

fn tally(passed: usize, started: usize) -> Tally {
    Tally { started, passed, unjudged: 0 }
}

#[test]
fn pass_hat_k_is_the_part_of_choices_that_all_passed() {
    // Of 4 trials, 3 passed: 3 of the 6 pairs, 1 of the 4 triples, and not the quadruple.
    let tally3 = tally(3, 4);
    for (k, expected) in [(1, 0.75), (2, 0.5), (3, 0.25), (4, 0.0)] {
        near(tally3.pass_hat(k).unwrap(), expected);
    }
    // C(5, 3) / C(8, 3) = 10 / 56.
    near(tally(5, 8).pass_hat(3).unwrap(), 10.0 / 56.0);
    near(tally(8, 8).pass_hat(8).unwrap(), 1.0);
    near(tally(0, 8).pass_hat(1).unwrap(), 0.0);
    assert_eq!(tally3.pass_hat(5), None);
    assert_eq!(tally3.pass_hat(0), None);
    near(pass_hat(&[tally3, tally(4, 4)], 2).unwrap(), 0.75);
    assert_eq!(pass_hat(&[tally3, tally(1, 1)], 2), None);
    assert_eq!(pass_hat(&[], 1), None);
    // Factorials of two hundred are no doubles.
    near(tally(199, 200).pass_hat(100).unwrap(), 0.5);
}

#[test]
fn a_case_is_flaky_when_it_passes_sometimes() {
    assert!(tally(1, 2).is_flaky());
    assert!(!tally(2, 2).is_flaky() && !tally(0, 2).is_flaky());
    // One that was not judged says nothing of the case.
    assert!(!Tally { started: 2, passed: 1, unjudged: 1 }.is_flaky());
    assert!(Tally { started: 3, passed: 1, unjudged: 1 }.is_flaky());
}

#[test]
fn wilsons_interval_has_a_width_at_the_ends_too() {
    // By hand: (0.7 + z²/20 ± z √(0.021 + z²/400)) / (1 + z²/10), with z² = 3.8414588.
    let some = wilson(7, 10).unwrap();
    near(some.mean, 0.7);
    near(some.low.unwrap(), 0.396_778_147_461_145_37);
    near(some.high.unwrap(), 0.892_208_732_593_698_9);
    // n / (n + z²) and z² / (n + z²).
    let all = wilson(10, 10).unwrap();
    near(all.low.unwrap(), 10.0 / (10.0 + 3.841_458_820_694_124));
    near(all.high.unwrap(), 1.0);
    assert!(all.note.starts_with("all passed"));
    let none = wilson(0, 10).unwrap();
    near(none.low.unwrap(), 0.0);
    near(none.high.unwrap(), 3.841_458_820_694_124 / (10.0 + 3.841_458_820_694_124));
    assert_eq!(wilson(0, 0), None);
}

#[test]
fn mcnemar_is_exact() {
    // Nine of ten one way: 2 (1 + 10) / 1024.
    near(mcnemar(1, 9).p_value.unwrap(), 22.0 / 1024.0);
    assert_eq!(mcnemar(9, 1).p_value, mcnemar(1, 9).p_value);
    // Six of six: 2 / 64.
    near(mcnemar(0, 6).p_value.unwrap(), 2.0 / 64.0);
    near(mcnemar(5, 5).p_value.unwrap(), 1.0);
    near(mcnemar(500, 500).p_value.unwrap(), 1.0);
    assert!(mcnemar(900, 1100).p_value.unwrap() < 1e-4 && mcnemar(900, 1100).p_value.unwrap() > 1e-6);
}

#[test]
fn mcnemar_says_what_it_cannot_tell() {
    let none = mcnemar(0, 0);
    assert_eq!((none.p_value, none.note.as_str()), (None, "no case differs, so there is nothing to test"));
    let few = mcnemar(0, 5);
    near(few.p_value.unwrap(), 0.0625);
    assert!(few.note.starts_with("5 cases differ: too few"));
    assert!(mcnemar(0, 6).note.is_empty());
}

#[test]
fn quantiles_lie_between_values_in_proportion() {
    let values = [10.0, 20.0, 30.0, 40.0];
    near(quantile(&values, 0.5).unwrap(), 25.0);
    near(quantile(&values, 0.95).unwrap(), 38.5);
    near(quantile(&values, 0.0).unwrap(), 10.0);
    near(quantile(&values, 1.0).unwrap(), 40.0);
    near(quantile(&[7.0], 0.95).unwrap(), 7.0);
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn a_bootstrap_is_near_what_theory_says_and_the_same_each_time() {
    // Fifty zeros and fifty ones: the mean's standard error is 0.05, so the interval is about 0.402 to 0.598.
    let values: Vec<f64> = (0..100_u8).map(|at| f64::from(at % 2)).collect();
    let interval = bootstrap_mean(&values, 1).unwrap();
    assert_eq!(interval.method, Method::BootstrapPercentile);
    near(interval.mean, 0.5);
    assert!((interval.low.unwrap() - 0.402).abs() < 0.011 && (interval.high.unwrap() - 0.598).abs() < 0.011);
    assert_eq!(bootstrap_mean(&values, 1), Some(interval.clone()));
    assert_ne!(bootstrap_mean(&values, 2), None);
}

#[test]
fn a_bootstrap_says_what_it_cannot_tell() {
    let same = bootstrap_mean(&[1.0; 20], 1).unwrap();
    assert_eq!((same.low, same.method), (None, Method::None));
    assert!(same.note.starts_with("all values are the same"));
    let few = bootstrap_mean(&[0.0, 1.0, 1.0, 0.0], 1).unwrap();
    assert!(few.low.is_none() && few.note.starts_with("4 values are too few"));
    assert_eq!(bootstrap_mean(&[], 1), None);
}

#[test]
fn differences_are_taken_case_by_case() {
    let scores: Vec<_> = (0..40_u8).map(|at| (0.0, f64::from(at % 4) / 4.0)).collect();
    let paired = paired(&scores, 1);
    let difference = paired.difference.unwrap();
    near(difference.mean, 0.375);
    assert!(difference.low.unwrap() > 0.25 && difference.high.unwrap() < 0.5);
    let alike = super::paired(&[(0.5, 0.5); 30], 1).difference.unwrap();
    assert!(alike.low.is_none() && alike.note.starts_with("all values are the same"));
    assert_eq!(super::paired(&[], 1).difference, None);
}

fn trial(case: &str, attacked: bool, outcome: TrialOutcome) -> Trial {
    Trial {
        case: case.to_owned(),
        attacked,
        outcome,
        tokens: 100,
        cost_micros: Some(5),
        latency_ms: (outcome != Unjudged).then_some(10),
        judge_tokens: 7,
        judge_cost_micros: Some(2),
    }
}

fn judged(passed: bool) -> TrialOutcome {
    TrialOutcome::Judged { passed, score: if passed { 1.0 } else { 0.0 }, attack_succeeded: None }
}

fn under_attack(passed: bool, succeeded: bool) -> TrialOutcome {
    TrialOutcome::Judged { passed, score: f64::from(u8::from(passed)), attack_succeeded: Some(succeeded) }
}

#[test]
fn what_was_not_judged_is_counted_and_never_passed() {
    let mut trials = vec![
        trial("a", false, judged(true)),
        trial("b", false, judged(true)),
        trial("c", false, Unjudged),
        trial("d", false, judged(false)),
    ];
    let summary = summarize(&trials);
    assert_eq!((summary.trials, summary.passed, summary.failed, summary.unjudged), (4, 2, 1, 1));
    assert!(!summary.complete);
    near(summary.pass_at_1.clone().unwrap().mean, 0.5);
    near(summary.score.clone().unwrap().mean, 0.5);
    near(summary.pass_hat[&1], 0.5);
    assert_eq!(
        (summary.latency_p50_ms, summary.latency_p95_ms),
        (Some(10.0), Some(10.0)),
        "of those that were run"
    );
    assert_eq!((summary.tokens, summary.judge_tokens, summary.judge_cost_micros), (400, 28, 8));
    trials.reverse();
    assert_eq!(summarize(&trials), summary);
    assert!(!summarize(&[]).complete);
}

#[test]
fn several_trials_of_a_case_count_as_one_case() {
    let trials: Vec<_> = [("a", [true, true]), ("b", [true, false]), ("c", [false, false])]
        .into_iter()
        .flat_map(|(case, all)| all.map(|passed| trial(case, false, judged(passed))))
        .collect();
    let summary = summarize(&trials);
    assert_eq!((summary.cases, summary.trials, summary.complete), (3, 6, true));
    assert_eq!(summary.flaky, ["b"]);
    near(summary.pass_hat[&1], 0.5);
    near(summary.pass_hat[&2], 1.0 / 3.0);
    assert!(!summary.pass_hat.contains_key(&4));
    let interval = summary.pass_at_1.unwrap();
    assert_eq!((interval.method, interval.low), (Method::None, None));
    assert_eq!((summary.tokens, summary.cost_micros, summary.cost_unknown), (600, 30, 0));
}

#[test]
fn attacks_are_told_as_utility_and_success() {
    let trials = [
        trial("a", false, judged(true)),
        trial("a", true, under_attack(true, true)),
        trial("b", false, judged(true)),
        trial("b", true, under_attack(true, false)),
        trial("c", false, judged(false)),
        trial("c", true, under_attack(false, false)),
        trial("d", false, judged(true)),
        trial("d", true, Unjudged),
        trial("e", false, judged(false)),
    ];
    let summary = summarize(&trials);
    let attacks = summary.attacks.unwrap();
    // The case without an attack is no benign twin of one.
    near(attacks.benign_utility.unwrap().mean, 0.75);
    near(attacks.utility_under_attack.unwrap().mean, 0.5);
    near(attacks.attack_success.unwrap().mean, 1.0 / 3.0);
    assert_eq!(attacks.unjudged, 1);
    // Useful, and yet not passed: the attacker got what was wanted.
    assert_eq!(summary.passed, 4);
    assert_eq!(summarize(&trials[8..]).attacks, None);
}

#[test]
fn several_attacks_of_a_case_say_as_much_as_one_case() {
    let attacked = |trials: usize| -> Vec<Trial> {
        let case = |at: u8| -> Vec<Trial> {
            vec![trial(&at.to_string(), true, under_attack(true, at.is_multiple_of(2))); trials]
        };
        (0..10).flat_map(case).collect()
    };
    let success = |trials| summarize(&attacked(trials)).attacks.unwrap().attack_success.unwrap();
    let (one, many) = (success(1), success(50));
    near(one.mean, 0.5);
    near(many.mean, 0.5);
    let width = |interval: &Interval| interval.high.unwrap() - interval.low.unwrap();
    assert_eq!((one.method, many.method), (Method::Wilson, Method::BootstrapPercentile));
    assert!(width(&many) > 0.5 * width(&one), "{one:?} {many:?}");
}

#[test]
fn the_power_of_all_trials_is_told() {
    let trials: Vec<_> = ["a", "b"]
        .into_iter()
        .flat_map(|case| {
            [true, true, true, case == "a", true].map(|passed| trial(case, false, judged(passed)))
        })
        .collect();
    let summary = summarize(&trials);
    assert_eq!(summary.pass_hat.keys().copied().collect::<Vec<_>>(), [1, 2, 4, 5]);
    near(summary.pass_hat[&5], 0.5);
}
