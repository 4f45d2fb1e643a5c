//! What a run used up, beside the most it may.

use super::{Judged, Observed, Verdict};
use crate::dataset::Limits;

/// Whether the limits were kept. A cost that nobody knows cannot be judged.
pub(crate) fn judge(limits: &Limits, observed: &Observed) -> Judged {
    let usage = &observed.usage;
    let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
    let mut wrong = Vec::new();
    let counted = [
        (limits.steps, usage.steps, "steps"),
        (limits.calls, observed.calls.len() as u64, "calls"),
        (limits.tokens, tokens, "tokens"),
        (limits.latency_ms, usage.latency_ms.unwrap_or_default(), "milliseconds"),
    ];
    for (most, used, what) in counted {
        if let Some(most) = most.filter(|most| used > *most) {
            wrong.push(format!("{used} {what} instead of at most {most}"));
        }
    }
    if let Some(most) = limits.cost {
        let micros =
            usage.cost_micros.ok_or("what the run cost is not known, so its limit cannot be judged")?;
        // Costs are far below the integers that a double holds.
        #[expect(clippy::cast_precision_loss, reason = "costs are far below 2^53 millionths")]
        let cost = micros as f64 / 1e6;
        if cost > most {
            wrong.push(format!("it cost {cost} dollars instead of at most {most}"));
        }
    }
    Ok(Verdict::of(wrong))
}
