use kontor_store::stored_enum;
use serde::Serialize;

stored_enum! {
    /// What usage is added up by.
    pub enum UsageBy: "what usage is grouped by" {
        Day = "day",
        Agent = "agent",
        Member = "member",
        Model = "model",
    }
}

stored_enum! {
    /// What a budget is for.
    pub enum BudgetScope: "scope of a budget" {
        /// One turn.
        Turn = "turn",
        /// An agent's day.
        Agent = "agent",
        /// A member's day.
        Member = "member",
        /// The workspace's day.
        Workspace = "workspace",
    }
}

/// Usage added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct UsageFigures {
    /// Answers of models; what was asked again counts each time.
    pub steps: u64,
    /// What was read from a provider's cache and written to it among them.
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub cache_write_tokens: u64,
    /// What was thought among them.
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// In millionths of a US dollar, as far as prices are known.
    pub cost_micros: u64,
    /// Answers of models whose price is not known, which are in no cost.
    pub unpriced_steps: u64,
    /// From a request to the end of its answer, on average.
    pub latency_ms: u64,
}
