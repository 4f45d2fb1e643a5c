//! Creating a record from one sentence: "create contact Jane Doe at Acme, email jane@acme.test".

use kontor_core::text::excerpt;
use serde_json::{Map, Value, json};

use super::{
    ask,
    catalogue::{Field, Object},
    conversation::single,
    dates,
    kind::Kind,
    numbers, render,
    turn::{Interpreter, Outcome, Stop},
    values,
    words::{Phrase, one, singular, stem},
};

/// The longest title made from a text.
const TITLE: usize = 80;

/// What ends the name of a new record and the value of one of its fields.
const ENDS: [&str; 14] = [
    ",", ";", ":", "with", "worth", "closing", "due", "owned", "assigned", "at", "for", "from", "about",
    "and",
];

type Values = Map<String, Value>;

impl Interpreter {
    /// "create …", with the verb taken away.
    pub(super) fn create(&self, phrase: Phrase<'_>) -> Outcome {
        let rest = phrase.skip(&["a", "an", "new", "another", "the", "me"]);
        phrase.cover_before(rest);
        let phrase = rest;
        let Some((object, words)) = self.catalogue.named(phrase) else {
            let names: Vec<&str> = self
                .catalogue
                .objects
                .iter()
                .filter(|o| o.can("create"))
                .map(|o| o.singular.as_str())
                .collect();
            return Ok(if names.is_empty() {
                "I have no permission here to create records: your role or this agent's does not allow it."
                    .to_owned()
            } else {
                format!(
                    "Say what to create first, for example **create {} …**. There are: {}.",
                    names[0],
                    names.join(", ")
                )
            });
        };
        let last = phrase.at(words - 1);
        if singular(last) != last {
            return Ok(format!("I create one record at a time: say **create {} “Name”**.", object.singular));
        }
        let mut rest = phrase.from(words).skip(&["named", "called", ":"]);
        phrase.cover_before(rest);
        if object.name == "task" && (rest.at(0) == "to" || phrase.at(words) == ":") && rest.at(0) != ":" {
            if phrase.at(words) == ":" && rest.at(0) != "to" {
                return self.remind(rest);
            }
            rest.upto(1).cover();
            return self.remind(rest.from(1));
        }
        let mut values = Map::new();
        let is_person = object.label_field().is_some_and(|label| label.kind == Kind::FullName);
        if is_person && rest.at(0) == "for" {
            rest.upto(1).cover();
            rest = rest.from(1);
        }
        let name = self.name_of(object, rest);
        name.cover();
        rest = rest.from(name.len());
        if let Some(field) = object.label_field().filter(|_| !name.is_empty()) {
            values.insert(field.name.clone(), name_value(field, name.raw()));
        }
        let said = rest;
        self.is_closed.set(closes_at(object, said));
        while !rest.is_empty() {
            if rest.at(0) == ":" {
                rest.cover();
                self.add_text(object, rest.from(1).raw_to_end(), &mut values);
                break;
            }
            let words = self.clause(object, rest, &mut values)?;
            rest.upto(words).cover();
            rest = rest.from(words.max(1));
        }
        let is_closed = object.outcomes().is_some_and(|(field, _)| {
            values.get(&field.name).is_some_and(|value| values::closes(object, value))
        });
        if is_closed != self.is_closed.get() {
            for field in object.fields.iter().filter(|field| values.contains_key(&field.name)) {
                for at in 0..said.len() {
                    if self.has_two_years(field, said.from(at))? {
                        return Err(values::which_year(field));
                    }
                }
            }
        }
        self.finish(object, values)
    }

    /// Whether records of this name are there already; asks before there is another.
    fn is_new(&self, object: &Object, values: &Values) -> Result<(), Stop> {
        let Some(label) = object.label_field() else { return Ok(()) };
        let is_beside = ["task", "note", "activity"].contains(&object.name.as_str());
        let name = match &values[&label.name] {
            Value::String(name) => name.clone(),
            Value::Object(parts) => {
                let part = |name: &str| parts.get(name).and_then(Value::as_str).unwrap_or_default();
                format!("{} {}", part("first"), part("last")).trim().to_owned()
            }
            _ => return Ok(()),
        };
        if !object.can("create") || is_beside || self.conversation.wants_another || name.is_empty() {
            return Ok(());
        }
        // A lead may be a contact by now, and the other way round.
        let alike = self.catalogue.objects.iter().filter(|other| {
            let is_person = label.kind == Kind::FullName && other.can("create");
            other.can("find")
                && (other.name == object.name
                    || (is_person && other.label_field().is_some_and(|other| other.kind == label.kind)))
        });
        let calls = alike.filter_map(|other| {
            let label = &other.label_field()?.name;
            Some((format!("{}.find", other.name), json!({"filter": {label: {"eq": name}}, "limit": 3})))
        });
        let results = self.lookups(calls.collect())?;
        let found: Vec<String> = results
            .iter()
            .flat_map(super::conversation::records)
            .map(|record| {
                let what = self.catalogue.object(&record.object).map_or("record", |object| &object.singular);
                format!("the {what} {}", render::link(&record))
            })
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        self.all_understood()?;
        Err(Stop::Say(format!("There is already {}. {}", found.join(" and "), ask::ANOTHER)))
    }

    pub(super) fn finish(&self, object: &Object, values: Values) -> Outcome {
        let label = object.label_field();
        if label.is_some_and(|label| !values.contains_key(&label.name)) {
            return Ok(ask::WHAT_NAME.to_owned());
        }
        let missing: Vec<String> = object
            .required
            .iter()
            .filter(|name| !values.contains_key(*name))
            .map(|name| super::query::lower(&render::label_of(&self.catalogue, &object.name, name)))
            .collect();
        if !missing.is_empty() {
            return Ok(format!(
                "{} also needs: {}. Say it again with it, for example **create {} …, {} …**.",
                super::query::capital(&one(&object.singular)),
                missing.join(", "),
                object.singular,
                missing[0]
            ));
        }
        self.all_understood()?;
        self.is_new(object, &values)?;
        let given: Vec<String> = values.keys().cloned().collect();
        let result = self.call(&format!("{}.create", object.name), Value::Object(values))?;
        let link = single(&result).map_or_else(|| "it".to_owned(), |record| render::link(&record));
        let mut text = format!("Created {} {link}.", object.singular);
        let similar: Vec<String> = super::conversation::similar(&result).iter().map(render::link).collect();
        if !similar.is_empty() && !self.conversation.wants_another {
            text.push_str(&format!(" There is already another: {}.", similar.join(", ")));
        }
        for name in given.iter().filter(|name| label.is_none_or(|label| label.name != **name)) {
            let shown = render::value(&self.catalogue, &object.name, name, &result["record"][name]);
            if !shown.is_empty() {
                let title = render::label_of(&self.catalogue, &object.name, name);
                text.push_str(&format!("\n- {}: {}", render::escape(&title), render::escape(&shown)));
            }
        }
        Ok(text)
    }

    /// The leading words up to where something else about the record begins.
    fn name_of<'s>(&self, object: &Object, phrase: Phrase<'s>) -> Phrase<'s> {
        let end = (0..phrase.len()).find(|at| {
            let here = phrase.from(*at);
            let word = here.at(0);
            let is_field = *at > 0
                && object.field_at(here).is_some_and(|(field, words)| {
                    field.writable
                        && here.len() > words
                        && !matches!(field.kind, Kind::Relation(_) | Kind::Target(_))
                });
            (ENDS.contains(&word) && word != "and")
                || (*at > 0 && word == "in" && body_field(object).is_none())
                || (*at > 0 && dates::is_period(here, self.scene.today))
                || (*at > 0 && object.amount_field().is_some() && is_marked_sum(here))
                || word.contains('@')
                || is_field
        });
        end.map_or(phrase, |end| phrase.upto(end))
    }

    /// One thing said about the new record; how many words it took.
    fn clause(&self, object: &Object, phrase: Phrase<'_>, values: &mut Values) -> Result<usize, Stop> {
        let word = phrase.at(0);
        if matches!(word, "," | ";" | "and" | "with" | "a" | "an" | "the" | "is") {
            return Ok(1);
        }
        let writable = || object.fields.iter().filter(|field| field.writable);
        if word.contains('@')
            && let Some(field) =
                writable().find(|field| field.kind == Kind::Contacts && field.name.contains("mail"))
        {
            values.insert(field.name.clone(), json!({"primary": phrase.upto(1).raw()}));
            return Ok(1);
        }
        let amount = phrase.skip(&["worth", "over", "of"]);
        if (word == "worth" || numbers::is_sum(amount))
            && let Some(sum) = numbers::sum(amount)?
            && (word == "worth"
                || sum.currency().is_some()
                || matches!(amount.at(sum.words), "," | ";" | "and")
                || amount.len() == sum.words)
            && let Some(field) = object.amount_field().filter(|field| field.writable)
        {
            values.insert(
                field.name.clone(),
                if field.kind == Kind::Currency { sum.money() } else { sum.number() },
            );
            return Ok(phrase.len() - amount.len() + sum.words);
        }
        if let Some(sum) = numbers::sum(phrase)?
            && let Some((field, words)) = object.field_at(phrase.from(sum.words))
            && field.writable
            && field.kind == Kind::Number
        {
            values.insert(field.name.clone(), sum.number());
            return Ok(sum.words + words);
        }
        if let Some(words) = self.dated_clause(object, phrase, values)? {
            return Ok(words);
        }
        if matches!(word, "owned" | "assigned") {
            let name = self.until_end(phrase.from(1).skip(&["by", "to"]));
            if let Some(field) = writable().find(|field| field.is_member()) {
                values.insert(field.name.clone(), self.value(object, field, name)?);
            }
            return Ok(phrase.len() - phrase.from(1).skip(&["by", "to"]).len() + name.len());
        }
        let (slots, words) = object.slots_at(phrase);
        if slots.len() > 1 {
            let names: Vec<String> = slots.iter().map(|slot| format!("**{}**", slot.label())).collect();
            return Err(Stop::Say(format!(
                "There are several of that name on {}. Say which: {}.",
                one(&object.singular),
                names.join(" or ")
            )));
        }
        if let [slot] = slots.as_slice() {
            let rest = phrase.from(words).skip(&["is", "=", ":", "of", "to"]);
            let value = match &slot.field.kind {
                _ if slot.part.is_some() => self.until_end(rest),
                Kind::Number => rest.upto(numbers::percent(rest)?.map_or(1, |sum| sum.words)),
                Kind::Currency => rest.upto(numbers::sum(rest)?.map_or(1, |sum| sum.words)),
                Kind::Date => rest.upto(self.day(rest, self.lean(slot.field))?.map_or(1, |(_, words)| words)),
                Kind::DateTime => {
                    rest.upto(self.moment(rest, self.lean(slot.field))?.map_or(1, |(_, words)| words))
                }
                Kind::Select(_) => rest.upto(object.option_at(rest).map_or(1, |(_, _, words)| words)),
                _ => self.until_end(rest),
            };
            if !value.is_empty() {
                let given = self.slot_value(object, *slot, value)?;
                if !values::put(values, *slot, given) {
                    return Err(Stop::Say(format!(
                        "You gave two values for the {}. Say which one it should be.",
                        slot.label()
                    )));
                }
                return Ok(phrase.len() - rest.len() + value.len());
            }
        }
        let inside = phrase.skip(&["in", "as", "at", "stage"]);
        if let Some((field, choice, words)) = object.option_at(inside).filter(|(field, ..)| field.writable) {
            values.insert(field.name.clone(), json!(choice.value));
            return Ok(phrase.len() - inside.len() + words);
        }
        if matches!(word, "at" | "for" | "from" | "on" | "about" | "to") {
            return self.related_clause(object, phrase, values);
        }
        Err(Stop::Say(format!(
            "I do not understand “{}” here. Say what it is, for example **create {} “Name”, {} …**.",
            phrase.raw(),
            object.singular,
            writable().nth(1).map_or_else(|| "field".to_owned(), |field| super::query::lower(&field.label))
        )))
    }

    /// "closing friday", "due tomorrow at 14:00".
    fn dated_clause(
        &self,
        object: &Object,
        phrase: Phrase<'_>,
        values: &mut Values,
    ) -> Result<Option<usize>, Stop> {
        let dates = || {
            object
                .fields
                .iter()
                .filter(|field| field.writable && matches!(field.kind, Kind::Date | Kind::DateTime))
        };
        let by_verb = dates().find(|field| {
            field
                .phrases
                .iter()
                .any(|name| name.first().is_some_and(|first| stem(first) == stem(phrase.at(0))))
        });
        let rest = phrase.from(usize::from(by_verb.is_some())).skip(&["on", "by", "date", "at", "in"]);
        let Some(field) = by_verb.or_else(|| dates().next()) else { return Ok(None) };
        self.has_clear_year(field, rest)?;
        let found = match field.kind {
            Kind::Date => self.day(rest, self.lean(field))?.map(|(date, words)| (json!(date), words)),
            _ => self.moment(rest, self.lean(field))?.map(|(moment, words)| (json!(moment), words)),
        };
        let Some((value, words)) = found else { return Ok(None) };
        values.insert(field.name.clone(), value);
        Ok(Some(phrase.len() - rest.len() + words))
    }

    /// "at Acme", "for the second one".
    fn related_clause(
        &self,
        object: &Object,
        phrase: Phrase<'_>,
        values: &mut Values,
    ) -> Result<usize, Stop> {
        let name = self.until_end(phrase.from(1));
        let company = object.field("company").filter(|field| field.writable && field.kind == Kind::Text);
        if let Some(company) = company.filter(|_| matches!(phrase.at(0), "at" | "from")) {
            values.insert(company.name.clone(), json!(name.raw()));
            return Ok(1 + name.len());
        }
        let mut wanted: Vec<&str> = Vec::new();
        for field in object.fields.iter().filter(|field| field.writable) {
            match &field.kind {
                Kind::Relation(related) if related != "member" => wanted.push(related),
                Kind::Target(objects) => wanted.extend(objects.iter().map(String::as_str)),
                _ => {}
            }
        }
        if wanted.is_empty() {
            return Err(Stop::Say(format!(
                "{} belongs to no other record, so I cannot take “{}”.",
                super::query::capital(&one(&object.singular)),
                phrase.raw()
            )));
        }
        let record = self.record(name, &wanted)?;
        let field = object.fields.iter().filter(|field| field.writable).find(|field| match &field.kind {
            Kind::Relation(related) => *related == record.object,
            Kind::Target(objects) => objects.contains(&record.object),
            _ => false,
        });
        match field {
            Some(Field { name, kind: Kind::Target(_), .. }) => {
                values.insert(name.clone(), json!({"object": record.object, "id": record.id}));
            }
            Some(field) => {
                values.insert(field.name.clone(), json!(record.id));
            }
            None => {
                return Err(Stop::Say(format!(
                    "{} cannot belong to {}.",
                    super::query::capital(&one(&object.singular)),
                    render::link(&record)
                )));
            }
        }
        Ok(1 + name.len())
    }

    /// The words up to what says something else: a joint, or a day.
    fn until_end<'s>(&self, phrase: Phrase<'s>) -> Phrase<'s> {
        let ends = |at: &usize| {
            let here = phrase.from(*at);
            ENDS.contains(&here.at(0)) || (*at > 0 && dates::is_period(here, self.scene.today))
        };
        (0..phrase.len()).find(ends).map_or(phrase, |end| phrase.upto(end))
    }

    /// A text after a colon: the name where there is none yet, the body where there is one for it.
    fn add_text(&self, object: &Object, text: &str, values: &mut Values) {
        let Some(label) = object.label_field() else { return };
        let body = body_field(object);
        if !values.contains_key(&label.name) {
            values.insert(label.name.clone(), name_value(label, &excerpt(text, TITLE)));
            if text.chars().count() <= TITLE {
                return;
            }
        }
        if let Some(body) = body {
            values.insert(body.name.clone(), json!(text));
        }
    }
}

/// Whether an option of what is closed is said anywhere of a new record.
fn closes_at(object: &Object, phrase: Phrase<'_>) -> bool {
    (0..phrase.len()).any(|at| {
        let option = object.option_at(phrase.from(at));
        option.is_some_and(|(_, choice, _)| values::closes(object, &json!(choice.value)))
    })
}

/// The long text of a record beside its name.
pub(super) fn body_field(object: &Object) -> Option<&Field> {
    let text = |name: &&str| object.field(name).filter(|field| field.writable && field.kind == Kind::Text);
    ["body", "content", "description", "notes"].iter().find_map(text)
}

pub(super) fn name_value(field: &Field, name: &str) -> Value {
    match field.kind {
        Kind::FullName => values::full_name(name),
        _ => json!(name),
    }
}

/// Whether a sum stands at the head that is marked as one: `12k`, `€500`.
fn is_marked_sum(phrase: Phrase<'_>) -> bool {
    phrase.at(0).parse::<u64>().is_err() && numbers::is_sum(phrase)
}
