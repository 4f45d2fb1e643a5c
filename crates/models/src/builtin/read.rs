//! Lists, one record, searches, and the next page.

use serde_json::{Map, Value, json};

use super::{
    catalogue::{Field, Object},
    conversation::{Record, records},
    query::{Parser, Query},
    render,
    schema::Kind,
    turn::{Interpreter, Outcome},
    words::{Phrase, plural, singular},
};

/// Fields asked for where a question speaks of one that is not shown by itself.
const MOST_FIELDS: usize = 8;

impl Interpreter {
    /// "show …", with the verb taken away.
    pub(super) fn show(&self, phrase: Phrase<'_>) -> Outcome {
        let phrase = phrase.skip(&[
            "me",
            "all",
            "about",
            "everything",
            "information",
            "for",
            "up",
            "is",
            "are",
            "was",
            "out",
            "our",
            "details",
            "detail",
            "of",
            "on",
        ]);
        if phrase.is_empty() {
            return Ok(self.help());
        }
        if self.points_back(phrase) {
            return self.one(&self.record(phrase, &[])?);
        }
        if let Some((object, start, words)) = self.catalogue.first_named(phrase) {
            return self.list(
                object,
                &[phrase.upto(start), phrase.from(start + words)],
                is_plural(object, phrase.from(start).upto(words)),
            );
        }
        // "calls this week": the option of a field tells the object.
        if let Some(object) = self.object_with_option(phrase) {
            return self.list(object, &[phrase], true);
        }
        let text = phrase.skip(&["the", "a"]).raw();
        let found = self.look_up(text, &[])?;
        self.found(found, text)
    }

    /// The only object that can be listed and has an option named in the plural here.
    pub(super) fn object_with_option(&self, phrase: Phrase<'_>) -> Option<&Object> {
        let has = |object: &&Object| {
            (0..phrase.len()).any(|start| {
                let here = phrase.from(start);
                let is_many = plural(&singular(here.at(0))) == here.at(0);
                is_many && object.option_at(here).is_some()
            })
        };
        let mut found = self.catalogue.objects.iter().filter(|object| object.can("find")).filter(has);
        found.next().filter(|_| found.next().is_none())
    }

    fn list(&self, object: &Object, parts: &[Phrase<'_>], many: bool) -> Outcome {
        self.listed(object, Parser::new(self, object, false).parse(parts)?, many)
    }

    /// The records that a question asks for, as a list where it asks for many.
    pub(super) fn listed(&self, object: &Object, mut query: Query, many: bool) -> Outcome {
        if !many && query.is_extreme && query.limit.is_none() {
            query.limit = Some(1);
        }
        let tool = format!("{}.find", object.name);
        let result = self.call(&tool, find_arguments(object, &query))?;
        let found = records(&result);
        if !many && query.is_name() {
            let text = query.search.join(" ");
            let wanted = kontor_core::text::fold(&text);
            let mut exact = found.iter().filter(|record| kontor_core::text::fold(&record.label) == wanted);
            let one = match (exact.next(), exact.next(), found.as_slice()) {
                (Some(one), None, _) | (None, None, [one]) => Some(one),
                _ => None,
            };
            if let Some(one) = one.filter(|_| object.can("get")) {
                return self.one(one);
            }
        }
        Ok(self.listing(object, &result, &query.in_words(), &query.touched))
    }

    /// A list as it is shown, with what was asked for in words.
    pub(super) fn listing(&self, object: &Object, result: &Value, said: &str, touched: &[String]) -> String {
        self.page(object, result, ["The first ", ""], said, touched)
    }

    /// A page of a list, called the one where more come after it and the other where none do.
    fn page(
        &self,
        object: &Object,
        result: &Value,
        [before_more, at_the_end]: [&str; 2],
        said: &str,
        touched: &[String],
    ) -> String {
        let count = result["records"].as_array().map_or(0, Vec::len);
        let asked = if said.is_empty() { String::new() } else { format!(", {said}") };
        if count == 0 {
            return format!("I found no {}{asked}.", object.plural);
        }
        let noun = if count == 1 { &object.singular } else { &object.plural };
        let table = render::table(&self.catalogue, result, touched);
        let more = result["has_more"].as_bool().unwrap_or(false);
        let first = if more { before_more } else { at_the_end };
        let rest = if more { "\n\nThere are more: say **more**." } else { "" };
        format!("{first}**{count} {noun}**{asked}:\n\n{table}{rest}")
    }

    /// One record with its fields.
    pub(super) fn one(&self, record: &Record) -> Outcome {
        let result = self.call(&format!("{}.get", record.object), json!({"id": record.id}))?;
        Ok(render::details(&self.catalogue, &result))
    }

    fn found(&self, found: Vec<Record>, text: &str) -> Outcome {
        let wanted = kontor_core::text::fold(text);
        let mut exact = found.iter().filter(|record| kontor_core::text::fold(&record.label) == wanted);
        match (exact.next(), exact.next(), found.as_slice()) {
            (_, _, []) => {
                Ok(format!("I found nothing matching “{text}”. Say **help** for what I understand."))
            }
            (Some(one), None, _) | (None, None, [one]) => self.one(one),
            _ => Ok(format!(
                "**{} records** matching “{text}”:\n\n{}",
                found.len(),
                render::mixed_table(&self.catalogue, &found)
            )),
        }
    }

    /// The next page of the last list.
    pub(super) fn more(&self) -> Outcome {
        let Some((last, next)) = &self.conversation.last_find else {
            return Ok("There is no list to go on with.".to_owned());
        };
        let (Some(next), Some((name, _))) = (next, last.name.split_once('.')) else {
            return Ok("That was all of it.".to_owned());
        };
        let Some(object) = self.catalogue.object(name) else {
            return Ok("There is no list to go on with.".to_owned());
        };
        let mut arguments = last.arguments.as_object().cloned().unwrap_or_default();
        arguments.insert("after".to_owned(), json!(next));
        let result = self.call(&last.name, Value::Object(arguments))?;
        Ok(self.page(object, &result, ["The next ", "The last "], "", &[]))
    }
}

/// Whether the object was named in the plural.
fn is_plural(object: &Object, noun: Phrase<'_>) -> bool {
    let word = noun.at(noun.len().saturating_sub(1));
    singular(word) != word || kontor_core::text::fold(&object.plural).ends_with(word)
}

/// The arguments of `find`. The fields are chosen only where the question speaks of one that is not shown
/// by itself.
fn find_arguments(object: &Object, query: &Query) -> Value {
    let mut arguments = Map::new();
    if let Some(filter) = query.filter() {
        arguments.insert("filter".to_owned(), filter);
    }
    if let Some((sort, _)) = &query.sort {
        arguments.insert("sort".to_owned(), json!(sort));
    }
    if query.deleted {
        arguments.insert("deleted".to_owned(), json!(true));
    }
    if let Some(limit) = query.limit {
        arguments.insert("limit".to_owned(), json!(limit));
    }
    if !query.search.is_empty() {
        if object.searchable {
            arguments.insert("search".to_owned(), json!(query.search.join(" ")));
        } else if let Some(label) = object.label_field() {
            let name = json!({&label.name: {"contains": query.search.join(" ")}});
            let filter =
                arguments.remove("filter").map_or(name.clone(), |filter| json!({"and": [filter, name]}));
            arguments.insert("filter".to_owned(), filter);
        }
    }
    let label = object.label_field().map(|field| field.name.as_str());
    let unusual = |name: &String| {
        let field = object.field(name).filter(|field| Some(field.name.as_str()) != label);
        field.is_some_and(|field| !is_shown(field) && object.selectable.contains(name))
    };
    if query.touched.iter().any(unusual) {
        let mut fields: Vec<&str> = query.touched.iter().map(String::as_str).collect();
        for field in object.fields.iter().filter(|field| is_shown(field)) {
            if !fields.contains(&field.name.as_str()) && fields.len() < MOST_FIELDS {
                fields.push(&field.name);
            }
        }
        fields.retain(|name| object.selectable.iter().any(|known| known == name));
        arguments.insert("fields".to_owned(), json!(fields));
    }
    Value::Object(arguments)
}

/// Whether `find` shows a field without being asked to.
fn is_shown(field: &Field) -> bool {
    match field.kind {
        Kind::Select(_) | Kind::Currency | Kind::Date | Kind::Relation(_) | Kind::Target(_) => true,
        Kind::DateTime => !["created_at", "updated_at"].contains(&field.name.as_str()),
        Kind::Contacts => field.name.contains("mail"),
        _ => false,
    }
}
