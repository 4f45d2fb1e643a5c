//! Objects and their fields as the prompt tells them.

use kontor_core::metadata::{Field, Object};

use super::{Surface, kinds};
use crate::tokens;

/// How much of the fields is told: each level about half of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// With kinds and options.
    Kinds,
    /// The names.
    Names,
    /// The names of so many that say most.
    Some(usize),
    /// None; `describe` tells them.
    Nothing,
}

impl Detail {
    pub(super) const ALL: [Self; 5] = [Self::Kinds, Self::Names, Self::Some(6), Self::Some(3), Self::Nothing];
}

/// Fields of an object that are told by name at most.
const MOST_NAMES: usize = 40;

/// An object as the prompt tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectOutline {
    /// `deal`.
    pub name: String,
    /// `deals`.
    pub plural: String,
    /// `Deals`, as somebody wrote it.
    pub label: String,
    /// The fields in a line: `name, stage LEAD|CLOSED_WON, amount money`.
    pub fields: String,
}

impl ObjectOutline {
    /// Its tokens in a prompt, estimated.
    pub(super) fn size(&self) -> usize {
        // The name twice, as a name and in the path of its pages.
        const FRAME: usize = 12;
        FRAME + tokens::estimate(&self.label) + tokens::estimate(&self.fields)
    }
}

impl Surface {
    pub(super) fn outlined(&self, detail: Detail) -> Vec<ObjectOutline> {
        self.offered_objects()
            .map(|object| ObjectOutline {
                name: object.name.to_string(),
                plural: object.plural.to_string(),
                label: object.label_plural.clone(),
                fields: self.fields(object, detail),
            })
            .collect()
    }

    fn fields(&self, object: &Object, detail: Detail) -> String {
        let shown = || {
            let fields = self.grants.shown_fields(object);
            fields.filter(|field| !field.is_system && field.kind.is_legible())
        };
        let names = |fields: Vec<&Field>, most: usize| {
            let listed: Vec<_> = fields.iter().take(most).map(|field| field.name.as_str()).collect();
            let rest = if fields.len() > most { ", …" } else { "" };
            format!("{}{rest}", listed.join(", "))
        };
        match detail {
            Detail::Kinds => {
                let sees = |object: &str| self.grants.sees(&self.schema, object);
                shown().map(|field| kinds::told(field, sees)).collect::<Vec<_>>().join(", ")
            }
            Detail::Names => names(shown().collect(), MOST_NAMES),
            Detail::Some(few) => {
                let is_telling =
                    |field: &&Field| field.name == object.label_field || field.is_shown_by_default();
                let (mut telling, others): (Vec<_>, Vec<_>) = shown().partition(is_telling);
                telling.extend(others);
                names(telling, few)
            }
            Detail::Nothing => "…".to_owned(),
        }
    }
}
