//! Models that judge by a rubric.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kontor_core::{environment::Environment, error::Fault as _};
use kontor_models::{Assembler, ChatModel, ChatRequest, Message, RetryPolicy, read_whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    dataset::Rubric,
    grade::rubric::{self, Vote},
};

/// Bytes of a judge's answer.
const ANSWER_BYTES: usize = 64_000;
/// How long a vote may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What the judge of a trial's rubric used up, which is no part of what the agent did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judging {
    /// The id of the model that judged.
    pub model: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of a US dollar; absent where a price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
}

/// What a judge says, each a vote or why there is none, and what it used up. Behind a vote that failed no other is asked
/// for: fewer votes than the rubric names say nothing.
pub(super) async fn votes(
    model: Arc<dyn ChatModel>,
    environment: &Environment,
    rubric: &Rubric,
    conversation: &[(String, String)],
) -> (Vec<Result<Vote, String>>, Judging) {
    let question = rubric::question(rubric, conversation);
    let mut judging = Judging {
        model: model.name().to_owned(),
        input_tokens: 0,
        output_tokens: 0,
        cost_micros: model.pricing().map(|_| 0),
    };
    let mut votes = Vec::new();
    for _ in 0..rubric.votes {
        let vote = vote(&model, environment, rubric, &question, &mut judging).await;
        let has_failed = vote.is_err();
        votes.push(vote);
        if has_failed {
            break;
        }
    }
    (votes, judging)
}

async fn vote(
    model: &Arc<dyn ChatModel>,
    environment: &Environment,
    rubric: &Rubric,
    question: &str,
    judging: &mut Judging,
) -> Result<Vote, String> {
    let messages = [Message::System(rubric::INSTRUCTIONS.into()), Message::User(question.into())];
    let request = ChatRequest::new(messages, []);
    let mut assembler = Assembler::new("vote", ANSWER_BYTES);
    let policy = RetryPolicy::default();
    let reading = read_whole(model.clone(), request, policy, environment.clone(), &mut assembler);
    let read = tokio::time::timeout(LIMIT, reading).await;
    // What came to nothing was used up as well.
    if let Some(usage) = assembler.usage() {
        judging.input_tokens += usage.input_tokens;
        judging.output_tokens += usage.output_tokens;
        let cost = model.pricing().map(|pricing| pricing.cost(&usage));
        judging.cost_micros = judging.cost_micros.zip(cost).map(|(before, cost)| before + cost);
    }
    read.map_err(|_| "the judge did not answer in time".to_owned())?
        .map_err(|error| format!("the judge: {}", error.problem()))?;
    if assembler.is_full() {
        return Err("the judge's answer is too long".to_owned());
    }
    let step = assembler.complete().map_err(|error| format!("the judge: {}", error.problem()))?;
    rubric::read_vote(rubric, &step.text)
}

/// Why a model cannot judge those that answered; none where it can.
pub(super) fn unfit(model: &dyn ChatModel, answered: &BTreeSet<String>) -> Option<String> {
    if !model.capabilities().language {
        return Some(format!("{} judges nothing: a rubric needs a language model", model.name()));
    }
    answered
        .contains(model.name())
        .then(|| format!("{} would judge itself: name another judge", model.name()))
}
