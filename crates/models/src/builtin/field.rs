//! One field of one record: "the amount of Acme renewal", "its stage", "Jane Doe's email", "who owns it".

use serde_json::{Value, json};

use super::{
    catalogue::{Field, Object, Slot},
    conversation::Record,
    query::{Parser, capital},
    render,
    schema::Kind,
    turn::{Interpreter, Outcome},
    words::{Phrase, singular, stem},
};

impl Interpreter {
    /// Nothing where the sentence asks for something else.
    pub(super) fn one_field(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const VERBS: [&str; 12] = [
            "what is", "what are", "what 's", "who is", "who 's", "where is", "show me", "show", "give me",
            "tell me", "get", "display",
        ];
        if let Some(rest) = phrase.strip(&["who owns", "who looks after", "who is responsible for"]) {
            return self.owner_of(rest);
        }
        if let Some(rest) = phrase.strip(&["when is", "when does", "when will", "when did", "when was"]) {
            return self.time_of(rest);
        }
        let rest = phrase.strip(&VERBS)?;
        let (asked, has_article) = (rest.skip(&["the"]), rest.at(0) == "the");
        if matches!(asked.at(0), "its" | "his" | "her" | "their") {
            return self.field_of(asked.from(1), asked.upto(1));
        }
        if let Some(end) = asked.position(&["'s"]).filter(|end| *end > 0) {
            return self.field_of(asked.from(end + 1), asked.upto(end));
        }
        let end = asked.position(&["of", "for", "on"]).filter(|end| *end > 0)?;
        // "contact of Acme" may ask for those at Acme; "the contact of Acme renewal" is a field of it.
        let (field, record) = (asked.upto(end), asked.from(end + 1));
        (has_article || self.catalogue.named(field).is_none()).then(|| self.field_of(field, record))?
    }

    /// The field a phrase names, of the record another one names.
    fn field_of(&self, field: Phrase<'_>, record: Phrase<'_>) -> Option<Outcome> {
        if record.is_empty() || self.is_many(record) || self.is_many(field) {
            return None;
        }
        self.value_of(record, |object| self.slot(object, field))
    }

    /// "does Acme renewal close", "is it due", "was Jane created".
    fn time_of(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        let last = phrase.len().checked_sub(1).filter(|last| *last > 0)?;
        let verb = stem(phrase.at(last));
        let is_meant = |field: &&Field| {
            matches!(field.kind, Kind::Date | Kind::DateTime)
                && field.phrases.iter().any(|name| name.first().is_some_and(|first| stem(first) == verb))
        };
        self.value_of(phrase.upto(last), |object| {
            object.fields.iter().find(is_meant).map(|field| Slot { field, part: None })
        })
    }

    /// "who owns": of the record a phrase names, or of all that it describes.
    fn owner_of(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        let owner = |object: &'_ Object| object.fields.iter().position(Field::is_member);
        if let Some((object, start, words)) = self.catalogue.first_named(phrase)
            && let Some(owner) = owner(object)
            && !self.points_back(phrase)
        {
            let noun = phrase.from(start).upto(words);
            let described = [phrase.upto(start), phrase.from(start + words)];
            let query = match Parser::new(self, object, false).parse(&described) {
                Ok(query) => query,
                Err(stop) => return Some(Err(stop)),
            };
            if query.search.is_empty() {
                return Some(self.listed(
                    object,
                    query.touching(&object.fields[owner].name),
                    self.is_many(noun),
                ));
            }
        }
        self.value_of(phrase, |object| {
            owner(object).map(|owner| Slot { field: &object.fields[owner], part: None })
        })
    }

    /// The value of the slot that one of the objects has, of the record a phrase names.
    fn value_of<'o>(
        &'o self,
        record: Phrase<'_>,
        slot: impl Fn(&'o Object) -> Option<Slot<'o>>,
    ) -> Option<Outcome> {
        let having = |object: &&'o Object| object.can("get") && slot(object).is_some();
        let wanted: Vec<&str> =
            self.catalogue.objects.iter().filter(having).map(|object| object.name.as_str()).collect();
        if wanted.is_empty() {
            return None;
        }
        Some(self.record(record, &wanted).and_then(|record| {
            let object = self.catalogue.object(&record.object);
            match object.and_then(&slot) {
                Some(slot) => self.told(&record, slot),
                None => self.one(&record),
            }
        }))
    }

    fn told(&self, record: &Record, slot: Slot<'_>) -> Outcome {
        let result = self.call(&format!("{}.get", record.object), json!({"id": record.id}))?;
        let cell = &result["record"][slot.field.name.as_str()];
        let cell = slot.part.map_or(cell, |part| &cell[part.name.as_str()]);
        let shown = match cell {
            Value::Null => String::new(),
            cell => render::value(&self.catalogue, &record.object, &slot.field.name, cell),
        };
        let (label, link) = (slot.label(), render::link(record));
        Ok(if shown.is_empty() {
            format!("{link} has no {label}.")
        } else {
            format!("{} of {link}: **{}**.", capital(&label), render::escape(&shown))
        })
    }

    /// What an object has under this name: a field, a part of one, what it is worth, or whom it belongs to.
    fn slot<'o>(&self, object: &'o Object, name: Phrase<'_>) -> Option<Slot<'o>> {
        if name.is_empty() {
            return None;
        }
        let whole = |field: &'o Field| Slot { field, part: None };
        if let Some((field, words)) = object.field_at(name)
            && words == name.len()
        {
            return Some(whole(field));
        }
        if let (slots, words) = object.slots_at(name)
            && words == name.len()
            && let [slot] = slots.as_slice()
        {
            return Some(*slot);
        }
        if name.len() == 1 && matches!(name.at(0), "value" | "worth" | "size" | "price") {
            return object.amount_field().map(whole);
        }
        let (related, words) = self.catalogue.named(name)?;
        let is_meant =
            |field: &&Field| matches!(&field.kind, Kind::Relation(Some(name)) if *name == related.name);
        object.fields.iter().find(is_meant).filter(|_| words == name.len()).map(whole)
    }

    /// Whether a phrase begins with the plural of an object's name.
    fn is_many(&self, phrase: Phrase<'_>) -> bool {
        let words = phrase.skip(&["the", "all", "my", "our"]);
        self.catalogue.named(words).is_some_and(|(_, taken)| {
            let noun = words.at(taken - 1);
            singular(noun) != noun
        })
    }
}
