//! What the workspace knows of a model otherwise than it is known: its window, its longest answer and its prices.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    reading::{readable, whole_number},
};
use kontor_http::Services;
use kontor_identity::Csrf;
use kontor_models::{LongPrompt, ModelOverride, Price, Rate};
use serde_json::json;

use super::{HREF, page::dollars};
use crate::{
    assets,
    error::{PageError, Result, page, refused},
    form::{Fields, Wrong},
    session::{Sent, SignedIn},
    shell::Shell,
    show::as_sentence,
};

/// The inputs, by name: tokens, what tokens cost, and what they cost where the prompt is long.
const TOKENS: [(&str, &str); 2] =
    [("context_window", "Context window"), ("max_output_tokens", "Longest answer")];
const PRICES: [(&str, &str); 4] = [
    ("input", "Input"),
    ("cached_input", "Input read from the cache"),
    ("cache_write", "Input written to the cache"),
    ("output", "Output"),
];
const LONG: [(&str, &str); 5] = [
    ("long_over", "Prompts of more tokens than"),
    ("long_input", "Input"),
    ("long_cached_input", "Input read from the cache"),
    ("long_cache_write", "Input written to the cache"),
    ("long_output", "Output"),
];

#[derive(Template)]
#[template(path = "model_facts.html")]
struct FactsPage {
    assets: &'static str,
    shell: Shell,
    model: String,
    /// Whether the workspace has set anything of it.
    is_set: bool,
    tokens: Vec<FactInput>,
    prices: Vec<FactInput>,
    long: Vec<FactInput>,
    wrong: Wrong,
}

struct FactInput {
    name: &'static str,
    label: &'static str,
    value: String,
    /// What holds where nothing is set.
    known: String,
}

impl FactsPage {
    /// Whether anything is known or written of long prompts.
    fn has_long(&self) -> bool {
        self.long.iter().any(|input| !input.value.is_empty() || !input.known.is_empty())
    }
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    page(&facts_page(&state, &caller, &csrf, query.get("model"), None).await?)
}

pub(crate) async fn change(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let model = sent.fields.get("model");
    let (status, wrong) = match read(&sent.fields) {
        Ok(known) => match state.agents.override_model(&sent.caller, model, known).await {
            Ok(_) => return Ok(Redirect::to(&format!("{HREF}?done=chosen")).into_response()),
            Err(error) => {
                let (status, problem) = refused(error)?;
                let wrong = Wrong::of_problem(&problem, |path| match path {
                    "price" => "input".to_owned(),
                    // It has no input here.
                    "model" => String::new(),
                    other => other.to_owned(),
                });
                (status, wrong)
            }
        },
        Err(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, wrong),
    };
    let shown = facts_page(&state, &sent.caller, &sent.csrf, model, Some(&sent.fields)).await?;
    Ok((status, page(&FactsPage { wrong, ..shown })?).into_response())
}

pub(crate) async fn forget(State(state): State<Services>, sent: Sent) -> Result<Redirect> {
    state.agents.forget_model_override(&sent.caller, sent.fields.get("model")).await?;
    Ok(Redirect::to(&format!("{HREF}?done=chosen")))
}

/// The form with what is set, or with what was sent.
async fn facts_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    model: &str,
    sent: Option<&Fields>,
) -> Result<FactsPage> {
    let set = state.agents.model_overrides(caller).await?;
    let set = set.into_iter().find(|overridden| overridden.model == model).map(|overridden| overridden.set);
    let all = state.agents.models(caller).await?;
    let Some(info) = all.into_iter().find(|info| info.id == model) else {
        let message = "There is no such model.";
        return Err(PageError::Problem(Problem::new(ErrorKind::NotFound, "model_not_found", message)));
    };
    let effective = ModelOverride {
        context_window: info.capabilities.context_window,
        max_output_tokens: info.capabilities.max_output_tokens,
        price: info.pricing.map(|pricing| pricing.price),
        long_prompt: info.pricing.and_then(|pricing| pricing.long_prompt),
    };
    let (values, known) = (written(&set.unwrap_or_default()), written(&effective));
    let inputs = |labels: &[(&'static str, &'static str)]| -> Vec<FactInput> {
        let input = |&(name, label): &(&'static str, &'static str)| FactInput {
            name,
            label,
            value: sent.unwrap_or(&values).get(name).to_owned(),
            known: known.get(name).to_owned(),
        };
        labels.iter().map(input).collect()
    };
    let schema = state.crm.schema(caller.workspace).await?;
    Ok(FactsPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, model, "settings/models").await?,
        model: model.to_owned(),
        is_set: set.is_some(),
        tokens: inputs(&TOKENS),
        prices: inputs(&PRICES),
        long: inputs(&LONG),
        wrong: Wrong::default(),
    })
}

/// What is known, as the form writes it.
fn written(known: &ModelOverride) -> Fields {
    let mut fields = Fields::default();
    let mut write = |name: &str, value: Option<String>| fields.set(name, value.unwrap_or_default());
    let tokens = |count: Option<u32>| count.map(|count| readable(&count.to_string()));
    // Without marks of thousands, which are not taken back.
    let dollars = |rate: Rate| dollars(rate).replace(',', "");
    write("context_window", tokens(known.context_window));
    write("max_output_tokens", tokens(known.max_output_tokens));
    if let Some(price) = known.price {
        write("input", Some(dollars(price.input)));
        write("cached_input", price.cached_input.map(dollars));
        write("cache_write", price.cache_write.map(dollars));
        write("output", Some(dollars(price.output)));
    }
    if let Some(long) = known.long_prompt {
        write("long_over", Some(readable(&long.over.to_string())));
        write("long_input", Some(dollars(long.input)));
        write("long_cached_input", long.cached_input.map(dollars));
        write("long_cache_write", long.cache_write.map(dollars));
        write("long_output", Some(dollars(long.output)));
    }
    fields
}

/// What was written, or all that is wrong with it.
fn read(fields: &Fields) -> Result<ModelOverride, Wrong> {
    let mut reader = Reader { fields, wrong: Vec::new() };
    let known = ModelOverride {
        context_window: reader.tokens("context_window"),
        max_output_tokens: reader.tokens("max_output_tokens"),
        price: reader.any_of(&PRICES).then(|| Price {
            input: reader.needed("input"),
            cached_input: reader.rate("cached_input"),
            cache_write: reader.rate("cache_write"),
            output: reader.needed("output"),
        }),
        long_prompt: reader.any_of(&LONG).then(|| LongPrompt {
            over: reader.over(),
            input: reader.needed("long_input"),
            cached_input: reader.rate("long_cached_input"),
            cache_write: reader.rate("long_cache_write"),
            output: reader.needed("long_output"),
        }),
    };
    if reader.wrong.is_empty() { Ok(known) } else { Err(Wrong::list(reader.wrong)) }
}

struct Reader<'f> {
    fields: &'f Fields,
    wrong: Vec<(&'static str, String)>,
}

impl Reader<'_> {
    fn any_of(&self, inputs: &[(&str, &str)]) -> bool {
        inputs.iter().any(|(name, _)| !self.fields.get(name).is_empty())
    }

    fn refuse(&mut self, input: &'static str, message: &str) {
        self.wrong.push((input, as_sentence(message)));
    }

    fn tokens(&mut self, input: &'static str) -> Option<u32> {
        let text = self.fields.get(input);
        if text.is_empty() {
            return None;
        }
        let count = whole_number(text).ok().and_then(|number| u32::try_from(number.as_integer()?).ok());
        if count.is_none() {
            self.refuse(input, "expected a number of tokens such as 128,000 or 128k");
        }
        count
    }

    fn over(&mut self) -> u64 {
        let over = self.tokens("long_over");
        if over.is_none() && self.fields.get("long_over").is_empty() {
            self.refuse("long_over", "expected the number of tokens above which a prompt is long");
        }
        over.unwrap_or_default().into()
    }

    /// A price as it is written without regard to place: where a comma stands for a point it would be a hundred times
    /// too much.
    fn rate(&mut self, input: &'static str) -> Option<Rate> {
        let text = self.fields.get(input);
        if text.is_empty() {
            return None;
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = text.parse::<f64>().ok().filter(|_| is_plain);
        let rate = number.and_then(|number| serde_json::from_value(json!(number)).ok());
        if rate.is_none() {
            self.refuse(input, "expected US dollars for a million tokens, such as 0.75");
        }
        rate
    }

    fn needed(&mut self, input: &'static str) -> Rate {
        if self.fields.get(input).is_empty() {
            self.refuse(input, "expected this price beside the others");
        }
        self.rate(input).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_back_as_it_was_written() {
        let known: ModelOverride = serde_json::from_value(json!({
            "context_window": 131_072, "max_output_tokens": 8_192,
            "price": {"input": 0.075, "cached_input": 0.01, "output": 9_000.5},
            "long_prompt": {"over": 200_000, "input": 2, "output": 22.5},
        }))
        .unwrap();
        assert_eq!(read(&written(&known)).unwrap(), known);
    }

    #[test]
    fn a_price_that_could_be_another_is_refused_at_its_input() {
        for wrong in ["0,80", "-1", "1e3", "$1", "10001", "."] {
            let fields = Fields::parse(format!("input={wrong}&output=1").as_bytes());
            let refused = read(&fields).unwrap_err();
            assert!(refused.at("input").is_some_and(|message| message.contains("0.75")), "{wrong}");
        }
        let alone = read(&Fields::parse(b"cached_input=1&long_input=3")).unwrap_err();
        for input in ["input", "output", "long_over", "long_output"] {
            assert!(alone.at(input).is_some(), "{input}");
        }
    }
}
