//! The kinds of fields: what a field holds, and all that follows from it alone.
//!
//! Each kind is one file, which holds its settings, its value, its columns and cells, how it is read and written as
//! JSON, what filters and orders compare, and how a person reads it. [`Kind`] is the list of these questions, and
//! [`FieldKind`] asks the file of the kind that it is: `each!` is the only match over all kinds here. What other
//! crates make of a kind stands in a table of theirs (`crm/src/kinds`, `web/src/kinds`).

mod actor;
mod address;
mod boolean;
mod cells;
mod currency;
mod date;
mod date_time;
mod emails;
mod full_name;
mod host;
mod id;
mod input;
mod json;
mod number;
mod phones;
mod position;
mod relation;
mod select;
mod social_links;
mod target;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value as Json, json};

use self::cells::Cells;
pub use self::{
    actor::PRINCIPAL,
    address::Address,
    currency::Money,
    emails::Emails,
    full_name::FullName,
    input::{MAX_ADDITIONAL, MAX_LINE, MAX_MARKDOWN},
    phones::Phones,
    select::{Outcome, SelectOption},
    social_links::SocialLinks,
    target::TargetReference,
    text::TextFormat,
};
pub(crate) use self::{
    date::parse_date,
    date_time::parse_instant,
    input::{Given, Issues, readable_limit},
    number::parse_number,
};
use crate::{
    filter::{PartType, Scalar},
    metadata::{Column, Field, Name},
    text::words,
    value::Value,
};

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

/// All that is known of a kind, which its file answers. A question that has an answer already is one that most kinds
/// answer so.
pub(crate) trait Kind {
    /// What a value of the kind holds.
    type Held: ?Sized;

    /// As the metadata API spells it.
    fn name(&self) -> &'static str;

    /// See [`FieldKind::settings`].
    fn settings(&self) -> Json {
        json!({})
    }

    /// See [`FieldKind::parts`].
    fn parts(&self) -> &'static [&'static str];

    /// What a part leads to.
    fn part_type(&self, part: &str) -> PartType;

    /// The columns, in a fixed order; folded ones last.
    fn columns(&self, field: &Field) -> Vec<Column>;

    /// What a part that is compared as it is stored is called in the name of its column.
    fn stored_part<'p>(&self, part: &'p str) -> &'p str {
        part
    }

    /// See [`FieldKind::is_asked_for`].
    fn is_asked_for(&self) -> bool {
        true
    }

    /// See [`FieldKind::is_legible`].
    fn is_legible(&self) -> bool {
        true
    }

    /// Whether a field of the kind says how a record stands, so that it is shown where not all fields are.
    fn is_shown_by_default(&self) -> bool;

    /// See [`FieldKind::default_of_moment`].
    fn default_of_moment(&self, _word: &str) -> Option<DefaultOfMoment> {
        None
    }

    /// What a value of this kind holds; `None` for one of another kind.
    fn held<'v>(&self, value: &'v Value) -> Option<&'v Self::Held>;

    /// The cells of a value, one for each column.
    fn to_cells(&self, held: &Self::Held) -> Vec<Option<Scalar>>;

    /// The value that the cells of the columns hold that are not folded; `None` where they are empty.
    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value>;

    /// Reads what a caller gives, which is not null.
    fn parse(&self, given: &Given<'_, Self::Held>) -> Result<Value, Issues>;

    /// As the API shows it.
    fn serialize<S: Serializer>(&self, held: &Self::Held, serializer: S) -> Result<S::Ok, S::Error>;

    /// The value that is shown as this JSON, which may lack parts that are empty; `None` where it is not what a value
    /// of the kind is shown as.
    fn shown_as(&self, json: &Json) -> Option<Value>;

    /// In one line, as a person reads it.
    fn display(&self, held: &Self::Held) -> String;

    /// The text that search finds a value by; empty where it finds none.
    fn search_text(&self, held: &Self::Held) -> String;

    /// The words of that text as the search index holds them, `most` at most.
    fn search_words(&self, held: &Self::Held, most: usize) -> Vec<String> {
        words(&self.search_text(held), most)
    }
}

/// Asks the file of a kind.
macro_rules! each {
    ($kind:expr, $row:ident => $answer:expr) => {
        each!(@ $kind, $row, $answer,
            Id => id::IdKind,
            Text { format } => text::TextKind { format: *format },
            Number { decimals, min, max } => number::NumberKind { decimals: *decimals, min: *min, max: *max },
            Boolean => boolean::BooleanKind,
            Date => date::DateKind,
            DateTime => date_time::DateTimeKind,
            Select { options } => select::SelectKind { options },
            Currency => currency::CurrencyKind,
            FullName => full_name::FullNameKind,
            Emails => emails::EmailsKind,
            Phones => phones::PhonesKind,
            SocialLinks => social_links::SocialLinksKind,
            Address => address::AddressKind,
            Actor => actor::ActorKind,
            Relation { object } => relation::RelationKind { object },
            Target { objects } => target::TargetKind { objects },
            Position => position::PositionKind,
            Json => json::JsonKind,
        )
    };
    (@ $kind:expr, $row:ident, $answer:expr, $($variant:ident $({ $($setting:ident),* })? => $file:expr,)*) => {
        match $kind {
            $(FieldKind::$variant $({ $($setting),* })? => {
                let $row = $file;
                $answer
            })*
        }
    };
}

#[warn(clippy::wildcard_enum_match_arm)]
impl FieldKind {
    /// The kind's name as the metadata API spells it.
    pub fn name(&self) -> &'static str {
        each!(self, kind => kind.name())
    }

    /// The kind's parameters as the metadata API spells them: bounds as the numbers they bound, though they are
    /// kept scaled.
    pub fn settings(&self) -> Json {
        each!(self, kind => kind.settings())
    }

    /// The parts of a composite kind, as a filter or a sort names them after a dot, the part that stands
    /// for the whole first; empty for kinds of one part.
    pub fn parts(&self) -> &'static [&'static str] {
        each!(self, kind => kind.parts())
    }

    /// The part that stands for the whole; empty for kinds of one part.
    pub fn first_part(&self) -> &'static str {
        self.parts().first().copied().unwrap_or_default()
    }

    /// What a part leads to, which is one of [`FieldKind::parts`], or empty.
    pub fn part_type(&self, part: &str) -> PartType {
        each!(self, kind => kind.part_type(part))
    }

    /// What the whole is compared as: its first part.
    pub fn whole_type(&self) -> PartType {
        self.part_type(self.first_part())
    }

    /// Whether a value points to a record.
    pub fn points(&self) -> bool {
        self.relation().is_some() || self.targets().is_some()
    }

    /// The object whose records a relation points to.
    pub fn relation(&self) -> Option<&Name> {
        if let Self::Relation { object } = self { Some(object) } else { None }
    }

    /// The objects of whose records a target points to one.
    pub fn targets(&self) -> Option<&[Name]> {
        if let Self::Target { objects } = self { Some(objects) } else { None }
    }

    /// Whether a value may point to a record of an object.
    pub fn can_point_to(&self, object: &Name) -> bool {
        self.relation() == Some(object) || self.targets().is_some_and(|objects| objects.contains(object))
    }

    /// A target that points to records of these objects alone; any other kind as it is.
    #[must_use]
    pub fn with_targets(mut self, keep: impl Fn(&Name) -> bool) -> Self {
        if let Self::Target { objects } = &mut self {
            objects.retain(keep);
        }
        self
    }

    /// The options of a select field.
    pub fn options(&self) -> &[SelectOption] {
        if let Self::Select { options } = self { options } else { &[] }
    }

    /// The options of a select field, to be changed.
    pub fn options_mut(&mut self) -> Option<&mut Vec<SelectOption>> {
        if let Self::Select { options } = self { Some(options) } else { None }
    }

    /// Whether a value is an amount of a currency.
    pub fn is_money(&self) -> bool {
        *self == Self::Currency
    }

    /// Whether a value is a text of several lines, which a search finds and no filter compares.
    pub fn is_long_text(&self) -> bool {
        *self == Self::Text { format: TextFormat::Markdown }
    }

    /// Whether it is a number from 0 to 100, which may be written as a percentage.
    pub fn is_percentage(&self) -> bool {
        if let Self::Number { decimals, min, max } = *self {
            number::NumberKind { decimals, min, max }.is_percentage()
        } else {
            false
        }
    }

    /// Whether models and people are asked for values; those of other kinds come from the system or from programs.
    pub fn is_asked_for(&self) -> bool {
        each!(self, kind => kind.is_asked_for())
    }

    /// Whether a value in a line says something to a person.
    pub fn is_legible(&self) -> bool {
        each!(self, kind => kind.is_legible())
    }

    pub(crate) fn is_shown_by_default(&self) -> bool {
        each!(self, kind => kind.is_shown_by_default())
    }

    /// What a default stands for that is not a value but a word for one, such as `now`.
    pub fn default_of_moment(&self, default: &Json) -> Option<DefaultOfMoment> {
        let word = default.as_str()?;
        each!(self, kind => kind.default_of_moment(word))
    }

    pub(crate) fn columns(&self, field: &Field) -> Vec<Column> {
        each!(self, kind => kind.columns(field))
    }

    pub(crate) fn stored_part<'p>(&self, part: &'p str) -> &'p str {
        each!(self, kind => kind.stored_part(part))
    }

    pub(crate) fn to_cells(&self, value: &Value) -> Option<Vec<Option<Scalar>>> {
        each!(self, kind => kind.held(value).map(|held| kind.to_cells(held)))
    }

    pub(crate) fn read_cells(&self, cells: impl Iterator<Item = Option<Scalar>>) -> Option<Value> {
        each!(self, kind => kind.read_cells(&mut Cells(cells)))
    }

    pub(crate) fn parse(&self, given: &Given<'_, Value>) -> Result<Value, Issues> {
        each!(self, kind => kind.parse(&Given {
            json: given.json,
            current: given.current.and_then(|value| kind.held(value)),
            field: given.field,
            locale: given.locale,
        }))
    }

    pub(crate) fn serialize<S: Serializer>(&self, value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
        each!(self, kind => match kind.held(value) {
            Some(held) => kind.serialize(held, serializer),
            None => serializer.serialize_unit(),
        })
    }

    /// The value that is shown as this JSON by [`Value::to_json`], which may lack parts that are empty; `None` where
    /// it is no value of the kind, null included.
    pub fn shown_as(&self, json: &Json) -> Option<Value> {
        each!(self, kind => kind.shown_as(json))
    }

    pub(crate) fn display(&self, value: &Value) -> String {
        each!(self, kind => kind.held(value).map(|held| kind.display(held)).unwrap_or_default())
    }

    pub(crate) fn search_text(&self, value: &Value) -> String {
        each!(self, kind => kind.held(value).map(|held| kind.search_text(held)).unwrap_or_default())
    }

    pub(crate) fn search_words(&self, value: &Value, most: usize) -> Vec<String> {
        each!(self, kind => kind.held(value).map(|held| kind.search_words(held, most)).unwrap_or_default())
    }
}

/// What a default stands for that depends on when and by whom a record is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultOfMoment {
    /// The moment.
    Now,
    /// The caller's day.
    Today,
    /// The caller's own member record.
    Me,
}
