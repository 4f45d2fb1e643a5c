//! How many, and how much.

use serde_json::{Map, Value, json};

use super::{
    catalogue::{Field, Object},
    kind::Kind,
    numbers,
    query::{Parser, Query, lower},
    render,
    turn::{Interpreter, Outcome, Stop},
    words::{Phrase, Sentence},
};

impl Interpreter {
    /// "how many open deals by stage", with the verb taken away.
    pub(super) fn count(&self, phrase: Phrase<'_>) -> Outcome {
        let (object, query) = self.question(phrase)?;
        let result = self.group(object, &query, json!([{"function": "count"}]))?;
        if !query.group.is_empty() {
            return Ok(self.grouped(object, &query, &result, "count", None));
        }
        let count = result["groups"]
            .as_array()
            .and_then(|groups| groups.first())
            .and_then(|group| group["count"].as_u64());
        let count = count.unwrap_or(0);
        let (verb, noun) = if count == 1 { ("is", &object.singular) } else { ("are", &object.plural) };
        Ok(format!("There {verb} **{count} {}.", query.described(noun, "**")))
    }

    /// "total amount of open deals by stage", with the verb taken away; `function` is what to reckon.
    pub(super) fn total(&self, phrase: Phrase<'_>, function: &str) -> Outcome {
        let rest = phrase.skip(&[
            "of", "the", "amount", "value", "worth", "is", "are", "in", "money", "revenue", "all", "our",
            "do", "we", "have", "did", "business", "volume", "will",
        ]);
        // "how much is in negotiation": the preposition belongs to the stage.
        let taken = phrase.len() - rest.len();
        let back = taken.checked_sub(1).filter(|at| phrase.at(*at) == "in").unwrap_or(taken);
        phrase.upto(back).cover();
        let phrase = phrase.from(back);
        let (object, query) = self.question(phrase)?;
        let named = query.touched.iter().filter_map(|name| object.field(name)).find(|field| is_number(field));
        let Some(field) = named.or_else(|| object.amount_field()) else {
            let numbers: Vec<&str> =
                object.fields.iter().filter(|f| is_number(f)).map(|f| f.label.as_str()).collect();
            return Ok(match numbers.as_slice() {
                [] => format!("{} have no number to reckon with.", super::query::capital(&object.plural)),
                numbers => format!("Say which number is meant: {}.", numbers.join(", ")),
            });
        };
        let result = self.group(
            object,
            &query,
            json!([{"function": "count"}, {"function": function, "field": field.name}]),
        )?;
        if !query.group.is_empty() {
            return Ok(self.grouped(object, &query, &result, function, Some(field)));
        }
        let group =
            result["groups"].as_array().and_then(|groups| groups.first()).cloned().unwrap_or_default();
        let count = group["count"].as_u64().unwrap_or(0);
        if count == 0 {
            return Ok(format!("There are no {}.", query.described(&object.plural, "")));
        }
        let shown = self.reckoned(object, field, &group, function);
        let noun = if count == 1 { &object.singular } else { &object.plural };
        if function == "sum" && group[function][&field.name].is_null() {
            return Ok(format!(
                "None of the **{count} {} has {}.",
                query.described(noun, "**"),
                lower(&field.label)
            ));
        }
        Ok(format!(
            "The {} {} of **{count} {} is **{shown}**.",
            word(function),
            lower(&field.label),
            query.described(noun, "**")
        ))
    }

    /// Whether a phrase begins with a number of some object's, and goes on with what it is of: "amount of deals",
    /// "deal amount by stage".
    pub(super) fn names_number(&self, phrase: Phrase<'_>) -> bool {
        let named = self.catalogue.first_named(phrase).map(|(object, ..)| object.name.as_str());
        let field = phrase.from(self.catalogue.named(phrase).map_or(0, |(_, words)| words));
        let asked = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.can("group") && named.is_none_or(|named| object.name == named));
        asked.filter_map(|object| object.field_at(field)).any(|(found, words)| {
            let rest = field.from(words);
            is_number(found)
                && (rest.is_empty()
                    || ["of", "in", "for", "per", "by", "among", "across"].contains(&rest.at(0)))
        })
    }

    /// "how is the pipeline?", "show my pipeline": what is open, by stage. Nothing where the sentence asks for
    /// something else.
    pub(super) fn pipeline(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const VERBS: [&str; 14] = [
            "how is",
            "how 's",
            "how does",
            "what is in",
            "what 's in",
            "what is",
            "what 's",
            "show me",
            "show",
            "give me",
            "tell me about",
            "summarize",
            "summary of",
            "overview of",
        ];
        const REST: [&str; 13] = [
            "look", "looking", "like", "doing", "going", "today", "now", "overview", "summary", "report",
            "by", "stage", "worth",
        ];
        let whose = phrase.strip(&VERBS).unwrap_or(phrase);
        let rest = whose.skip(&["the", "my", "our", "current", "sales"]);
        // "pipeline by owner"
        if rest.at(0) == "pipeline"
            && matches!(rest.at(1), "by" | "per" | "for")
            && self.pipeline_object().is_some()
            && self.catalogue.named(rest).is_none()
            && !rest.from(1).skip(&REST).is_empty()
        {
            phrase.cover_before(whose);
            return Some(self.total(whose, "sum"));
        }
        let is_meant = rest.at(0) == "pipeline" && rest.from(1).skip(&REST).is_empty();
        let object = self.pipeline_object().filter(|_| is_meant && self.catalogue.named(rest).is_none())?;
        let (stage, _) = object.outcomes()?;
        let mine = if whose.at(0) == "my" { "my " } else { "" };
        let by =
            if rest.position(&["worth"]).is_some() { String::new() } else { format!(" by {}", stage.label) };
        let sentence = Sentence::new(&format!("{mine}open {}{by}", object.plural));
        phrase.cover();
        Some(self.total(sentence.phrase(), "sum"))
    }

    /// What goes through stages and is worth something.
    fn pipeline_object(&self) -> Option<&Object> {
        self.catalogue.objects.iter().find(|object| {
            object.can("group") && object.outcomes().is_some() && object.amount_field().is_some()
        })
    }

    /// The object and the conditions of a question; without a named object, the one of the last list.
    fn question<'p>(&'p self, phrase: Phrase<'p>) -> Result<(&'p Object, Query), Stop> {
        let (object, parts) = match self.catalogue.first_named(phrase) {
            Some((object, start, words)) => {
                phrase.from(start).upto(words).cover();
                (object, vec![phrase.upto(start), phrase.from(start + words)])
            }
            None => {
                let last = self.conversation.list.first().or(self.conversation.spoken.last());
                let known = last.and_then(|record| self.catalogue.object(&record.object));
                let pipeline = phrase.position(&["pipeline"]).and_then(|_| self.pipeline_object());
                let meant = self.object_with_option(phrase).or_else(|| self.object_meant(phrase));
                let object = pipeline
                    .or(meant)
                    .or_else(|| known.filter(|object| object.can("group")))
                    .or_else(|| self.object_with_field(phrase))
                    .or_else(|| {
                        self.pipeline_object()
                            .filter(|_| phrase.position(&["win", "won", "lose", "lost"]).is_some())
                    });
                let object = object.ok_or_else(|| {
                    let names: Vec<&str> =
                        self.catalogue.objects.iter().map(|object| object.plural.as_str()).collect();
                    Stop::Say(format!("Say of what: {}.", names.join(", ")))
                })?;
                (object, vec![phrase])
            }
        };
        Ok((object, Parser::new(self, object, true).parse(&parts)?))
    }

    /// The only object with an amount that has a field named in the phrase.
    fn object_with_field(&self, phrase: Phrase<'_>) -> Option<&Object> {
        let has = |object: &&Object| {
            object.fields.iter().any(|field| field.kind == Kind::Currency)
                && (phrase.is_empty()
                    || (0..phrase.len()).any(|start| {
                        object.field_at(phrase.from(start)).is_some()
                            || object.option_at(phrase.from(start)).is_some()
                    }))
        };
        let mut found = self.catalogue.objects.iter().filter(|object| object.can("group")).filter(has);
        found.next().filter(|_| found.next().is_none())
    }

    fn group(&self, object: &Object, query: &Query, aggregates: Value) -> Result<Value, Stop> {
        if !query.search.is_empty() {
            // Groups are not searched, and a count over too much would be a wrong answer.
            return Err(Stop::Say(format!(
                "I cannot count or add up {} by the words “{}” in their names.",
                object.plural,
                query.search.join(" ")
            )));
        }
        let mut arguments = Map::new();
        if !query.group.is_empty() {
            arguments.insert("by".to_owned(), json!(query.group.iter().take(2).collect::<Vec<_>>()));
        }
        arguments.insert("aggregates".to_owned(), aggregates);
        if let Some(filter) = query.filter() {
            arguments.insert("filter".to_owned(), filter);
        }
        self.call(&format!("{}.group", object.name), Value::Object(arguments))
    }

    fn grouped(
        &self,
        object: &Object,
        query: &Query,
        result: &Value,
        function: &str,
        field: Option<&Field>,
    ) -> String {
        let groups = result["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
        if groups.is_empty() {
            return format!("There are no {}.", query.described(&object.plural, ""));
        }
        let by: Vec<&str> = query.group.iter().take(2).map(String::as_str).collect();
        let plain = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        let mut text = "|".to_owned();
        for name in &by {
            text.push_str(&format!(
                " {} |",
                render::escape(&render::label_of(&self.catalogue, &object.name, &plain(name)))
            ));
        }
        text.push_str(" Count |");
        if let Some(field) = field {
            text.push_str(&format!(
                " {} {} |",
                super::query::capital(word(function)),
                render::escape(&lower(&field.label))
            ));
        }
        text.push_str(&format!(
            "\n|{}---:|{}",
            "---|".repeat(by.len()),
            if field.is_some() { "---:|" } else { "" }
        ));
        let mut all = 0;
        for group in groups {
            text.push_str("\n|");
            for name in &by {
                let cell = match &group["by"][*name] {
                    Value::Null => &group["by"][plain(name)],
                    cell => cell,
                };
                let shown = render::value(&self.catalogue, &object.name, &plain(name), cell);
                text.push_str(&format!(
                    " {} |",
                    if shown.is_empty() { "(none)".to_owned() } else { render::escape(&shown) }
                ));
            }
            let count = group["count"].as_u64().unwrap_or(0);
            all += count;
            text.push_str(&format!(" {count} |"));
            if let Some(field) = field {
                text.push_str(&format!(" {} |", self.reckoned(object, field, group, function)));
            }
        }
        let noun = if all == 1 { &object.singular } else { &object.plural };
        format!("**{all} {}:\n\n{text}", query.described(noun, "**"))
    }

    fn reckoned(&self, object: &Object, field: &Field, group: &Value, function: &str) -> String {
        let figure = &group[function][&field.name];
        let figure = if function == "avg" { numbers::rounded(figure) } else { figure.clone() };
        let shown = render::value(&self.catalogue, &object.name, &field.name, &figure);
        if shown.is_empty() { "nothing".to_owned() } else { shown }
    }
}

fn is_number(field: &Field) -> bool {
    matches!(field.kind, Kind::Number | Kind::Currency)
}

fn word(function: &str) -> &'static str {
    match function {
        "avg" => "average",
        "min" => "smallest",
        "max" => "largest",
        _ => "total",
    }
}
