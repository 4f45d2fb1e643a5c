//! The models that agents may be given, and the workspace's own providers of them.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with, put_with},
};
use axum::{Json, extract::State, http::StatusCode};
use kontor_agents::{ModelProvider, NewModelProvider, OverriddenModel, ProviderTest, WindowWarning};
use kontor_http::Services;
use kontor_models::{ModelInfo, ModelOverride, ModelSettings};
use serde::Serialize;

use crate::{
    extract::{self, Acting, ChangesSettings, Holds, NoParameters, Parameter, Parameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

/// Ids have slashes in them, so that they stand in no path.
const OF_MODEL: [Parameter; 1] =
    [Parameter::new("model", Holds::Text, "The id of a model, such as `openai/gpt-5.5`.").required()];

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed =
        get_with(list, |op| op.is("list_models", "The models that agents may be given").tag("Agents"));
    let providers = get_with(providers, |op| {
        op.is("list_model_providers", "The workspace's own providers of models").tag("Agents")
    });
    let provider = put_with(set, |op| {
        op.is("set_model_provider", "Adds a provider, or changes the one of this name").tag("Agents")
    })
    .delete_with(remove, |op| {
        op.is("remove_model_provider", "Removes a provider and its key").tag("Agents").answers::<204, ()>()
    });
    let test = post_with(test, |op| {
        op.is("test_model_provider", "Whether a provider can be reached and takes its key").tag("Agents")
    });
    let settings = get_with(settings, |op| {
        op.is("get_model_settings", "Which models the workspace's agents use").tag("Agents")
    })
    .put_with(set_settings, |op| {
        op.is("set_model_settings", "Sets which models the workspace's agents use, all of it anew")
            .tag("Agents")
    });
    let overrides = get_with(overrides, |op| {
        op.is("list_model_overrides", "What the workspace knows otherwise of models").tag("Agents")
    })
    .put_with(set_override, |op| {
        op.is("set_model_override", "Sets what the workspace knows otherwise of a model, all of it anew")
            .tag("Agents")
            .queries(&OF_MODEL)
    })
    .delete_with(forget_override, |op| {
        op.is("forget_model_override", "Has the workspace know what is known of a model otherwise")
            .tag("Agents")
            .queries(&OF_MODEL)
            .answers::<204, ()>()
    });
    ApiRouter::new()
        .api_route("/models", listed)
        .api_route("/models/settings", settings)
        .api_route("/models/overrides", overrides)
        .api_route("/models/providers", providers)
        .api_route("/models/providers/{name}", provider)
        .api_route("/models/providers/{name}/test", test)
}

/// A model, and the agents that cannot hold a conversation within its context window.
#[derive(Serialize, schemars::JsonSchema)]
struct ListedModel {
    #[serde(flatten)]
    model: ModelInfo,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    too_small_for: Vec<WindowWarning>,
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Json<Whole<ListedModel>>> {
    let models = state.agents.models(&caller).await?;
    let mut warnings = state.agents.window_warnings(&caller).await?;
    let listed = models.into_iter().map(|model| {
        let is_of_it = |warning: &mut WindowWarning| warning.model == model.id;
        let too_small_for = warnings.extract_if(.., is_of_it).collect();
        ListedModel { model, too_small_for }
    });
    Ok(page::whole(listed.collect()))
}

async fn providers(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Json<Whole<ModelProvider>>> {
    Ok(page::whole(state.agents.model_providers(&caller).await?))
}

async fn set(
    State(state): State<Services>,
    ChangesSettings(caller): ChangesSettings,
    _: NoParameters,
    Segments(name): Segments<String>,
    extract::Json(new): extract::Json<NewModelProvider>,
) -> Result<Json<ModelProvider>> {
    Ok(Json(state.agents.set_model_provider(&caller, &name, new).await?))
}

async fn remove(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<StatusCode> {
    state.agents.remove_model_provider(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn test(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Json<ProviderTest>> {
    Ok(Json(state.agents.test_model_provider(&caller, &name).await?))
}

async fn settings(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Json<ModelSettings>> {
    Ok(Json(state.agents.model_settings(&caller).await?))
}

async fn set_settings(
    State(state): State<Services>,
    ChangesSettings(caller): ChangesSettings,
    _: NoParameters,
    extract::Json(settings): extract::Json<ModelSettings>,
) -> Result<Json<ModelSettings>> {
    Ok(Json(state.agents.set_model_settings(&caller, settings).await?))
}

async fn overrides(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Json<Whole<OverriddenModel>>> {
    Ok(page::whole(state.agents.model_overrides(&caller).await?))
}

async fn set_override(
    State(state): State<Services>,
    ChangesSettings(caller): ChangesSettings,
    parameters: Parameters,
    extract::Json(known): extract::Json<ModelOverride>,
) -> Result<Json<ModelInfo>> {
    Ok(Json(state.agents.override_model(&caller, &model(parameters)?, known).await?))
}

async fn forget_override(
    State(state): State<Services>,
    Acting(caller): Acting,
    parameters: Parameters,
) -> Result<StatusCode> {
    state.agents.forget_model_override(&caller, &model(parameters)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn model(parameters: Parameters) -> Result<String> {
    let named = parameters.knowing(&OF_MODEL)?.owned("model");
    named.ok_or_else(|| ApiError::issue("model", "required", "The id of a model is expected here."))
}
