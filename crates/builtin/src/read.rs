//! Lists, one record, searches, and the next page.

use kontor_core::text::{fold, tokens};
use serde_json::{Map, Value, json};

use super::{
    ask,
    catalogue::{Field, Object},
    conversation::{Record, records},
    kind::Kind,
    query::{Parser, Query},
    render,
    turn::{Interpreter, Outcome, Stop},
    words::{Phrase, plural, singular},
};

/// Fields asked for where a question speaks of one that is not shown by itself.
const MOST_FIELDS: usize = 8;
/// The most words of a name that are compared.
const WORDS: usize = 50;

impl Interpreter {
    /// "show …", with the verb taken away; `by_name` where the verb asks for something by its name alone.
    pub(super) fn show(&self, phrase: Phrase<'_>, by_name: bool) -> Outcome {
        const LEADING: [&str; 22] = [
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
            "us",
            "the",
            "a",
            "again",
            "info",
            "just",
        ];
        if self.points_back(phrase) {
            return self.one(&self.record_to_read(phrase, &[])?);
        }
        let rest = phrase.skip(&LEADING);
        phrase.cover_before(rest);
        if rest.is_empty() {
            return Ok(self.help());
        }
        if self.points_back(rest) {
            return self.one(&self.record_to_read(rest, &[])?);
        }
        if let Some((object, start, words)) = self.catalogue.first_named(rest) {
            rest.from(start).upto(words).cover();
            let parts = [rest.upto(start), rest.from(start + words)];
            let many = is_plural(object, rest.from(start).upto(words));
            if !many && self.is_name_of_one(object, parts, by_name) {
                return self.one(&self.record_to_read(rest, &[object.name.as_str()])?);
            }
            return self.list(object, &parts, many);
        }
        // "calls this week": the option of a field tells the object.
        if let Some(object) = self.object_with_option(rest) {
            let one = rest.position(&["last", "latest", "next"]).map(|at| rest.from(at + 1));
            let is_one = one
                .is_some_and(|noun| object.option_at(noun).is_some() && singular(noun.at(0)) == noun.at(0));
            return self.list(object, &[rest], !is_one);
        }
        if let Some(object) = self.object_meant(rest) {
            return self.list(object, &[rest], true);
        }
        if by_name { self.by_its_name(rest) } else { Err(self.not_understood(&rest.left())) }
    }

    /// Whether what stands beside the singular of an object is the name of one: "contact Jane Doe", "the Acme
    /// renewal deal".
    fn is_name_of_one(&self, object: &Object, [before, behind]: [Phrase<'_>; 2], by_name: bool) -> bool {
        const NO_NAMES: [&str; 46] = [
            "in", "at", "of", "for", "from", "with", "on", "about", "to", "by", "my", "our", "next", "last",
            "latest", "newest", "oldest", "first", "biggest", "largest", "highest", "smallest", "lowest",
            "most", "top", "new", "that", "which", "who", "where", "whose", "closing", "owned", "created",
            "updated", "assigned", "due", "without", "over", "above", "below", "under", "is", "do", "does",
            "recent",
        ];
        let is_name = |phrase: Phrase<'_>| {
            phrase.is_quoted(0)
                || (!phrase.is_empty()
                    && !phrase.has_quotes()
                    && !NO_NAMES.contains(&phrase.at(0))
                    && phrase.position(&["'s"]).is_none()
                    && object.option_at(phrase).is_none()
                    && !matches!(phrase.at(0), "open" | "won" | "lost" | "closed" | "overdue"))
        };
        match (before.is_empty(), behind.is_empty()) {
            (true, false) => is_name(behind.skip(&["named", "called"])),
            (false, true) => by_name && is_name(before),
            _ => false,
        }
    }

    /// What has this name, or else what mentions it.
    fn by_its_name(&self, phrase: Phrase<'_>) -> Outcome {
        let name = phrase.trim_end(&["please", "now"]);
        let text = name.raw();
        if self.speaks_of_many(name) || matches!(name.at(0), "my" | "our") {
            return Err(self.not_understood(&name.left()));
        }
        let found = self.found_by(text)?;
        let wanted = fold(text);
        let words = tokens(text, WORDS);
        let mut exact = found.iter().filter(|record| fold(&record.label) == wanted);
        let has_words = |record: &&Record| {
            let label = tokens(&record.label, WORDS);
            !words.is_empty() && words.iter().all(|word| label.iter().any(|part| part.starts_with(word)))
        };
        let named: Vec<Record> = found.iter().filter(has_words).cloned().collect();
        let is_address = text.contains('@') || text.chars().filter(char::is_ascii_digit).count() > 5;
        if found.is_empty()
            && let Some(corrected) = self.corrected(&name.left())
        {
            return Ok(format!("I know no record called “{text}”. {}", ask::rather(&corrected)));
        }
        name.cover();
        match (exact.next(), exact.next(), named.as_slice(), found.as_slice()) {
            (Some(one), None, ..) | (None, None, [one], _) => self.one(one),
            (None, None, [], [one]) if is_address => self.one(one),
            (_, _, [], []) => Err(self.knows_none(name, &[])),
            (_, _, [], mentioned) => Ok(format!(
                "I know no record called “{text}”. It is mentioned in:\n\n{}",
                render::mixed_table(&self.catalogue, mentioned)
            )),
            (_, _, named, _) => Ok(format!(
                "**{} records** matching “{text}”:\n\n{}",
                named.len(),
                render::mixed_table(&self.catalogue, named)
            )),
        }
    }

    /// The record that a few words alone are the name of; nothing where they are none.
    pub(super) fn bare_name(&self, phrase: Phrase<'_>) -> Outcome {
        let text = phrase.raw();
        let words = tokens(text, WORDS);
        let found = self.found_by(text)?;
        let named = found.iter().any(|record| {
            let label = tokens(&record.label, WORDS);
            words.iter().all(|word| label.contains(word))
        });
        if named { self.by_its_name(phrase) } else { Err(self.not_understood(&phrase.left())) }
    }

    /// The only object that can be listed and has an option named in the plural here, or one after "last".
    pub(super) fn object_with_option(&self, phrase: Phrase<'_>) -> Option<&Object> {
        let has = |object: &&Object| {
            (0..phrase.len()).any(|start| {
                let here = phrase.from(start);
                let before = start.checked_sub(1).map_or("", |before| phrase.at(before));
                let is_many = plural(&singular(here.at(0))) == here.at(0)
                    || matches!(before, "last" | "latest" | "next" | "first" | "recent");
                is_many && object.option_at(here).is_some()
            })
        };
        let mut found = self.catalogue.objects.iter().filter(|object| object.can("find")).filter(has);
        found.next().filter(|_| found.next().is_none())
    }

    /// The object that a question without its name is about: "what is overdue", "closing this week", "everything
    /// in negotiation".
    pub(super) fn object_meant(&self, phrase: Phrase<'_>) -> Option<&Object> {
        let able = || self.catalogue.objects.iter().filter(|object| object.can("find"));
        if phrase.position(&["overdue", "due"]).is_some() {
            return able().find(|object| object.fields.iter().any(|field| field.name.starts_with("due")));
        }
        let rest = phrase.skip(&[
            "everything",
            "anything",
            "that",
            "is",
            "in",
            "do",
            "we",
            "will",
            "have",
            "did",
            "the",
        ]);
        let with_outcomes =
            || able().filter(|object| object.outcomes().is_some() && object.amount_field().is_some());
        let closes = super::words::stem(rest.at(0)) == "clos";
        if closes || matches!(rest.at(0), "win" | "won" | "lose" | "lost") {
            return with_outcomes().next();
        }
        let named: Vec<&Object> = able().filter(|object| object.option_at(rest).is_some()).collect();
        let of_outcomes = with_outcomes().find(|object| {
            object
                .options_at(rest)
                .iter()
                .any(|(field, ..)| object.outcomes().is_some_and(|(outcome, _)| outcome.name == field.name))
        });
        match named.as_slice() {
            [only] => Some(only),
            _ => of_outcomes.filter(|_| phrase.len() > rest.len()),
        }
    }

    fn list(&self, object: &Object, parts: &[Phrase<'_>], many: bool) -> Outcome {
        if let Some(outcome) = self.next_one(object, parts) {
            return outcome;
        }
        self.listed(object, Parser::new(self, object, false).parse(parts)?, many)
    }

    /// "my next task", "the next meeting": the one that is due first from today on.
    fn next_one(&self, object: &Object, parts: &[Phrase<'_>]) -> Option<Outcome> {
        let words = parts.first()?.skip(&["my", "the", "our"]);
        let option = object.option_at(words.from(1)).map_or(0, |(.., words)| words);
        let is_next = matches!(words.at(0), "next" | "upcoming");
        if !is_next || words.len() > 1 + option || (words.len() == 1 && parts.len() == 1) {
            return None;
        }
        let field = object.date_field()?;
        words.upto(1).cover();
        Some(self.due_next(object, parts, words, field))
    }

    fn due_next(&self, object: &Object, parts: &[Phrase<'_>], words: Phrase<'_>, field: &Field) -> Outcome {
        let mine = parts.first().map_or(words.upto(0), |part| part.upto(part.len() - words.len()));
        let mut read = vec![mine, words.from(1)];
        read.extend(parts.iter().skip(1));
        let mut parser = Parser::new(self, object, false);
        parser.upcoming(field)?;
        self.listed(object, parser.parse(&read)?, false)
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
            let wanted = fold(&text);
            let mut exact = found.iter().filter(|record| fold(&record.label) == wanted);
            let one = match (exact.next(), exact.next(), found.as_slice()) {
                (Some(one), None, _) | (None, None, [one]) => Some(one),
                _ => None,
            };
            if let Some(one) = one.filter(|_| object.can("get")) {
                return self.one(one);
            }
        }
        Ok(self.page(object, &result, &query, 0, &query.touched))
    }

    /// A page of a list as it is shown, with what was asked for in words; `before` is how many were shown before it.
    pub(super) fn page(
        &self,
        object: &Object,
        result: &Value,
        query: &Query,
        before: usize,
        touched: &[String],
    ) -> String {
        let count = result["records"].as_array().map_or(0, Vec::len);
        if count == 0 {
            return format!("There are no {}.", query.described(&object.plural, ""));
        }
        let more = result["has_more"].as_bool().unwrap_or(false);
        let last = before + count;
        let total = result["total"].as_u64().and_then(|total| usize::try_from(total).ok());
        let is_part = before > 0 || (more && query.limit.is_none());
        let noun = |count: usize| if count == 1 { &object.singular } else { &object.plural };
        let table = render::table(&self.catalogue, result, touched, before + 1);
        let shown = match total.filter(|total| is_part && *total > count) {
            Some(total) => {
                let place = if before == 0 {
                    format!("The first {count}")
                } else {
                    format!("{} to {last}", before + 1)
                };
                format!("{place} of **{total} {}", query.described(noun(total), "**"))
            }
            None if is_part && before > 0 => {
                format!("{} to {last} of the **{}", before + 1, query.described(&object.plural, "**"))
            }
            None if is_part => format!("The first **{count} {}", query.described(noun(count), "**")),
            None => format!("**{count} {}", query.described(noun(count), "**")),
        };
        let rest = if more && query.limit.is_none() { "\n\nThere are more: say **more**." } else { "" };
        format!("{shown}:\n\n{table}{rest}")
    }

    /// One record with its fields.
    pub(super) fn one(&self, record: &Record) -> Outcome {
        let result = self.call(&format!("{}.get", record.object), json!({"id": record.id}))?;
        Ok(render::details(&self.catalogue, &result))
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
            return Err(Stop::Say("There is no list to go on with.".to_owned()));
        };
        let mut arguments = last.arguments.as_object().cloned().unwrap_or_default();
        arguments.insert("after".to_owned(), json!(next));
        arguments.insert("total".to_owned(), json!(true));
        let result = self.call(&last.name, Value::Object(arguments))?;
        Ok(self.page(object, &result, &Query::default(), self.conversation.list.len(), &[]))
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
    match query.limit {
        Some(limit) => arguments.insert("limit".to_owned(), json!(limit)),
        None => arguments.insert("total".to_owned(), json!(true)),
    };
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
        field.is_some_and(|field| !is_shown(field))
    };
    if query.touched.iter().any(unusual) {
        let mut fields: Vec<&str> = query.touched.iter().map(String::as_str).collect();
        for field in object.fields.iter().filter(|field| is_shown(field)) {
            if !fields.contains(&field.name.as_str()) && fields.len() < MOST_FIELDS {
                fields.push(&field.name);
            }
        }
        fields.retain(|name| object.field(name).is_some());
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
