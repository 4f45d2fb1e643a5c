//! The page of models: the workspace's own providers, the installation's, and the models that they have.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, Redirect},
};
use kontor_agents::{ModelProvider, ProviderTest, WindowWarning};
use kontor_core::{caller::Caller, reading::readable};
use kontor_http::Services;
use kontor_identity::Csrf;
use kontor_models::{ModelInfo, Rate};

use super::{HREF, choices::ChoicesForm};
use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::with_query,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, instant},
};

#[derive(Template)]
#[template(path = "models.html")]
pub(super) struct ModelsPage {
    assets: &'static str,
    shell: Shell,
    notice: &'static str,
    own: Vec<ProviderView>,
    /// Names and kinds of the installation's.
    installed: Vec<(String, &'static str)>,
    models: Vec<ModelView>,
    /// Which agents run with a model whose window is too small for them.
    warnings: Vec<String>,
    /// The id of the default model.
    default: String,
    pub(super) choices: ChoicesForm,
}

impl ModelsPage {
    /// What is told of models in numbers.
    fn heads(&self) -> [&'static str; 5] {
        ["Window", "Answer", "Input", "Cached", "Output"]
    }
}

/// A provider of the workspace's own.
struct ProviderView {
    name: String,
    kind: &'static str,
    address: String,
    key: String,
    by: String,
    when: Shown,
    test: Option<ProviderTest>,
}

struct ModelView {
    id: String,
    /// Where the workspace says what it knows of it otherwise; of the built-in commands nothing can be known.
    href: Option<String>,
    is_default: bool,
    is_overridden: bool,
    /// Whose provider it is.
    from: &'static str,
    tools: bool,
    thinking: bool,
    /// Its window and its longest answer in tokens; input, input from the cache and output in dollars for a million of
    /// them.
    numbers: [Shown; 5],
    /// How many agents its window is too small for.
    too_small_for: usize,
    long: Option<LongView>,
}

/// What a long prompt costs instead: input, input from the cache and output.
struct LongView {
    over: String,
    prices: [String; 3],
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let notice = match query.get("done") {
        "saved" => "Saved. Test it to see whether it answers.",
        "chosen" => "Saved.",
        "removed" => "The provider and its key are removed.",
        _ => "",
    };
    page(&ModelsPage { notice, ..models_page(&state, &caller, &csrf).await? })
}

pub(crate) async fn test(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Html<String>> {
    let test = state.agents.test_model_provider(&sent.caller, &name).await?;
    let mut shown = models_page(&state, &sent.caller, &sent.csrf).await?;
    for provider in shown.own.iter_mut().filter(|provider| provider.name == name) {
        provider.test = Some(test.clone());
    }
    page(&shown)
}

pub(crate) async fn remove(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.agents.remove_model_provider(&sent.caller, &name).await?;
    Ok(Redirect::to(&format!("{HREF}?done=removed")))
}

pub(super) async fn models_page(state: &Services, caller: &Caller, csrf: &Csrf) -> Result<ModelsPage> {
    let own = state.agents.model_providers(caller).await?;
    let installed = state.agents.installed_model_providers(caller).await?;
    let models = state.agents.models(caller).await?;
    let warnings = state.agents.window_warnings(caller).await?;
    let too_small_for = |id: &str| warnings.iter().filter(|warning| warning.model == id).count();
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    let from = |model: &ModelInfo| {
        if own.iter().any(|provider| provider.name == model.provider) {
            "The workspace"
        } else if installed.iter().any(|(name, _)| *name == model.provider) {
            "The operator"
        } else {
            "Built in"
        }
    };
    Ok(ModelsPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Models", "settings/models").await?,
        notice: "",
        warnings: warnings.iter().filter(|warning| warning.is_in_use).map(WindowWarning::words).collect(),
        default: models
            .iter()
            .find(|model| model.is_default)
            .map(|model| model.id.clone())
            .unwrap_or_default(),
        choices: ChoicesForm::of(state.agents.model_settings(caller).await?),
        models: models
            .iter()
            .map(|model| ModelView::of(model, from(model), too_small_for(&model.id)))
            .collect(),
        own: own.into_iter().map(|provider| ProviderView::of(provider, clock)).collect(),
        installed: installed.into_iter().map(|(name, kind)| (name, kind.label())).collect(),
    })
}

impl ProviderView {
    fn of(provider: ModelProvider, clock: Clock) -> Self {
        let ModelProvider { name, kind, base_url, has_key, key_ending, set_by, set_at, .. } = provider;
        Self {
            name,
            kind: kind.label(),
            address: base_url.unwrap_or_else(|| kind.base_url().unwrap_or_default().to_owned()),
            key: match key_ending {
                Some(ending) => format!("Key ends in {ending}"),
                None if has_key => "Has a key".to_owned(),
                None => "No key".to_owned(),
            },
            by: set_by.to_string(),
            when: instant(set_at, clock),
            test: None,
        }
    }
}

impl ModelView {
    fn of(model: &ModelInfo, from: &'static str, too_small_for: usize) -> Self {
        let can = model.capabilities;
        let tokens = |count: Option<u32>| {
            count.map_or(Shown::Empty, |count| Shown::Number(readable(&count.to_string())))
        };
        let price = model.pricing.map(|pricing| pricing.price);
        let rate = |rate: Option<Rate>| rate.map_or(Shown::Empty, |rate| Shown::Number(dollars(rate)));
        Self {
            id: model.id.clone(),
            href: (model.provider != model.id)
                .then(|| with_query(&format!("{HREF}/facts"), [("model", model.id.as_str())])),
            is_default: model.is_default,
            is_overridden: model.is_overridden,
            from,
            tools: can.tools,
            thinking: can.thinking,
            too_small_for,
            numbers: [
                tokens(can.context_window),
                tokens(can.max_output_tokens),
                rate(price.map(|price| price.input)),
                rate(price.map(|price| price.cached_input.unwrap_or(price.input))),
                rate(price.map(|price| price.output)),
            ],
            long: model.pricing.and_then(|pricing| pricing.long_prompt).map(|long| LongView {
                over: readable(&long.over.to_string()),
                prices: [long.input, long.cached_input.unwrap_or(long.input), long.output].map(dollars),
            }),
        }
    }
}

/// A price in dollars, to the cent or as exactly as it is.
pub(super) fn dollars(Rate(micros): Rate) -> String {
    let (whole, rest) = (readable(&(micros / 1_000_000).to_string()), format!("{:06}", micros % 1_000_000));
    let exact = rest.trim_end_matches('0');
    format!("{whole}.{exact:0<2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_has_its_cents_and_no_more_than_it_has() {
        let told = [0, 3_000_000, 500_000, 75_000, 1_234, 12_345_000_000].map(|micros| dollars(Rate(micros)));
        assert_eq!(told, ["0.00", "3.00", "0.50", "0.075", "0.001234", "12,345.00"]);
    }
}
