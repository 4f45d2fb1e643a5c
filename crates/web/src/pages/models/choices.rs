//! Which models the workspace's agents use, as a form of the page of models.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_http::Services;
use kontor_models::ModelSettings;

use super::{HREF, page::models_page};
use crate::{
    error::{Result, page, refused},
    form::{Fields, Wrong},
    session::Sent,
};

/// Fallbacks that the form has room for.
const ROWS: usize = 5;
const PLACES: [&str; ROWS] = ["First", "Second", "Third", "Fourth", "Fifth"];

/// The form with what is set, or with what was sent and is wrong.
pub(super) struct ChoicesForm {
    pub(super) fast: String,
    pub(super) smart: String,
    fallbacks: Vec<String>,
    pub(super) wrong: Wrong,
}

/// One of the models that are asked one after the other.
pub(super) struct FallbackRow<'f> {
    pub(super) label: &'static str,
    pub(super) model: &'f str,
    pub(super) input: String,
}

impl ChoicesForm {
    pub(super) fn of(settings: ModelSettings) -> Self {
        Self {
            fast: settings.fast.unwrap_or_default(),
            smart: settings.smart.unwrap_or_default(),
            fallbacks: settings.fallbacks,
            wrong: Wrong::default(),
        }
    }

    fn sent(fields: &Fields) -> Self {
        let fallbacks = fields.all("fallback").map(str::trim).filter(|model| !model.is_empty());
        Self {
            fast: fields.get("fast").to_owned(),
            smart: fields.get("smart").to_owned(),
            fallbacks: fallbacks.map(str::to_owned).collect(),
            wrong: Wrong::default(),
        }
    }

    fn settings(&self) -> ModelSettings {
        let model = |model: &String| Some(model.clone()).filter(|model| !model.is_empty());
        ModelSettings {
            fast: model(&self.fast),
            smart: model(&self.smart),
            fallbacks: self.fallbacks.clone(),
        }
    }

    /// All rows, those that are empty last.
    pub(super) fn rows(&self) -> impl Iterator<Item = FallbackRow<'_>> {
        let models = self.fallbacks.iter().map(String::as_str).chain(std::iter::repeat(""));
        let rows = PLACES.into_iter().zip(models).enumerate();
        rows.map(|(position, (label, model))| FallbackRow { label, model, input: input_of(position) })
    }
}

fn input_of(position: usize) -> String {
    format!("fallback-{position}")
}

pub(crate) async fn choose(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let form = ChoicesForm::sent(&sent.fields);
    let Err(error) = state.agents.set_model_settings(&sent.caller, form.settings()).await else {
        return Ok(Redirect::to(&format!("{HREF}?done=chosen")).into_response());
    };
    let (status, problem) = refused(error)?;
    let wrong = Wrong::of_problem(&problem, |path| {
        let position = path.strip_prefix("fallbacks[").and_then(|rest| rest.strip_suffix(']')?.parse().ok());
        position.map_or_else(|| path.to_owned(), input_of)
    });
    let mut shown = models_page(&state, &sent.caller, &sent.csrf).await?;
    shown.choices = ChoicesForm { wrong, ..form };
    Ok((status, page(&shown)?).into_response())
}
