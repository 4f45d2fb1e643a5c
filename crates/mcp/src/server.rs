//! The protocol's methods.

use std::borrow::Cow;

use axum::http::request::Parts;
use kontor_core::error::Problem;
use kontor_http::Services;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, DiscoverResult, GetPromptRequestParams,
        GetPromptResponse, Implementation, InitializeRequestParams, InitializeResult, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};

use crate::{
    gate::Asking,
    profile::Profile,
    shown::{Kept, Shown},
};

/// Tools of a page.
const PAGE: usize = 50;
/// How long a client may take what it was shown for true. What a caller may do is asked at every call.
const FRESH_MS: u64 = 60_000;
/// Revisions that are served: those before had batches of requests, or tools without hints.
const REVISIONS: [ProtocolVersion; 4] = [
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// What answers one request.
pub(crate) struct Server {
    pub(crate) services: Services,
    pub(crate) profile: Profile,
    pub(crate) kept: Kept,
}

impl Server {
    pub(crate) fn new(services: Services, profile: Profile, kept: Kept) -> Self {
        Self { services, profile, kept }
    }

    async fn shown(&self, context: &RequestContext<RoleServer>) -> Result<std::sync::Arc<Shown>, ErrorData> {
        let asking = asking(context)?;
        self.kept.of(&self.services, &asking.caller, self.profile).await.map_err(|problem| failed(&problem))
    }
}

/// Who asks, as the gate found it.
pub(crate) fn asking(context: &RequestContext<RoleServer>) -> Result<&Asking, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let asking = parts.and_then(|parts| parts.extensions.get::<Asking>());
    asking.ok_or_else(|| ErrorData::internal_error("The request came past the gate.", None))
}

pub(crate) fn failed(problem: &Problem) -> ErrorData {
    ErrorData::internal_error(problem.message.clone(), None)
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        let implementation = Implementation::new("kontor", env!("CARGO_PKG_VERSION")).with_title("Kontor");
        ServerConfig::new(capabilities).with_server_info(implementation)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(&REVISIONS)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let shown = self.shown(&context).await?;
        Ok(self.negotiate_initialize(&request)?.with_instructions(shown.instructions.clone()))
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let shown = self.shown(&context).await?;
        let info = self.get_info().with_instructions(shown.instructions.clone());
        let found = DiscoverResult::from_server_info(REVISIONS.to_vec(), info);
        Ok(found.with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let shown = self.shown(&context).await?;
        // The name of the last tool of the page before, so that a list that changed meanwhile goes on where it was.
        let after = request.and_then(|request| request.cursor).filter(|cursor| !cursor.is_empty());
        if after.as_ref().is_some_and(|after| after.len() > 200) {
            return Err(ErrorData::invalid_params("The cursor is none that was given.", None));
        }
        let mut following =
            shown.tools.iter().filter(|tool| after.as_ref().is_none_or(|after| *tool.name > **after));
        let tools: Vec<_> = following.by_ref().take(PAGE).cloned().collect();
        let next = following.next().and(tools.last()).map(|last| last.name.to_string());
        let mut result = ListToolsResult::with_all_items(tools).with_ttl_ms(FRESH_MS);
        result.cache_scope = Some(CacheScope::Private);
        result.next_cursor = next;
        Ok(result)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.objects(asking(&context)?).await.map_err(|problem| failed(&problem))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(Self::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(self.resource(asking(&context)?, &request.uri).await?.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.prompts(asking(&context)?).await.map_err(|problem| failed(&problem))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(self.prompt(asking(&context)?, &request.name).await?.into())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let asking = asking(&context)?;
        let is_stateless = context
            .protocol_version()
            .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
        let elicits = context
            .client_capabilities()
            .and_then(|capabilities| capabilities.elicitation)
            .is_some_and(|elicitation| elicitation.url.is_some());
        // Shown once: whoever comes back with an answer to it is told how the approval stands.
        let can_show = is_stateless && elicits && request.input_responses.is_none();
        self.call(asking, &request.name, request.arguments.unwrap_or_default(), can_show).await
    }
}
