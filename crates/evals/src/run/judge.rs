//! Models that judge by a rubric.

use std::{collections::BTreeSet, time::Duration};

use futures::StreamExt as _;
use kontor_core::{environment::Environment, error::Fault as _};
use kontor_models::{
    Assembler, ChatRequest, Message, ModelError, Models, RetryPolicy, SMART, Tries, with_retries,
};

use crate::{
    dataset::Rubric,
    grade::rubric::{self, Vote},
};

/// Bytes of a judge's answer.
const ANSWER_BYTES: usize = 64_000;
/// How long a vote may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The votes of a rubric's judge on a conversation, each a vote or why there is none. `answered` are the models that
/// are judged, which do not judge themselves.
pub(super) async fn votes(
    models: &Models,
    environment: &Environment,
    rubric: &Rubric,
    conversation: &[(String, String)],
    answered: &BTreeSet<String>,
) -> Vec<Result<Vote, String>> {
    let judge = rubric.judge.as_deref().unwrap_or(SMART);
    let model = match models.resolve(judge).await {
        Ok(model) if !model.capabilities().language => {
            return vec![Err(format!("{} judges nothing: a rubric needs a language model", model.name()))];
        }
        Ok(model) if answered.contains(model.name()) => {
            return vec![Err(format!("{} would judge itself: name another judge", model.name()))];
        }
        Ok(model) => model,
        Err(error) => return vec![Err(error.problem().to_string())],
    };
    let question = rubric::question(rubric, conversation);
    let mut votes = Vec::new();
    for _ in 0..rubric.votes {
        let messages =
            [Message::System(rubric::INSTRUCTIONS.into()), Message::User(question.as_str().into())];
        let request = ChatRequest::new(messages, []);
        let mut assembler = Assembler::new("vote", ANSWER_BYTES);
        let policy = RetryPolicy::default();
        let mut deltas = with_retries(model.clone(), request, policy, environment.clone(), Tries::default());
        let reading = async {
            while let Some(delta) = deltas.next().await {
                assembler.push(delta?);
                if assembler.is_full() {
                    break;
                }
            }
            Ok::<_, ModelError>(())
        };
        let read = tokio::time::timeout(LIMIT, reading).await;
        votes.push(match read {
            Err(_) => Err("the judge did not answer in time".to_owned()),
            Ok(Err(error)) => Err(error.problem().to_string()),
            Ok(Ok(())) => rubric::read_vote(rubric, assembler.text()),
        });
    }
    votes
}
