//! What is known of well-known models: `config/models.toml`, built into the program.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::providers::ProviderKind;

const TABLE: &str = include_str!("../../../config/models.toml");

/// What a model can do and costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Facts {
    /// Tokens of input and output together.
    pub(crate) context_window: Option<u32>,
    pub(crate) max_output_tokens: Option<u32>,
    /// Whether it can call tools, and several in one step.
    pub(crate) tools: Option<bool>,
    pub(crate) parallel_tool_calls: Option<bool>,
    pub(crate) thinking: bool,
    pub(crate) price: Option<Price>,
    pub(crate) long_prompt: Option<LongPrompt>,
}

/// What a model's tokens cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pricing {
    pub price: Price,
    /// In its place, where the prompt is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_prompt: Option<LongPrompt>,
}

/// What tokens cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: Rate,
    /// Of input that the provider reads from its cache; without it, that of other input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Rate>,
    /// Of input that the provider writes to its cache; without it, that of other input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Rate>,
    pub output: Rate,
}

/// What tokens cost in a request with a long prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LongPrompt {
    /// A prompt of more tokens than this is long.
    pub over: u64,
    pub input: Rate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Rate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Rate>,
    pub output: Rate,
}

/// A price, kept in millionths of a US dollar for a million tokens; written in dollars for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

/// No model costs more than this, in dollars for a million tokens: whoever writes more has mistaken the unit.
const HIGHEST: f64 = 10_000.0;

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Below 2^53, so that nothing is lost.
        serializer.serialize_f64(self.0 as f64 / 1e6)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if !(0.0..=HIGHEST).contains(&dollars) {
            return Err(D::Error::custom("a price is in US dollars for a million tokens, from 0 to 10,000"));
        }
        Ok(Self((dollars * 1e6).round() as u64))
    }
}

impl schemars::JsonSchema for Rate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number", "minimum": 0, "description": "US dollars for a million tokens."
        })
    }
}

type Table = BTreeMap<ProviderKind, BTreeMap<String, Facts>>;

static KNOWN: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(TABLE).unwrap_or_else(|error| {
        // A test holds that it can be read.
        tracing::error!(%error, "the table of models cannot be read");
        Table::new()
    })
});

impl Facts {
    /// What is known of a model of a provider of this kind; nothing of one that is not in the table.
    pub(crate) fn of(kind: ProviderKind, model: &str) -> Self {
        let Some(models) = KNOWN.get(&kind) else { return Self::default() };
        models.get(model).or_else(|| models.get(undated(model))).copied().unwrap_or_default()
    }
}

/// The models of a kind of provider that are known, by name.
pub(crate) fn names(kind: ProviderKind) -> impl Iterator<Item = &'static str> {
    KNOWN.get(&kind).into_iter().flat_map(|models| models.keys().map(String::as_str))
}

/// A name without the day or the word that tells a version of the same model: `-20251001`, `-2026-04-23`, `-latest`.
fn undated(name: &str) -> &str {
    let name = name.strip_prefix("models/").unwrap_or(name);
    let is_digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = name.strip_suffix("-latest") {
        return rest;
    }
    if let Some((rest, day)) = name.rsplit_once('-') {
        if is_digits(day, 8) {
            return rest;
        }
        let month = rest.rsplit_once('-').filter(|(_, month)| is_digits(day, 2) && is_digits(month, 2));
        let year = month.and_then(|(rest, _)| rest.rsplit_once('-')).filter(|(_, year)| is_digits(year, 4));
        if let Some((rest, _)) = year {
            return rest;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_what_it_says_is_possible() {
        let table: Table = toml::from_str(TABLE).unwrap();
        for kind in ["openai", "anthropic", "gemini", "mistral", "deepseek", "groq", "xai", "openrouter"] {
            let kind = serde_json::from_value(kind.into()).unwrap();
            assert!(table.get(&kind).is_some_and(|models| !models.is_empty()), "{kind:?}");
        }
        for (name, facts) in table.values().flatten() {
            if let (Some(window), Some(output)) = (facts.context_window, facts.max_output_tokens) {
                assert!(output <= window && window >= 4_096, "{name}");
            }
            let Some(price) = facts.price else { continue };
            assert!(price.input <= price.output && price.input > Rate(0), "{name}");
            assert!(price.cached_input.is_none_or(|cached| cached <= price.input), "{name}");
            assert!(price.cache_write.is_none_or(|write| write >= price.input), "{name}");
            if let Some(long) = facts.long_prompt {
                assert!(long.input >= price.input && long.output >= price.output, "{name}");
                assert!(facts.context_window.is_none_or(|window| long.over < window.into()), "{name}");
            }
        }
    }

    #[test]
    fn every_entry_stands_below_a_word_on_where_it_comes_from() {
        let mut has_source = false;
        for line in TABLE.lines() {
            has_source |= line.starts_with("# ") && (line.contains("http") || line.contains("as "));
            assert!(has_source || !line.starts_with('['), "{line}");
        }
    }

    #[test]
    fn a_dated_version_is_the_model_that_its_name_begins_with() {
        for (dated, name) in [
            ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
            ("gpt-5.5-2026-04-23", "gpt-5.5"),
            ("mistral-medium-latest", "mistral-medium"),
            ("models/gemini-2.5-pro", "gemini-2.5-pro"),
            ("gpt-5.4-mini", "gpt-5.4-mini"),
        ] {
            assert_eq!(undated(dated), name);
        }
        let haiku = Facts::of(ProviderKind::Anthropic, "claude-haiku-4-5-20251001");
        assert_eq!((haiku.context_window, haiku.price.unwrap().input), (Some(200_000), Rate(1_000_000)));
        assert_eq!(Facts::of(ProviderKind::Vllm, "claude-haiku-4-5"), Facts::default());
    }

    #[test]
    fn a_price_is_written_in_dollars_for_a_million_tokens() {
        let price: Price = serde_json::from_str(r#"{"input": 0.003, "output": 15}"#).unwrap();
        assert_eq!((price.input, price.output), (Rate(3_000), Rate(15_000_000)));
        assert_eq!(serde_json::to_string(&price).unwrap(), r#"{"input":0.003,"output":15.0}"#);
        assert!(serde_json::from_str::<Rate>("0.00001e12").is_err());
    }
}
