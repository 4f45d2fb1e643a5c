use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Name;
use crate::value::scaled_to_json;

/// What a field holds. The text form of a kind is the `kind` of the metadata API, its parameters the
/// `settings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "settings", rename_all = "snake_case")]
pub enum FieldKind {
    /// A record's own id.
    Id,
    Text {
        #[serde(default)]
        format: TextFormat,
    },
    /// An exact decimal, stored as an integer scaled by ten to the power of `decimals` (0 to 6).
    Number {
        #[serde(default)]
        decimals: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    Boolean,
    Date,
    DateTime,
    /// One of a list of options; sorted in the order of the list.
    Select {
        options: Vec<SelectOption>,
    },
    /// An amount in millionths of a currency unit, with its ISO 4217 code.
    Currency,
    FullName,
    /// A primary address and others.
    Emails,
    Phones,
    SocialLinks,
    Address,
    /// Who did it.
    Actor,
    /// One record of another object.
    Relation {
        object: Name,
    },
    /// One record of one of several objects, reached by the relation fields of the same names, with the
    /// record's name kept beside its id.
    Target {
        objects: Vec<Name>,
    },
    /// Where a record stands in a list that people order by hand.
    Position,
    Json,
}

impl FieldKind {
    /// Whether a value points to a record.
    pub fn points(&self) -> bool {
        matches!(self, Self::Relation { .. } | Self::Target { .. })
    }

    /// The kind's name as the metadata API spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text { .. } => "text",
            Self::Number { .. } => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "date_time",
            Self::Select { .. } => "select",
            Self::Currency => "currency",
            Self::FullName => "full_name",
            Self::Emails => "emails",
            Self::Phones => "phones",
            Self::SocialLinks => "social_links",
            Self::Address => "address",
            Self::Actor => "actor",
            Self::Relation { .. } => "relation",
            Self::Target { .. } => "target",
            Self::Position => "position",
            Self::Json => "json",
        }
    }

    /// The kind's parameters as the metadata API spells them: bounds as the numbers they bound, though they are
    /// kept scaled.
    pub fn settings(&self) -> Json {
        let mut settings = match serde_json::to_value(self) {
            Ok(Json::Object(mut kind)) => kind.remove("settings").unwrap_or_else(|| json!({})),
            _ => json!({}),
        };
        if let Self::Number { decimals, min, max } = self {
            for (name, bound) in [("min", min), ("max", max)] {
                if let Some(bound) = bound {
                    settings[name] = scaled_to_json(*bound, *decimals);
                }
            }
        }
        settings
    }

    /// The parts of a composite kind, as a filter or a sort names them after a dot, the part that stands
    /// for the whole first; empty for kinds of one part.
    pub fn parts(&self) -> &'static [&'static str] {
        match self {
            Self::Currency => &["amount", "currency"],
            Self::FullName => &["full", "first", "last"],
            Self::Emails | Self::Phones => &["primary"],
            Self::SocialLinks => &["linkedin", "x", "facebook", "instagram", "website"],
            Self::Address => &["city", "street", "state", "postal_code", "country"],
            Self::Actor => &["name", "kind", "id", "member"],
            Self::Target { .. } => &["id", "object", "name"],
            _ => &[],
        }
    }

    /// The options of a select field.
    pub fn options(&self) -> &[SelectOption] {
        match self {
            Self::Select { options } => options,
            _ => &[],
        }
    }
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// One line; compared and sorted without regard to case and accents.
    #[default]
    Line,
    /// Several lines, in Markdown; found by search, not compared or sorted.
    Markdown,
    /// A domain name, kept in lower case without scheme, path or leading `www.`.
    Domain,
}

/// One choice of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectOption {
    pub value: String,
    pub label: String,
    pub color: String,
    /// What it means for a pipeline to stand here; absent where the field is no pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The chance of winning that a deal entering this stage is given, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<u8>,
}

/// The meaning of a pipeline stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Open,
    Won,
    Lost,
}

impl Outcome {
    pub fn is_closed(self) -> bool {
        self != Self::Open
    }

    /// The chance of winning in percent, where nothing is left to chance.
    pub fn certain_probability(self) -> Option<u8> {
        match self {
            Self::Open => None,
            Self::Won => Some(100),
            Self::Lost => Some(0),
        }
    }
}
