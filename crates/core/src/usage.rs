//! What answers of models use up.

use serde::{Deserialize, Serialize};

use crate::time::Date;

/// No answer uses up more tokens, or costs more millionths of a dollar: what a server counts beyond it is nonsense, and
/// sums of it are to stay numbers.
const MOST: u64 = 1_000_000_000;

/// What one answer of a model used up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepUsage {
    /// What was read from the provider's cache and written to it among them.
    pub input_tokens: u64,
    /// What was thought among them.
    pub output_tokens: u64,
    pub cached_input_tokens: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    pub cache_write_tokens: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    pub reasoning_tokens: u64,
    /// The id of the model that answered. Empty in logs of versions that did not note it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// What it cost, in millionths of a US dollar; absent where the model's price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
    /// From the request to the end of the answer.
    #[serde(default, skip_serializing_if = "is_none")]
    pub latency_ms: u64,
    /// The provider did not say all of it, and the rest is estimated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// The day that it counts to, by the workspace's clocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl StepUsage {
    /// The same within what is possible.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let counts = [
            &mut self.input_tokens,
            &mut self.output_tokens,
            &mut self.cached_input_tokens,
            &mut self.cache_write_tokens,
            &mut self.reasoning_tokens,
            &mut self.latency_ms,
        ];
        for count in counts.into_iter().chain(self.cost_micros.as_mut()) {
            *count = (*count).min(MOST);
        }
        self
    }
}

/// What several answers used up together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spent {
    /// Of input and output.
    pub tokens: u64,
    /// In millionths of a US dollar, as far as prices are known.
    pub cost_micros: u64,
}

impl Spent {
    pub fn add(&mut self, usage: &StepUsage) {
        let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
        self.tokens = self.tokens.saturating_add(tokens);
        self.cost_micros = self.cost_micros.saturating_add(usage.cost_micros.unwrap_or(0));
    }
}

/// Millionths of a US dollar as a person reads them: `$0.0042`, `$0.25`, `$12.35`. What is less than a dollar has up to
/// four decimals.
pub fn dollars(micros: u64) -> String {
    if micros == 0 {
        return "$0".to_owned();
    }
    if micros < 100 {
        return "<$0.0001".to_owned();
    }
    if micros < 1_000_000 {
        let rounded = (micros + 50) / 100;
        let (dollars, cents, rest) = (rounded / 10_000, rounded % 10_000 / 100, rounded % 100);
        let told = if rest == 0 { String::new() } else { format!("{rest:02}") };
        return format!("${dollars}.{cents:02}{}", told.trim_end_matches('0'));
    }
    let cents = micros.saturating_add(5_000) / 10_000;
    format!("${}.{:02}", crate::reading::readable(&(cents / 100).to_string()), cents % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ids::TurnId, turn::TurnEvent};

    #[test]
    fn dollars_are_told_with_as_many_decimals_as_matter() {
        for (micros, told) in [
            (0, "$0"),
            (42, "<$0.0001"),
            (4_200, "$0.0042"),
            (4_249, "$0.0042"),
            (250_000, "$0.25"),
            (283_500, "$0.2835"),
            (120_500, "$0.1205"),
            (125_000, "$0.125"),
            (999_999, "$1.00"),
            (1_000_000, "$1.00"),
            (12_345_678, "$12.35"),
        ] {
            assert_eq!(dollars(micros), told);
        }
    }

    #[test]
    fn usage_of_an_older_log_is_read_and_impossible_counts_are_cut() {
        let old = json!({"input_tokens": 9, "output_tokens": 2, "cached_input_tokens": 4});
        let read: StepUsage = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(
            (read.model.as_str(), read.cost_micros, read.day, read.estimated),
            ("", None, None, false)
        );
        assert_eq!(serde_json::to_value(&read).unwrap(), old);
        let turn = TurnId(uuid::Uuid::nil());
        let event = json!({"event": "usage", "data": {
            "turn": turn, "step": 2, "input_tokens": 9, "output_tokens": 2, "cached_input_tokens": 4,
        }});
        let logged: TurnEvent = serde_json::from_value(event.clone()).unwrap();
        assert_eq!(logged, TurnEvent::Usage { turn, step: 2, usage: read.clone() });
        assert_eq!(serde_json::to_value(&logged).unwrap(), event);
        let bounded = StepUsage { input_tokens: u64::MAX, cost_micros: Some(u64::MAX), ..read }.bounded();
        assert_eq!((bounded.input_tokens, bounded.cost_micros), (MOST, Some(MOST)));
    }

    #[test]
    fn what_several_answers_used_is_added_up_without_what_has_no_price() {
        let mut spent = Spent::default();
        spent.add(&StepUsage {
            input_tokens: 5,
            output_tokens: 2,
            cost_micros: Some(9),
            ..StepUsage::default()
        });
        spent.add(&StepUsage { output_tokens: 1, reasoning_tokens: 1, ..StepUsage::default() });
        assert_eq!(spent, Spent { tokens: 8, cost_micros: 9 });
    }
}
