//! Where a record is, and in which trade: "in Boston", "from Germany", "in healthcare".

use serde_json::{Value, json};

use super::{Parser, conditions::comparator};
use crate::{
    catalogue::{Filter, Object},
    kind::Kind,
    turn::Stop,
    words::Phrase,
};

/// Fields that answer "in what".
const PLACES: [&str; 8] =
    ["industry", "sector", "city", "country", "region", "state", "location", "territory"];

impl<'p> Parser<'p> {
    /// "in Boston", "based in Germany", of the records themselves or else of those they belong to.
    pub(super) fn placed(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let rest = match phrase.at(0) {
            "based" | "located" | "headquartered" if matches!(phrase.at(1), "in" | "at" | "near") => {
                phrase.from(2)
            }
            "in" | "from" => phrase.from(1),
            _ => return Ok(None),
        };
        let run = self.run(rest.skip(&["the"]));
        let name = run.trim_end(&["industry", "sector", "business", "trade", "area"]);
        let is_name = !name.is_empty()
            && comparator(name).is_none()
            && !name.at(0).starts_with(|c: char| c.is_ascii_digit())
            && self.object.option_at(name).is_none()
            && self.object.field_at(name).is_none();
        if !is_name {
            return Ok(None);
        }
        let taken = phrase.len() - rest.len() + (rest.len() - rest.skip(&["the"]).len()) + run.len();
        let own = conditions(self.object, name.raw());
        if !own.is_empty() {
            let condition = any(own);
            if self.found_there(self.object, &condition, name)?.is_empty() {
                return Ok(None);
            }
            self.place(condition, name);
            return Ok(Some(taken));
        }
        for field in &self.object.fields {
            let Kind::Relation(object) = &field.kind else { continue };
            let Some(related) = self.interpreter.catalogue.object(object) else { continue };
            let theirs = conditions(related, name.raw());
            if theirs.is_empty() {
                continue;
            }
            let ids = self.found_there(related, &any(theirs), name)?;
            if ids.is_empty() {
                return Ok(None);
            }
            self.place(json!({&field.name: {"in": ids}}), name);
            self.touch(&field.name);
            return Ok(Some(taken));
        }
        Ok(None)
    }

    fn place(&mut self, condition: Value, name: Phrase<'_>) {
        let negated = std::mem::take(&mut self.negated);
        self.query.filters.push(if negated { json!({"not": condition}) } else { condition });
        self.query.after.push(format!("{}in {}", if negated { "not " } else { "" }, name.raw()));
    }

    /// The ids of the records that are there; where none is, the word has no meaning here.
    fn found_there(&self, object: &Object, condition: &Value, name: Phrase<'_>) -> Result<Vec<String>, Stop> {
        const MOST: usize = 60;
        let arguments = json!({"filter": condition, "limit": MOST});
        let results = self.interpreter.lookups(vec![(format!("{}.find", object.name), arguments)])?;
        let found = results.iter().flat_map(crate::conversation::records);
        let ids: Vec<String> = found.map(|record| record.id).collect();
        if results.iter().any(|result| result["has_more"] == true) && object.name != self.object.name {
            return Err(Stop::Say(format!(
                "More than {MOST} {} are in {}, too many to find what belongs to them.",
                object.plural,
                name.raw()
            )));
        }
        Ok(ids)
    }
}

fn any(mut conditions: Vec<Value>) -> Value {
    if conditions.len() == 1 { conditions.remove(0) } else { json!({"or": conditions}) }
}

/// The conditions of which one must hold for a record to be "in" something.
fn conditions(object: &Object, name: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for Filter { path, is_text } in &object.filters {
        let (field, part) = path.split_once('.').unwrap_or((path, ""));
        let is_relation = object.field(field).is_some_and(|field| matches!(field.kind, Kind::Relation(_)));
        let is_place = match part {
            "" => PLACES.contains(&field) || field == "address",
            part => !is_relation && PLACES.contains(&part),
        };
        if is_place && *is_text {
            found.push(json!({path: {"contains": name}}));
        }
    }
    found
}
