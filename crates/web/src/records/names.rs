//! Records that are named in writing: a form says which record it means by an id that was picked, or by the text
//! that was written in its place.

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _},
    filter::Readable as _,
    grants::Action,
    ids::RecordId,
    metadata::{Field, Name, Object, Schema},
};
use kontor_crm::records::{ListQuery, Record};
use kontor_http::Services;
use serde_json::{Map, Value as Json, json};

use super::{
    columns::{candidates, chosen as shown_columns, fields_to_read},
    inputs::{input_name, is_editable},
    problems::{Offer, Problems, Trouble},
    submitted::chosen,
};
use crate::{
    error::Result,
    form::Fields,
    show::{Place, Viewer},
};

/// Begins the choice that has a record made with the form's own; the name that was chosen for it follows, so that
/// another name that is written later is not made unasked.
const CREATE: &str = "create:";
/// The part of the input that a person writes into, and the one that keeps which text its id was picked by.
pub(crate) const LABEL: &str = "label";
pub(crate) const PICKED: &str = "picked";

/// The most records of one name, and the most of near ones, that are offered.
const SAME: u32 = 5;
const NEAR: u32 = 3;
/// The characters of a text that is searched for.
const LONGEST: usize = 100;
/// The fields that tell records of one name from each other.
const DETAILS: usize = 2;

/// A record that a text may name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub object: Name,
    pub kind: String,
    pub id: RecordId,
    pub label: String,
    /// What tells it from others of its name.
    pub detail: String,
    /// Whether the text is its whole name, case and accents aside.
    pub is_exact: bool,
}

/// A record that is to be made because a form names it and chose so.
pub(crate) struct Wanted {
    pub field: Name,
    pub object: Name,
    pub name: String,
}

/// Whose names are looked up, for whom.
pub(crate) struct Names<'a> {
    pub state: &'a Services,
    pub caller: &'a Caller,
    pub viewer: &'a Viewer,
}

impl Names<'_> {
    /// Puts an id where a form names a record by its text. What names none or several is a problem at its field;
    /// what is to be made is handed back and left to [`Wanted`].
    pub(crate) async fn settle(&self, object: &Object, sent: &mut Fields) -> Result<(Problems, Vec<Wanted>)> {
        let (mut problems, mut wanted) = (Problems::default(), Vec::new());
        let grants = &self.caller.grants;
        for field in object.fields.iter().filter(|field| is_editable(grants, object, field)) {
            let Some(objects) = objects_of(&self.viewer.schema, field) else { continue };
            let is_target = field.kind.targets().is_some();
            let part = |part: &str| sent.get(&input_name(&field.name, part)).to_owned();
            // A form that sends no text, as programs do, says what it means by the id.
            if sent.find(&input_name(&field.name, LABEL)).is_none() {
                continue;
            }
            let (text, picked, choice) = (part(LABEL), part(PICKED), chosen(sent, &field.name));
            let creates = choice.as_deref().and_then(|choice| choice.strip_prefix(CREATE));
            if creates == Some(text.as_str())
                && let [only] = objects.as_slice()
                && !text.is_empty()
                && self.may_create(only)
            {
                sent.set(&field.name, "");
                wanted.push(Wanted { field: field.name.clone(), object: only.clone(), name: text });
                continue;
            }
            let settled = match choice {
                Some(value) if creates.is_none() => self.by_value(&objects, is_target, &value).await?,
                _ if text.is_empty() => None,
                _ if text == picked && !sent.get(&field.name).is_empty() => continue,
                _ => {
                    let found = self.find(&objects, &text, NEAR).await?;
                    match found.iter().filter(|named| named.is_exact).collect::<Vec<_>>().as_slice() {
                        [only] => Some((*only).clone()),
                        same => {
                            let are_several = !same.is_empty();
                            let trouble = self.trouble(&objects, is_target, &text, &found, are_several);
                            sent.set(&field.name, "");
                            problems.say(&field.name, trouble);
                            continue;
                        }
                    }
                }
            };
            let (value, label) =
                settled.map(|named| (named.value(is_target), named.label)).unwrap_or_default();
            sent.set(&field.name, value);
            sent.set(&input_name(&field.name, LABEL), label.clone());
            sent.set(&input_name(&field.name, PICKED), label);
            sent.set(&input_name(&field.name, "choice"), "");
        }
        Ok((problems, wanted))
    }

    /// The records of the objects that have the text as their name, and after them those that a search for it
    /// finds, `limit` at most.
    pub(crate) async fn find(&self, objects: &[Name], text: &str, limit: u32) -> Result<Vec<Named>> {
        let mut found = Vec::new();
        for name in objects {
            let Some(object) = self.viewer.schema.object(name) else { continue };
            if !self.caller.grants.can_read_field(&object.name, &object.label_field) {
                continue;
            }
            let filter = json!({ object.label_field.as_str(): { "eq": text } });
            found.extend(
                self.list(object, Some(filter), SAME)
                    .await?
                    .into_iter()
                    .map(|named| Named { is_exact: true, ..named }),
            );
        }
        let words: String = text.chars().take(LONGEST).collect();
        let names = objects.iter().map(ToString::to_string).collect();
        let hits = match self.state.crm.search(self.caller, &words, Some(names), limit).await {
            Ok(hits) => hits,
            Err(error) if error.problem().kind == ErrorKind::Invalid => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        for name in objects {
            let Some(object) = self.viewer.schema.object(name) else { continue };
            let ids: Vec<_> =
                hits.iter().filter(|hit| hit.object.name == *name).map(|hit| json!(hit.id)).collect();
            if ids.is_empty() {
                continue;
            }
            let listed = self.list(object, Some(json!({ "id": { "in": ids } })), limit).await?;
            found.extend(listed.into_iter().filter(|named| hits.iter().any(|hit| hit.id == named.id)));
        }
        // As the search ranks them, those of this very name first, each once.
        let rank = |named: &Named| {
            let place = hits.iter().position(|hit| hit.id == named.id);
            (!named.is_exact, place.unwrap_or(usize::MAX))
        };
        found.sort_by_key(rank);
        let mut seen = std::collections::HashSet::new();
        found.retain(|named| seen.insert(named.id));
        Ok(found)
    }

    /// The records of an object that were made last.
    pub(crate) async fn newest(&self, object: &Name, limit: u32) -> Result<Vec<Named>> {
        let Some(object) = self.viewer.schema.object(object) else { return Ok(Vec::new()) };
        self.list(object, None, limit).await
    }

    async fn list(&self, object: &Object, filter: Option<Json>, limit: u32) -> Result<Vec<Named>> {
        let columns = candidates(object, self.caller, &[]);
        let telling = shown_columns(&columns);
        let query = ListQuery {
            filter,
            fields: Some(fields_to_read(object, self.caller, &telling)).filter(|names| !names.is_empty()),
            limit,
            ..ListQuery::default()
        };
        match self.state.crm.list(self.caller, &object.name, query).await {
            Ok(page) => Ok(page.records.iter().map(|record| self.named(object, &telling, record)).collect()),
            // A text that no name can be, such as one that is too long.
            Err(error) if error.problem().kind == ErrorKind::Invalid => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn named(&self, object: &Object, telling: &[&Field], record: &Record) -> Named {
        let values =
            telling.iter().filter_map(|field| self.viewer.of_record(record, field, Place::Cell).plain());
        Named {
            object: object.name.clone(),
            kind: object.label.clone(),
            id: record.id,
            label: record.label.clone(),
            detail: values.take(DETAILS).collect::<Vec<_>>().join(", "),
            is_exact: false,
        }
    }

    /// The record that was chosen by its value.
    async fn by_value(&self, objects: &[Name], is_target: bool, value: &str) -> Result<Option<Named>> {
        let (object, id) = match value.split_once(':') {
            Some((object, id)) if is_target => (objects.iter().find(|name| name.as_str() == object), id),
            _ => (objects.first(), value),
        };
        let (Some(object), Ok(id)) = (object, id.parse::<RecordId>()) else { return Ok(None) };
        let Some(object) = self.viewer.schema.object(object) else { return Ok(None) };
        let found = self.list(object, Some(json!({ "id": { "eq": id } })), 1).await?;
        Ok(found.into_iter().next())
    }

    fn trouble(
        &self,
        objects: &[Name],
        is_target: bool,
        text: &str,
        found: &[Named],
        are_several: bool,
    ) -> Trouble {
        let (thing, things) = things(&self.viewer.schema, objects);
        let short = kontor_core::text::excerpt(text, 80);
        let mut trouble = Trouble::new(if are_several {
            format!("Several {things} are called “{short}”. Which one?")
        } else {
            format!("No {thing} “{short}”.")
        });
        let offered = found.iter().filter(|named| named.is_exact || !are_several);
        trouble.offers = offered
            .map(|named| Offer {
                value: named.value(is_target),
                label: named.label.clone(),
                detail: named.detail.clone(),
            })
            .collect();
        if let ([only], false) = (objects, are_several)
            && self.may_create(only)
        {
            let (value, label) = (format!("{CREATE}{text}"), "Create it".to_owned());
            trouble.offers.push(Offer { value, label, detail: String::new() });
        }
        trouble
    }

    fn may_create(&self, object: &Name) -> bool {
        self.viewer.schema.object(object).is_some_and(|object| may_create(self.caller, object))
    }
}

impl Named {
    /// The record as a form sends it: its id, after its object where that is open.
    pub(crate) fn value(&self, is_target: bool) -> String {
        if is_target { format!("{}:{}", self.object, self.id) } else { self.id.to_string() }
    }
}

impl Wanted {
    /// What the new record holds: its name alone.
    pub(crate) fn fields(&self, schema: &Schema) -> Map<String, Json> {
        let label = schema.object(&self.object).map(|object| object.label_field.to_string());
        label.into_iter().map(|field| (field, json!(self.name))).collect()
    }
}

/// The choice of a form that comes back before its record was made; nothing where another was made, or none.
pub(crate) fn kept_choice(sent: Option<&Fields>, field: &str) -> String {
    let choice = sent.and_then(|sent| chosen(sent, field));
    choice.filter(|choice| choice.starts_with(CREATE)).unwrap_or_default()
}

/// Whether the caller may make a record of an object by giving its name.
pub(crate) fn may_create(caller: &Caller, object: &Object) -> bool {
    !object.is_read_only
        && caller.grants.allows(&object.name, Action::Create)
        && caller.grants.can_update_field(&object.name, &object.label_field)
}

/// The objects whose records a field names.
fn objects_of(schema: &Schema, field: &Field) -> Option<Vec<Name>> {
    if let Some(object) = field.kind.relation() {
        return Some(vec![object.clone()]);
    }
    let objects = field.kind.targets()?;
    Some(objects.iter().filter(|name| schema.object(name).is_some()).cloned().collect())
}

/// What one of the objects' records is called, and what several are.
pub(crate) fn things(schema: &Schema, objects: &[Name]) -> (String, String) {
    match objects {
        [only] => schema.object(only).map_or_else(
            || ("record".to_owned(), "records".to_owned()),
            |object| (object.label.to_lowercase(), object.label_plural.to_lowercase()),
        ),
        _ => ("record".to_owned(), "records".to_owned()),
    }
}
