//! Operands that stand for a field of the asker's own member record: `"$me.region"`.

use serde_json::{Map, Value as Json};

use super::{
    FieldPath, Filter, PartType,
    parse::{ME, Parser},
};
use crate::{
    error::Issue,
    metadata::{Field, Object},
    text,
};

/// The object whose records the members are.
const MEMBER: &str = "member";

/// A member's own record, as the API shows it.
pub type OwnRecord = Map<String, Json>;

/// What an operand comes to.
pub(super) enum Operand {
    /// It names no field of the asker's.
    AsGiven,
    Own(Json),
    /// The asker's field is empty, or holds what cannot be compared: nobody can say whether a record matches.
    Unknown,
}

impl Parser<'_> {
    /// Puts what the asker's own record holds in the place of its fields' names.
    pub(super) fn with_own(
        &self,
        operator: &str,
        operand: &Json,
        path: &FieldPath,
        object: &Object,
    ) -> Result<Operand, Issue> {
        let (name, items) = match operand {
            Json::String(text) => (own_field(text), None),
            Json::Array(items) => (items.iter().find_map(|item| own_field(item.as_str()?)), Some(items)),
            _ => (None, None),
        };
        if name.is_none() {
            return Ok(Operand::AsGiven);
        }
        let Some(items) = items else {
            let value = name.map(|name| self.own(name, path, object)).transpose()?.flatten();
            let is_list = matches!(operator, "in" | "not_in");
            return Ok(match value {
                None => Operand::Unknown,
                Some(list @ Json::Array(_)) if is_list => Operand::Own(list),
                Some(one) if is_list => Operand::Own(Json::Array(vec![one])),
                Some(one) if self.is_comparable(operator, &one, path, object) => Operand::Own(one),
                Some(_) => Operand::Unknown,
            });
        };
        let mut held = Vec::new();
        for item in items {
            match item.as_str().and_then(own_field) {
                None => held.push(item.clone()),
                Some(name) => match self.own(name, path, object)? {
                    Some(Json::Array(several)) => held.extend(several),
                    Some(one) => held.push(one),
                    // What is not in a list that lacks something may be in it.
                    None if operator == "not_in" => return Ok(Operand::Unknown),
                    None => {}
                },
            }
        }
        Ok(Operand::Own(Json::Array(held)))
    }

    /// What nobody can say of a record: no record matches by it, nor by its contrary.
    pub(super) fn unknown(&self) -> Filter {
        if self.is_negated { Filter::everything() } else { Filter::Or(Vec::new()) }
    }

    fn is_comparable(&self, operator: &str, value: &Json, path: &FieldPath, object: &Object) -> bool {
        self.compared(operator, value, path, object).is_ok()
    }

    /// What a field of the asker's own record holds; nothing where it is empty.
    fn own(&self, name: &str, path: &FieldPath, object: &Object) -> Result<Option<Json>, Issue> {
        if self.asker.me.is_none() {
            return Err(Issue::new("", "no_member", format!("{ME}.{name} needs a caller who is a member")));
        }
        let unknown = || Issue::new("", "unknown_field", "there are no members here");
        let member = self.schema.object(MEMBER).ok_or_else(unknown)?;
        let own = FieldPath::parse(name, member, self.readable)?;
        let (theirs, ours) = (object.field(&path.field), member.field(&own.field));
        let same_records = |theirs: &Field, ours: &Field| {
            let both = theirs.kind.relation().zip(ours.kind.relation());
            both.is_none_or(|(theirs, ours)| theirs == ours)
        };
        let is_alike = class(own.ty).is_some_and(|of_own| Some(of_own) == class(path.ty));
        if !is_alike || !theirs.zip(ours).is_some_and(|(theirs, ours)| same_records(theirs, ours)) {
            let message = format!("{} is not compared with {ME}.{}", path.text(), text::excerpt(name, 60));
            return Err(Issue::new("", "wrong_type", message));
        }
        let value = match self.asker.own.get(own.field.as_str()) {
            Some(Json::Object(parts)) => parts.get(own.part),
            other => other,
        };
        Ok(value.filter(|value| !value.is_null() && value.as_str() != Some("")).cloned())
    }
}

/// `region` of `$me.region`.
fn own_field(text: &str) -> Option<&str> {
    text.strip_prefix(ME)?.strip_prefix('.')
}

/// What of the kinds of values is compared with one another.
#[derive(PartialEq)]
enum Class {
    Text,
    Number,
    Boolean,
    Day,
    Id,
}

fn class(ty: PartType) -> Option<Class> {
    Some(match ty {
        PartType::FoldedText
        | PartType::LowerText
        | PartType::UpperText
        | PartType::Phone
        | PartType::Option => Class::Text,
        PartType::Number(_) => Class::Number,
        PartType::Boolean => Class::Boolean,
        PartType::Date | PartType::DateTime => Class::Day,
        PartType::Id => Class::Id,
        PartType::Position | PartType::Opaque => return None,
    })
}
