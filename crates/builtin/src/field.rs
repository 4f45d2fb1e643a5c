//! One field of one record: "the amount of Acme renewal", "its stage", "Jane Doe's email", "who owns it".

use serde_json::{Value, json};

use super::{
    catalogue::{Field, Object, Slot},
    conversation::Record,
    kind::Kind,
    query::{Parser, capital},
    render,
    turn::{Interpreter, Outcome, Stop},
    words::{Phrase, singular, stem},
};

impl Interpreter {
    /// Nothing where the sentence asks for something else.
    pub(super) fn one_field(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const VERBS: [&str; 17] = [
            "what is",
            "what are",
            "what 's",
            "what was",
            "who is",
            "who 's",
            "where is",
            "where 's",
            "show me",
            "show",
            "give me",
            "tell me",
            "get",
            "display",
            "do we have",
            "do you have",
            "do you know",
        ];
        let phrase = phrase.trim_end(&["please", "now", "currently", "today", "again"]);
        if let Some(rest) =
            phrase.strip(&["who owns", "who looks after", "who is responsible for", "who manages"])
        {
            return self.owner_of(phrase, rest);
        }
        if let Some(rest) =
            phrase.strip(&["when is", "when 's", "when does", "when will", "when did", "when was"])
        {
            return self.time_of(phrase, rest);
        }
        if let Some(outcome) = self.asked_the_other_way(phrase) {
            return Some(outcome);
        }
        // "amount of Acme renewal" and "Jane's email" need no verb.
        let rest = phrase.strip(&VERBS).or_else(|| self.names_a_field(phrase).then_some(phrase))?;
        let (asked, has_article) = (rest.skip(&["the", "a"]), rest.at(0) == "the");
        if matches!(asked.at(0), "its" | "his" | "her" | "their") {
            return self.field_of(phrase, asked.from(1), asked.upto(1));
        }
        if let Some(end) = asked.position(&["'s"]).filter(|end| *end > 0) {
            return self.field_of(phrase, asked.from(end + 1), asked.upto(end));
        }
        let Some(end) = asked.position(&["of", "for", "on"]).filter(|end| *end > 0) else {
            // "what is the amount?" is about the record that the chat is about.
            return self.field_of_it(phrase, asked);
        };
        // "contact of Acme" may ask for those at Acme; "the contact of Acme renewal" is a field of it.
        let (field, record) = (asked.upto(end), asked.from(end + 1));
        (has_article || self.catalogue.named(field).is_none())
            .then(|| self.field_of(phrase, field, record))?
    }

    /// Whether a phrase without a verb is a field and the record that it is of.
    fn names_a_field(&self, phrase: Phrase<'_>) -> bool {
        let is_field = |name: Phrase<'_>| {
            !name.is_empty() && self.catalogue.objects.iter().any(|object| self.slot(object, name).is_some())
        };
        match (phrase.position(&["'s"]), phrase.position(&["of", "for"])) {
            (Some(end), _) if end > 0 => is_field(phrase.from(end + 1)),
            (_, Some(end)) => is_field(phrase.upto(end).skip(&["the"])),
            _ => false,
        }
    }

    /// "what stage is Acme renewal in?", "which account does Jane belong to?", "how much is it worth?", "where is
    /// Acme based?", "how many employees does Acme have?".
    fn asked_the_other_way(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const AFTER: [&str; 16] = [
            "in", "at", "on", "to", "for", "belong", "have", "has", "worth", "based", "located", "now",
            "work", "with", "under", "right",
        ];
        if let Some(rest) =
            phrase.strip(&["how much is", "how much 's", "how much was", "how big is", "what is"])
            && (phrase.at(1) != "is"
                || rest.at(rest.len().wrapping_sub(1)) == "worth"
                || phrase.at(0) == "how")
            && !rest.is_empty()
            && rest.at(0) != "in"
        {
            let record = rest.trim_end(&["worth", "deal"]);
            if !record.is_empty() && !self.is_many(record) && record.position(&["pipeline"]).is_none() {
                return self.value_of(phrase, record, |object| {
                    let field = object.amount_field().filter(|field| field.kind == Kind::Currency)?;
                    Some(Slot { field, part: None })
                });
            }
        }
        if let Some(rest) = phrase.strip(&["where is", "where 's", "where are"]) {
            let record = rest.trim_end(&["based", "located", "from", "at", "in", "headquartered"]);
            return self.value_of(phrase, record, |object| {
                let field = object.fields.iter().find(|field| field.name.contains("address"))?;
                Some(Slot { field, part: None })
            });
        }
        let rest = phrase.strip(&["what", "which", "how many", "who"])?;
        let verb = (1..rest.len())
            .find(|at| matches!(rest.at(*at), "is" | "does" | "do" | "has" | "did" | "are"))?;
        let field = rest.upto(verb);
        let record = rest.from(verb + 1).trim_end(&AFTER);
        let is_end = record.len() + verb + 1 < rest.len() || rest.at(verb) == "has";
        if record.is_empty() || self.is_many(record) || self.is_many_and_no_field(field) || !is_end {
            return None;
        }
        const NOBODY: [&str; 7] = ["we", "i", "you", "there", "they", "my", "our"];
        if NOBODY.contains(&record.at(0)) {
            return None;
        }
        self.field_of(phrase, field, record)
    }

    fn is_many_and_no_field(&self, phrase: Phrase<'_>) -> bool {
        self.is_many(phrase)
    }

    /// The field a phrase names, of the record another one names.
    fn field_of(&self, whole: Phrase<'_>, field: Phrase<'_>, record: Phrase<'_>) -> Option<Outcome> {
        if record.is_empty() || field.is_empty() || self.is_many(record) || self.is_many(field) {
            return None;
        }
        self.value_of(whole, record, |object| self.slot(object, field))
    }

    /// The field a phrase names, of the record spoken of last or on the page.
    fn field_of_it(&self, whole: Phrase<'_>, field: Phrase<'_>) -> Option<Outcome> {
        let has_it = |record: &Record| {
            let object = self.catalogue.object(&record.object);
            object.is_some_and(|object| object.can("get") && self.slot(object, field).is_some())
        };
        let named = self.catalogue.objects.iter().any(|object| self.slot(object, field).is_some());
        if field.is_empty() || !named || self.is_many(field) {
            return None;
        }
        let record = self.spoken_of(false, has_it)?;
        let object = self.catalogue.object(&record.object)?;
        let slot = self.slot(object, field)?;
        whole.cover();
        Some(self.field_outcome(record, slot))
    }

    /// "does Acme renewal close", "is it due", "was Jane created".
    fn time_of(&self, whole: Phrase<'_>, phrase: Phrase<'_>) -> Option<Outcome> {
        let last = phrase.len().checked_sub(1).filter(|last| *last > 0)?;
        let verb = stem(phrase.at(last));
        let is_meant = |field: &&Field| {
            matches!(field.kind, Kind::Date | Kind::DateTime)
                && field.phrases.iter().any(|name| name.first().is_some_and(|first| stem(first) == verb))
        };
        self.value_of(whole, phrase.upto(last), |object| {
            object.fields.iter().find(is_meant).map(|field| Slot { field, part: None })
        })
    }

    /// "who owns": of the record a phrase names, or of all that it describes.
    fn owner_of(&self, whole: Phrase<'_>, phrase: Phrase<'_>) -> Option<Outcome> {
        let owner = |object: &'_ Object| object.fields.iter().position(Field::is_member);
        if let Some((object, start, words)) = self.catalogue.first_named(phrase)
            && let Some(owner) = owner(object)
            && !self.points_back(phrase)
            && !phrase.has_quotes()
            && (self.is_many(phrase.from(start)) || start > 0)
        {
            let noun = phrase.from(start).upto(words);
            whole.cover_before(phrase);
            noun.cover();
            let described = [phrase.upto(start), phrase.from(start + words)];
            let query = Parser::new(self, object, false).parse(&described);
            let is_understood = described.iter().all(|part| part.left().is_empty());
            // "the Acme renewal deal" describes nothing, and so it is a name.
            let is_name = start > 0 && !self.is_many(noun) && !is_understood;
            if !is_name || matches!(query, Err(Stop::Call(_))) {
                return Some(query.and_then(|query| {
                    self.listed(object, query.touching(&object.fields[owner].name), self.is_many(noun))
                }));
            }
        }
        self.value_of(whole, phrase, |object| {
            owner(object).map(|owner| Slot { field: &object.fields[owner], part: None })
        })
    }

    /// The value of the slot that one of the objects has, of the record a phrase names.
    fn value_of<'o>(
        &'o self,
        whole: Phrase<'_>,
        record: Phrase<'_>,
        slot: impl Fn(&'o Object) -> Option<Slot<'o>>,
    ) -> Option<Outcome> {
        let having = |object: &&'o Object| object.can("get") && slot(object).is_some();
        let wanted: Vec<&str> =
            self.catalogue.objects.iter().filter(having).map(|object| object.name.as_str()).collect();
        if wanted.is_empty() {
            return None;
        }
        // What stands beside the record's name has been read.
        for word in (0..whole.len()).map(|at| whole.from(at).upto(1)) {
            if !word.is_within(record) {
                word.cover();
            }
        }
        Some(self.record_to_read(record, &wanted).and_then(|record| {
            let object = self.catalogue.object(&record.object);
            match object.and_then(&slot) {
                Some(slot) => self.field_outcome(&record, slot),
                None => self.one(&record),
            }
        }))
    }

    fn field_outcome(&self, record: &Record, slot: Slot<'_>) -> Outcome {
        let result = self.call(&format!("{}.get", record.object), json!({"id": record.id}))?;
        let cell = &result["record"][slot.field.name.as_str()];
        let cell = slot.part.map_or(cell, |part| &cell[part.name.as_str()]);
        let shown = match cell {
            Value::Null => String::new(),
            cell => render::value(&self.catalogue, &record.object, &slot.field.name, cell),
        };
        let (label, link) = (slot.label(), render::link(record));
        // "due at" is no name for a date.
        let verb = label.strip_suffix(" at");
        Ok(if shown.is_empty() {
            format!("{link} has no {label}.")
        } else if let Some(verb) = verb {
            format!("{link}: {verb} **{}**.", render::escape(&shown))
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
        // People ask for the status of what has stages.
        if name.len() == 1 && matches!(name.at(0), "status" | "state") {
            return object.outcomes().map(|(field, _)| whole(field));
        }
        let (related, words) = self.catalogue.named(name)?;
        let is_meant = |field: &&Field| matches!(&field.kind, Kind::Relation(name) if *name == related.name);
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
