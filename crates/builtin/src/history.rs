//! What changed, of one record or of late.

use serde_json::{Value, json};

use super::{
    dates::{self, Lean},
    query::Query,
    render,
    turn::{Interpreter, Outcome},
    words::Phrase,
};

const MOST_ENTRIES: u64 = 20;

impl Interpreter {
    /// "what changed on …", with "what changed" taken away.
    pub(super) fn history(&self, phrase: Phrase<'_>) -> Outcome {
        let rest = phrase.skip(&["has", "on", "with", "in", "for", "about", "of", "to", "at"]);
        phrase.cover_before(rest);
        let phrase = rest;
        if let Some(period) = dates::period(phrase, self.scene.today, Lean::Behind)?
            && period.words == phrase.len()
        {
            phrase.cover();
            return self.lately(period);
        }
        let known: Vec<&str> = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.can("timeline"))
            .map(|object| object.name.as_str())
            .collect();
        let record = self.record_to_read(phrase, &known)?;
        let tool = format!("{}.timeline", record.object);
        let result = self.call(&tool, json!({"id": record.id, "limit": MOST_ENTRIES}))?;
        let entries = result["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        if entries.is_empty() {
            return Ok(format!("The timeline of {} is empty.", render::link(&record)));
        }
        let mut text = format!("Timeline of {}:\n", render::link(&record));
        entries.iter().for_each(|entry| text.push_str(&format!("\n- {}", self.entry(&record.object, entry))));
        if result["has_more"].as_bool().unwrap_or(false) {
            text.push_str("\n\nThe earlier entries are on the record's page.");
        }
        Ok(text)
    }

    fn entry(&self, object: &str, entry: &Value) -> String {
        let when = render::moment(entry["happened_at"].as_str().unwrap_or_default());
        let name = entry["name"].as_str().unwrap_or_default();
        let what = name.split_once('.').map_or(name, |(_, verb)| verb);
        let changes = render::changes(&self.catalogue, object, &entry["changes"]);
        let mut text = format!("{when}: ");
        match changes.as_slice() {
            changes @ [_, ..] if what == "updated" => text.push_str(&changes.join(", ")),
            _ => text.push_str(&what.replace('_', " ")),
        }
        let linked = &entry["linked"];
        if let Some(linked) = super::conversation::record(linked, linked) {
            text.push_str(&format!(" {}", render::link(&linked)));
        }
        if let Some(by) = entry["by"].as_str().filter(|by| !by.is_empty()) {
            text.push_str(&format!(", by {}", render::escape(by)));
        }
        text
    }

    /// The records changed in a period, of all objects at once.
    fn lately(&self, period: dates::Period) -> Outcome {
        let mut condition = serde_json::Map::new();
        for (operator, date) in [("gte", period.from), ("lt", period.until)] {
            if let Some(date) = date {
                condition.insert(operator.to_owned(), json!(format!("{date}T00:00")));
            }
        }
        let filter = json!({"updated_at": condition});
        let objects: Vec<_> = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.can("find") && object.can("timeline") && object.can_filter("updated_at"))
            .collect();
        let arguments = json!({"filter": filter, "sort": "-updated_at", "limit": 10});
        let calls =
            objects.iter().map(|object| (format!("{}.find", object.name), arguments.clone())).collect();
        let results = self.calls(calls)?;
        let mut sections = Vec::new();
        for (object, result) in objects.iter().zip(&results) {
            let count = result["records"].as_array().map_or(0, Vec::len);
            if let Some(error) = result.get("error") {
                sections.push(format!(
                    "{}: {}",
                    super::query::capital(&object.plural),
                    render::failure(error)
                ));
            } else if count > 0 {
                let query = Query::saying(&format!("changed {}", period.readable()));
                sections.push(self.page(object, result, &query, 0, &[]));
            }
        }
        if sections.is_empty() {
            return Ok(format!("Nothing was changed {}.", period.readable()));
        }
        Ok(sections.join("\n\n"))
    }
}
