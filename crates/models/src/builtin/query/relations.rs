//! Conditions on related records: "my", "owned by Max", "at Acme", "of this account".

use serde_json::{Value, json};

use super::{Parser, capital, lower, until_boundary};
use crate::builtin::{catalogue::Field, schema::Kind, turn::Stop, words::Phrase};

impl<'p> Parser<'p> {
    /// A condition on who looks after the records.
    pub(super) fn owned(&mut self, condition: Value, said: &str) -> Result<(), Stop> {
        let owner = self.owner_field()?;
        self.add(&owner.name, condition, said.to_owned());
        Ok(())
    }

    /// "owned by me", "assigned to Max".
    pub(super) fn owner(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        let rest = phrase.from(1).skip(&["by", "to"]);
        let used = phrase.len() - rest.len();
        match rest.at(0) {
            "me" | "myself" => self.owned(json!({"eq": "$me"}), "yours")?,
            "nobody" | "noone" => self.owned(json!({"is_empty": true}), "owned by nobody")?,
            _ => {
                let name = until_boundary(rest);
                let owner = self.owner_field()?;
                let Some(filter) = self.object.relation_name_filter(&owner.name) else {
                    return Err(Stop::Say(format!(
                        "{} cannot be found by the owner's name.",
                        capital(&self.object.plural)
                    )));
                };
                self.add(filter, json!({"contains": name.raw()}), format!("owned by {}", name.raw()));
                return Ok(used + name.len());
            }
        }
        Ok(used + 1)
    }

    fn owner_field(&self) -> Result<&'p Field, Stop> {
        let owner = self.object.fields.iter().find(|field| field.is_member());
        owner.ok_or_else(|| Stop::Say(format!("{} have no owner.", capital(&self.object.plural))))
    }

    /// "at Acme", "for that account", "with contact Jane".
    pub(super) fn related(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let preposition = phrase.at(0);
        if !["at", "of", "for", "from", "with", "on", "about", "to"].contains(&preposition) {
            return Ok(None);
        }
        let words = self.pointing(preposition, phrase.from(1), |object| object != "member")?;
        Ok(words.map(|words| 1 + words))
    }

    /// "does Acme have", "does Max own".
    pub(super) fn had(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let Some(end) = phrase.position(&["have", "own", "has", "owns"]) else { return Ok(None) };
        let subject = phrase.upto(end).from(1);
        if subject.is_empty() || ["i", "we", "you", "there"].contains(&subject.at(0)) {
            return Ok(None);
        }
        let words = self.pointing("of", subject, |_| true)?;
        Ok(words.map(|words| if words == subject.len() { 1 + words + 1 } else { 1 + words }))
    }

    /// "Acme's", "the first account's", before what is theirs; how many words it takes.
    pub(super) fn possessor(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        let Some(end) = phrase.position(&["'s"]) else { return Ok(0) };
        let words = self.pointing("of", phrase.upto(end), |_| true)?;
        Ok(words.map_or(0, |words| if words == end { words + 1 } else { words }))
    }

    /// A condition that records point to the one named at the head of a phrase, and how many words name it;
    /// where no object is named, by the relations to those that fit.
    fn pointing(
        &mut self,
        preposition: &str,
        phrase: Phrase<'p>,
        fits: fn(&str) -> bool,
    ) -> Result<Option<usize>, Stop> {
        let rest = phrase.skip(&["the"]);
        let qualifies =
            ["my", "mine", "all", "any", "new", "open", "won", "lost", "closed", "active", "done", "not"];
        if qualifies.contains(&rest.at(0)) {
            return Ok(None);
        }
        let of_its_own = |(field, _): (&Field, usize)| !matches!(field.kind, Kind::Relation(_));
        if self.object.field_at(rest).is_some_and(of_its_own) || self.object.option_at(rest).is_some() {
            return Ok(None);
        }
        let this = matches!(rest.at(0), "this" | "these");
        let pronoun =
            this || matches!(rest.at(0), "it" | "that" | "him" | "her" | "he" | "she" | "them" | "they");
        let after = rest.from(usize::from(pronoun));
        let noun = self.interpreter.catalogue.named(after);
        let after = after.from(noun.map_or(0, |(_, words)| words));
        let named = if pronoun { after.upto(0) } else { until_boundary(after) };
        let used = phrase.len() - after.len() + named.len();
        let relations: Vec<&Field> = self
            .object
            .fields
            .iter()
            .filter(|field| match &field.kind {
                Kind::Relation(Some(object)) => match noun {
                    Some((wanted, _)) => wanted.name == *object,
                    None => fits(object),
                },
                _ => false,
            })
            .collect();
        if (pronoun || named.is_empty())
            && let Some(record) = self.interpreter.spoken_of(this)
        {
            let field = relations.iter().find(
                |field| matches!(&field.kind, Kind::Relation(Some(object)) if *object == record.object),
            );
            if let Some(field) = field {
                let said = format!("{} {}", lower(&field.label), record.label);
                self.add(&field.name, json!({"eq": record.id}), said);
                return Ok(Some(used));
            }
        }
        if named.is_empty() {
            return Ok(None);
        }
        let filters: Vec<Value> = relations
            .iter()
            .filter_map(|field| self.object.relation_name_filter(&field.name))
            .map(|filter| json!({filter: {"contains": named.raw()}}))
            .collect();
        match filters.len() {
            0 => return Ok(None),
            1 => self.query.filters.extend(filters),
            _ => self.query.filters.push(json!({"or": filters})),
        }
        self.query.said.push(format!("{preposition} {}", named.raw()));
        Ok(Some(used))
    }
}
