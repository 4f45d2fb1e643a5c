//! Conditions on related records: "my", "owned by Max", "at Acme", "of this account", "where the account is in
//! healthcare".

use serde_json::{Value, json};

use super::{
    Parser, capital, lower,
    vocabulary::{GRAMMAR, PREPOSITIONS},
};
use crate::{
    catalogue::{Field, Object},
    conversation::{Record, records},
    kind::Kind,
    turn::Stop,
    words::{Phrase, singular},
};

/// The most related records that a condition on them may find.
const MOST_RELATED: usize = 60;

impl<'p> Parser<'p> {
    /// A condition on who looks after the records.
    pub(super) fn owned(&mut self, condition: Value, said: &str) -> Result<(), Stop> {
        let owner = self.owner_field()?;
        if std::mem::take(&mut self.negated) {
            self.query.filters.push(json!({"not": {&owner.name: condition}}));
            self.query.after.push(format!("not {said}"));
            self.touch(&owner.name);
            return Ok(());
        }
        self.add(&owner.name, condition, said.to_owned());
        Ok(())
    }

    pub(super) fn mine(&mut self) -> Result<(), Stop> {
        let said = "of yours".to_owned();
        if self.query.after.contains(&said) {
            return Ok(());
        }
        self.owned(json!({"eq": "$me"}), &said)
    }

    /// "owned by me", "assigned to Max".
    pub(super) fn owner(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        let rest = phrase.from(1).skip(&["by", "to"]);
        let used = phrase.len() - rest.len();
        match rest.at(0) {
            "me" | "myself" => self.mine()?,
            "nobody" | "noone" => self.owned(json!({"is_empty": true}), "owned by nobody")?,
            _ => {
                let name = self.run(rest);
                if name.is_empty() {
                    return Ok(0);
                }
                self.owned_by(name)?;
                return Ok(used + name.len());
            }
        }
        Ok(used + 1)
    }

    fn owned_by(&mut self, name: Phrase<'p>) -> Result<(), Stop> {
        let owner = self.owner_field()?;
        let (found, has_more) = self.interpreter.called(name.raw(), &["member"])?;
        if found.is_empty() {
            return Err(self.interpreter.knows_none(name, &["member"]));
        }
        self.related_to(&[owner], name, &found, has_more, "owned by")
    }

    /// "by Max", where it is a member.
    pub(super) fn by_member(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let name = self.run(phrase.from(1));
        let Ok(owner) = self.owner_field() else { return Ok(None) };
        if phrase.at(0) != "by" || name.is_empty() || self.grouping {
            return Ok(None);
        }
        let (found, has_more) = self.interpreter.called(name.raw(), &["member"])?;
        if found.is_empty() {
            return Ok(None);
        }
        self.related_to(&[owner], name, &found, has_more, "by")?;
        Ok(Some(1 + name.len()))
    }

    fn owner_field(&self) -> Result<&'p Field, Stop> {
        let owner = self.object.fields.iter().find(|field| field.is_member());
        owner.ok_or_else(|| Stop::Say(format!("{} have no owner.", capital(&self.object.plural))))
    }

    /// "at Acme", "for that account", "with contact Jane", "of Max".
    pub(super) fn related(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let preposition = phrase.at(0);
        if !PREPOSITIONS.contains(&preposition) || preposition == "as" {
            return Ok(None);
        }
        let of_members = matches!(preposition, "of" | "for" | "from" | "to");
        let words = self.pointing(preposition, phrase.from(1), of_members)?;
        Ok(words.map(|words| 1 + words))
    }

    /// "Acme's", "the first account's", before what is theirs; how many words it takes.
    pub(super) fn possessor(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        let Some(end) = phrase.position(&["'s"]) else { return Ok(0) };
        let words = self.pointing("of", phrase.upto(end), true)?;
        Ok(words.map_or(0, |words| if words == end { words + 1 } else { words }))
    }

    /// A condition that records point to the one named at the head of a phrase, and how many words name it;
    /// where no object is named, by the relations to those that fit.
    pub(super) fn pointing(
        &mut self,
        preposition: &str,
        phrase: Phrase<'p>,
        of_members: bool,
    ) -> Result<Option<usize>, Stop> {
        let rest = phrase.skip(&["the"]);
        const QUALIFIERS: [&str; 19] = [
            "my", "mine", "all", "any", "new", "open", "won", "lost", "closed", "active", "done", "not", "a",
            "an", "no", "me", "each", "every", "our",
        ];
        if rest.is_empty() || QUALIFIERS.contains(&rest.at(0)) {
            return Ok(None);
        }
        let of_its_own =
            |(field, _): (&Field, usize)| !matches!(field.kind, Kind::Relation(_) | Kind::Target(_));
        if self.object.field_at(rest).is_some_and(of_its_own) || self.object.option_at(rest).is_some() {
            return Ok(None);
        }
        let this = matches!(rest.at(0), "this" | "these");
        let pronoun =
            this || matches!(rest.at(0), "it" | "that" | "him" | "her" | "he" | "she" | "them" | "they");
        let after = rest.from(usize::from(pronoun));
        let noun = self.interpreter.catalogue.named(after);
        let after = after.from(noun.map_or(0, |(_, words)| words));
        let named = if pronoun { after.upto(0) } else { self.run(after) };
        let relations: Vec<&'p Field> = self
            .object
            .fields
            .iter()
            .filter(|field| match &field.kind {
                Kind::Relation(object) => match noun {
                    Some((wanted, _)) => wanted.name == *object,
                    None => of_members || object != "member",
                },
                _ => false,
            })
            .collect();
        // Of an owner and an assignee the first is meant, as by "my".
        let mut members = 0;
        let relations: Vec<&'p Field> = relations
            .into_iter()
            .filter(|field| {
                members += usize::from(field.is_member());
                !field.is_member() || members == 1
            })
            .collect();
        let is_relation_of = |record: &Record, field: &Field| matches!(&field.kind, Kind::Relation(object) if *object == record.object);
        if pronoun || (named.is_empty() && noun.is_some_and(|(_, words)| is_singular(rest, words))) {
            let is_personal = matches!(rest.at(0), "him" | "her" | "he" | "she");
            let fits = |record: &Record| {
                let is_meant = !is_personal || self.interpreter.is_person(record);
                is_meant && relations.iter().any(|field| is_relation_of(record, field))
            };
            let Some(record) = self.interpreter.spoken_of(this, fits) else {
                return Ok(None);
            };
            if let Some(field) = relations.iter().find(|field| is_relation_of(record, field)) {
                let said = format!("{preposition} {}", record.label);
                self.condition(json!({&field.name: {"eq": record.id}}), said);
                self.touch(&field.name);
                return Ok(Some(phrase.len() - after.len()));
            }
        }
        if named.is_empty() || relations.is_empty() {
            return Ok(None);
        }
        let objects: Vec<&str> = relations.iter().filter_map(|field| related_object(field)).fold(
            Vec::new(),
            |mut known, object| {
                if !known.contains(&object) {
                    known.push(object);
                }
                known
            },
        );
        // "Max at Halden" is no name; what stands before the preposition may be one.
        let mut name = named;
        loop {
            let (found, has_more) = self.interpreter.called(name.raw(), &objects)?;
            if !found.is_empty() {
                self.related_to(&relations, name, &found, has_more, preposition)?;
                return Ok(Some(phrase.len() - after.len() + name.len()));
            }
            match (1..name.len()).rev().find(|at| PREPOSITIONS.contains(&name.at(*at))) {
                Some(end) => name = name.upto(end),
                None => break,
            }
        }
        if matches!(preposition, "from" | "in") && noun.is_none() {
            return Ok(None);
        }
        Err(self.interpreter.knows_none(name, &objects))
    }

    /// A condition that one of these relations points to one of the records found for a name.
    fn related_to(
        &mut self,
        relations: &[&'p Field],
        name: Phrase<'p>,
        found: &[Record],
        has_more: bool,
        preposition: &str,
    ) -> Result<(), Stop> {
        let mut conditions = Vec::new();
        for field in relations {
            let object = related_object(field);
            let ids: Vec<&str> = found
                .iter()
                .filter(|record| Some(record.object.as_str()) == object)
                .map(|record| record.id.as_str())
                .collect();
            let by_name = field.by_name.as_deref();
            match (ids.as_slice(), by_name) {
                ([], _) => {}
                (_, Some(filter)) if has_more => conditions.push(json!({filter: {"contains": name.raw()}})),
                ([id], _) => conditions.push(json!({&field.name: {"eq": id}})),
                (ids, _) => conditions.push(json!({&field.name: {"in": ids}})),
            }
        }
        let label = match found {
            [only] => only.label.clone(),
            [first, second] => format!("{} or {}", first.label, second.label),
            _ => format!("“{}”", name.raw()),
        };
        let said = format!("{preposition} {label}");
        match conditions.as_slice() {
            [] => {
                return Err(Stop::Say(format!(
                    "{} are not filtered that way.",
                    capital(&self.object.plural)
                )));
            }
            [only] => self.condition(only.clone(), said),
            many => self.condition(json!({"or": many}), said),
        }
        Ok(())
    }

    fn condition(&mut self, condition: Value, said: String) {
        if std::mem::take(&mut self.negated) {
            self.query.filters.push(json!({"not": condition}));
            self.query.after.push(format!("not {said}"));
        } else {
            self.query.filters.push(condition);
            self.query.after.push(said);
        }
    }

    /// What is said of a relation after its name: "is me", "is in healthcare", "Acme".
    pub(super) fn field_of_relation(
        &mut self,
        field: &'p Field,
        rest: Phrase<'p>,
        is_said: bool,
        negated: bool,
    ) -> Result<Option<usize>, Stop> {
        if rest.at(0) == "me" && field.is_member() {
            self.negated = negated;
            self.mine()?;
            return Ok(Some(1));
        }
        let Some(object) = related_object(field) else { return Ok(None) };
        if let Some(words) = self.through(field, object, rest, negated)? {
            return Ok(Some(words));
        }
        let name = self.run(rest);
        if name.is_empty() || (!is_said && GRAMMAR.contains(&name.at(0))) {
            return Ok(None);
        }
        let (found, has_more) = self.interpreter.called(name.raw(), &[object])?;
        if found.is_empty() {
            return Err(self.interpreter.knows_none(name, &[object]));
        }
        self.negated = negated;
        self.related_to(&[field], name, &found, has_more, &lower(&field.label))?;
        Ok(Some(name.len()))
    }

    /// "where the account is in healthcare", "of enterprise accounts", "at accounts in Boston".
    pub(super) fn by_related(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let introduced = phrase.skip(&["where", "whose", "of", "at", "for", "from", "with", "the"]);
        let before = phrase.len() - introduced.len();
        if before == 0 {
            return Ok(None);
        }
        for field in &self.object.fields {
            let Some(object) = related_object(field).filter(|object| *object != "member") else { continue };
            let Some(related) = self.interpreter.catalogue.object(object) else { continue };
            // The noun, with at most three words before it that describe the records.
            let place = (0..introduced.len().min(4)).find_map(|at| {
                let named = self.interpreter.catalogue.named(introduced.from(at));
                named.filter(|(named, _)| named.name == object).map(|(_, words)| (at, words))
            });
            let Some((at, words)) = place else { continue };
            let is_many = !is_singular(introduced.from(at), words);
            let verb = introduced.from(at + words);
            let says = matches!(verb.at(0), "is" | "has" | "are" | "have") || phrase.at(0) == "whose";
            if !(says || is_many) {
                continue;
            }
            let rest = verb.skip(&["is", "are"]);
            if let Some(after) = self.described(related, introduced.upto(at), rest, field)? {
                return Ok(Some(before + at + words + (verb.len() - rest.len()) + after));
            }
        }
        Ok(None)
    }

    /// What is said of a related record behind the relation's name.
    fn through(
        &mut self,
        field: &'p Field,
        object: &str,
        rest: Phrase<'p>,
        negated: bool,
    ) -> Result<Option<usize>, Stop> {
        let Some(related) = self.interpreter.catalogue.object(object) else { return Ok(None) };
        let describes = matches!(rest.at(0), "in" | "from" | "based" | "located" | "without" | "with")
            || related.option_at(rest).is_some();
        if !describes || negated {
            return Ok(None);
        }
        self.described(related, rest.upto(0), rest, field)
    }

    /// A condition that a relation points to a record that fits a description before and behind its noun; how
    /// many words behind it were taken.
    fn described(
        &mut self,
        related: &'p Object,
        before: Phrase<'p>,
        behind: Phrase<'p>,
        field: &Field,
    ) -> Result<Option<usize>, Stop> {
        const END: [&str; 17] = [
            ",", ";", "and", "or", "by", "per", "sorted", "ordered", "closing", "created", "updated", "over",
            "above", "under", "below", "between", "first",
        ];
        let behind = behind.position(&END).map_or(behind, |end| behind.upto(end));
        if before.is_empty() && behind.is_empty() || !related.can("find") {
            return Ok(None);
        }
        let query = Self::new(self.interpreter, related, false).parse(&[before, behind])?;
        let left: Vec<Phrase<'_>> = before.left().into_iter().chain(behind.left()).collect();
        if !left.is_empty() {
            return Err(self.interpreter.not_understood(&left));
        }
        let Some(filter) = query.filter() else { return Ok(None) };
        let arguments = json!({"filter": filter, "limit": MOST_RELATED});
        let result = self.interpreter.lookups(vec![(format!("{}.find", related.name), arguments)])?;
        let found: Vec<Record> = result.iter().flat_map(records).collect();
        let described = query.described(&related.plural, "");
        if result.iter().any(|result| result["has_more"] == true) {
            return Err(Stop::Say(format!(
                "There are more than {MOST_RELATED} {described}, too many to find what belongs to them."
            )));
        }
        if found.is_empty() {
            return Err(Stop::Say(format!("There are no {described}.")));
        }
        let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
        self.condition(json!({&field.name: {"in": ids}}), format!("of {described}"));
        self.touch(&field.name);
        Ok(Some(behind.len()))
    }
}

fn related_object(field: &Field) -> Option<&str> {
    match &field.kind {
        Kind::Relation(object) => Some(object),
        _ => None,
    }
}

fn is_singular(phrase: Phrase<'_>, words: usize) -> bool {
    let noun = phrase.at(words.saturating_sub(1));
    singular(noun) == noun
}
