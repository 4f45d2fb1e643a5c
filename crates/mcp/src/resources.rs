//! Records and objects as resources, and the questions that agents suggest as prompts.

use kontor_core::error::{ErrorKind, Problem};
use kontor_models::surface::DESCRIBE;
use rmcp::{
    ErrorData,
    model::{
        CacheScope, GetPromptResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        Prompt, PromptMessage, ReadResourceResult, Resource, ResourceContents, ResourceTemplate, Role,
    },
};
use serde_json::{Value as Json, json};

use crate::{ask, gate::Asking, server::Server};

/// Where objects stand, and their records below them.
const OBJECTS: &str = "kontor://objects/";
const RECORDS: &str = "kontor://records/";
const JSON: &str = "application/json";

impl Server {
    /// The objects that the caller reads.
    pub(crate) async fn objects(&self, asking: &Asking) -> Result<ListResourcesResult, Problem> {
        let shown = self.kept.of(&self.services, &asking.caller, self.profile).await?;
        let resources = shown.surface.outline().iter().map(|object| {
            Resource::new(format!("{OBJECTS}{}", object.name), object.name.clone())
                .with_title(object.label.clone())
                .with_description(format!("The fields of {}.", object.label))
                .with_mime_type(JSON)
        });
        let mut result = ListResourcesResult::with_all_items(resources.collect());
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    pub(crate) fn templates() -> ListResourceTemplatesResult {
        let record = ResourceTemplate::new(format!("{RECORDS}{{object}}/{{id}}"), "record")
            .with_title("Record")
            .with_description("A record with its fields, by its object and id.")
            .with_mime_type(JSON);
        ListResourceTemplatesResult::with_all_items(vec![record])
    }

    /// An object or a record, as the tools tell them.
    pub(crate) async fn resource(&self, asking: &Asking, uri: &str) -> Result<ReadResourceResult, ErrorData> {
        let none = || {
            ErrorData::resource_not_found(format!("There is no resource {uri:?}."), Some(json!({"uri": uri})))
        };
        let call = match (uri.strip_prefix(OBJECTS), uri.strip_prefix(RECORDS)) {
            (Some(object), _) => (DESCRIBE.to_owned(), json!({"object": object})),
            (_, Some(record)) => {
                let (object, id) = record.split_once('/').ok_or_else(none)?;
                (format!("{object}.get"), json!({"id": id}))
            }
            _ => return Err(none()),
        };
        match self.look(&asking.caller, &call.0, call.1).await {
            Ok(json) => {
                let contents = ResourceContents::text(json.to_string(), uri).with_mime_type(JSON);
                let mut result = ReadResourceResult::new(vec![contents]);
                result.cache_scope = Some(CacheScope::Private);
                Ok(result)
            }
            Err(problem) if problem.kind == ErrorKind::Internal => Err(crate::server::failed(&problem)),
            Err(_) => Err(none()),
        }
    }

    async fn look(
        &self,
        caller: &kontor_core::caller::Caller,
        operation: &str,
        arguments: Json,
    ) -> Result<Json, Problem> {
        if operation == DESCRIBE {
            return self.kept.of(&self.services, caller, self.profile).await?.surface.describe(&arguments);
        }
        let read = self.services.operations.execute(caller, operation, arguments, None).await;
        read.map_err(|error| kontor_http::problem_of(&error))
    }

    /// What agents suggest to ask them, of those that the caller may use.
    pub(crate) async fn prompts(&self, asking: &Asking) -> Result<ListPromptsResult, Problem> {
        let prompts = self.questions(asking).await?.into_iter().map(|(name, agent, question)| {
            Prompt::new(name, Some(question), None).with_title(format!("Ask {agent}"))
        });
        let mut result = ListPromptsResult::with_all_items(prompts.collect());
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    pub(crate) async fn prompt(&self, asking: &Asking, name: &str) -> Result<GetPromptResult, ErrorData> {
        let questions = self.questions(asking).await.map_err(|problem| crate::server::failed(&problem))?;
        let found = questions.into_iter().find(|(known, ..)| known == name);
        let (_, agent, question) =
            found.ok_or_else(|| ErrorData::invalid_params(format!("There is no prompt {name:?}."), None))?;
        let message = PromptMessage::new_text(Role::User, question);
        Ok(GetPromptResult::new(vec![message]).with_description(format!("A question to {agent}.")))
    }

    /// Each with its name, its agent's label and its text.
    async fn questions(&self, asking: &Asking) -> Result<Vec<(String, String, String)>, Problem> {
        if !ask::may(&asking.caller) {
            return Ok(Vec::new());
        }
        let agents = self.services.agents.agents(&asking.caller).await;
        let agents = agents.map_err(|error| kontor_http::problem_of(&error))?;
        let of_agent = |agent: kontor_agents::AgentSummary| {
            let label = agent.definition.label.clone();
            let questions = agent.definition.suggested_questions.into_iter().enumerate();
            questions
                .map(move |(index, question)| {
                    (format!("{}_{}", agent.name, index + 1), label.clone(), question)
                })
                .collect::<Vec<_>>()
        };
        Ok(agents.into_iter().filter(|agent| agent.active).flat_map(of_agent).collect())
    }
}
