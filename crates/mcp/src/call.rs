//! A tool's call, as the operation that it means.

use kontor_agents::{ClientAnswer, ClientCall};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _, Issue, Problem},
    ids::ApprovalId,
    operation::Effect,
    scope::CHAT,
};
use kontor_models::surface::{DESCRIBE, READ_MORE};
use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock, JsonObject},
};
use serde_json::{Number, Value as Json, json};

use crate::{
    approval::{self, GET_APPROVAL},
    ask::{self, ASK_AGENT},
    gate::Asking,
    profile::Profile,
    server::Server,
    shown, tools,
};

/// A call that did not come to an answer.
enum Failed {
    /// There is no such tool: an error of the protocol.
    NoTool(String),
    /// What is wrong with the call, for the model to put right.
    Problem(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Server {
    /// Makes a call. `can_show` says that the client can show its user an address.
    pub(crate) async fn call(
        &self,
        asking: &Asking,
        tool: &str,
        arguments: JsonObject,
        can_show: bool,
    ) -> Result<CallToolResponse, ErrorData> {
        match self.run(asking, tool, arguments).await {
            Ok(ClientAnswer::Done(result)) => Ok(done(result).into()),
            Ok(ClientAnswer::Asked(asked)) => {
                Ok(approval::answer(&self.services.public_url, &asked, can_show))
            }
            Err(Failed::Problem(problem)) => Ok(failed(&problem).into()),
            Err(Failed::NoTool(message)) => Err(ErrorData::invalid_params(message, None)),
        }
    }

    async fn run(&self, asking: &Asking, tool: &str, arguments: JsonObject) -> Result<ClientAnswer, Failed> {
        let caller = &*asking.caller;
        let shown = self.kept.of(&self.services, caller, self.profile).await?;
        let mut arguments = Json::Object(arguments);
        whole_numbers(&mut arguments);
        if tool == GET_APPROVAL && self.profile == Profile::Writing {
            return self.approval(caller, &arguments).await;
        }
        if tool == ASK_AGENT && self.profile == Profile::Writing {
            if ask::may(caller) {
                return Ok(self.ask_agent(caller, &arguments).await?);
            }
            if caller.member().is_some() {
                let _ = asking.missing.set(vec![CHAT.to_owned()]);
            }
            return Err(Failed::NoTool("There is no tool \"ask_agent\" that you may call.".to_owned()));
        }
        let key = take_key(&mut arguments)?;
        let reading = shown.surface.read(tool, arguments.clone());
        if shown.surface.effect(&reading.operation).is_none()
            && let Some(scope) = shown::lacks_scope(caller, self.profile, tool, &arguments)
        {
            let message = format!("The token's scope does not hold {scope}.");
            // Said once: a request has one call.
            let _ = asking.missing.set(vec![scope]);
            return Err(Failed::NoTool(message));
        }
        if let Some(problem) = reading.problem {
            return Err(problem.into());
        }
        match reading.operation.as_str() {
            DESCRIBE => return Ok(ClientAnswer::Done(shown.surface.describe(&reading.arguments)?)),
            READ_MORE => return Err(Failed::NoTool("There is no tool \"read_more\" here.".to_owned())),
            _ => {}
        }
        let Some(effect) = shown.surface.effect(&reading.operation) else {
            return Err(Failed::NoTool(format!("There is no tool {tool:?} that you may call.")));
        };
        let key = key.filter(|_| effect != Effect::Read);
        let call = ClientCall { operation: reading.operation, arguments: reading.arguments, key };
        let answer = self.services.agents.call_for_client(caller, call).await;
        answer.map_err(|error| {
            let problem = kontor_http::problem_of(&error);
            let needed: Vec<_> = problem.needed_scopes().map(str::to_owned).collect();
            if needed.is_empty() {
                return problem.into();
            }
            let _ = asking.missing.set(needed);
            Failed::NoTool(problem.message)
        })
    }

    async fn approval(&self, caller: &Caller, arguments: &Json) -> Result<ClientAnswer, Failed> {
        let id = arguments.get("id").and_then(Json::as_str).and_then(|id| id.parse::<ApprovalId>().ok());
        let id = id.ok_or_else(|| {
            Problem::invalid(vec![Issue::new("id", "required", "expected the id of an approval")])
        })?;
        let answer = self.services.agents.client_answer(caller, id).await;
        answer.map_err(|error| match error.problem() {
            problem if problem.kind == ErrorKind::Internal => kontor_http::problem_of(&error).into(),
            problem => problem.into(),
        })
    }
}

fn done(result: Json) -> CallToolResult {
    // Structured results are objects in every revision.
    let result = if result.is_object() { result } else { json!({"result": result}) };
    CallToolResult::structured(result)
}

/// A result that says what is wrong, each place with its path. It has no structured part, which clients would hold
/// against the schema of what succeeds.
fn failed(problem: &Problem) -> CallToolResult {
    let mut text = problem.message.clone();
    if problem.issues.len() > 1 {
        for issue in &problem.issues {
            text.push_str(&format!("\n- {issue}"));
        }
    }
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    let told = json!({"code": problem.code, "errors": problem.issues});
    result.meta = Some(rmcp::model::MetaObject(JsonObject::from_iter([("kontor/problem".to_owned(), told)])));
    result
}

fn take_key(arguments: &mut Json) -> Result<Option<String>, Problem> {
    match arguments.as_object_mut().and_then(|map| map.remove(tools::KEY)) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(key)) => Ok(Some(key)),
        Some(_) => Err(Problem::invalid(vec![Issue::new(tools::KEY, "wrong_type", "expected a text")])),
    }
}

/// Writes `5.0` as `5`: clients whose language has one kind of number send whole ones so.
fn whole_numbers(json: &mut Json) {
    /// The whole numbers that a double holds exactly.
    const EXACT: f64 = 9_007_199_254_740_991.0;
    match json {
        Json::Number(number) => {
            if let Some(float) = number.as_f64().filter(|_| number.is_f64())
                && float.fract() == 0.0
                && float.abs() <= EXACT
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole, and within what is exact")]
                let whole = float as i64;
                *json = Json::Number(Number::from(whole));
            }
        }
        Json::Array(items) => items.iter_mut().for_each(whole_numbers),
        Json::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_floats_become_whole_numbers() {
        let mut json = json!({"limit": 5.0, "in": [1.5, -2.0], "text": "5.0"});
        whole_numbers(&mut json);
        assert_eq!(json.to_string(), r#"{"limit":5,"in":[1.5,-2],"text":"5.0"}"#);
    }
}
