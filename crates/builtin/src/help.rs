//! What the interpreter says of itself.

use kontor_core::text;

use super::{
    catalogue::Object,
    kind::Kind,
    query::lower,
    turn::Interpreter,
    words::{Phrase, one},
};

/// The verbs, each with the kind of help it leads to.
const VERBS: [&str; 16] = [
    "show", "list", "find", "count", "total", "create", "update", "move", "set", "rename", "assign", "log",
    "note", "delete", "history", "help",
];

/// How it says what it is.
pub(super) const INTRODUCTION: &str = "I am Kontor's built-in command interpreter, not a language model.";
/// What only an admin can do, so that only help says it.
const CONNECT: &str = "An admin can connect a language model under `[models]` in `config/kontor.toml` (or by `KONTOR_MODELS__…` variables), or by running Ollama on this machine.";

impl Interpreter {
    /// What it is and what it understands, with examples from this workspace.
    pub(super) fn help(&self) -> String {
        format!(
            "{INTRODUCTION} I understand:\n\n{}\n\n“it”, “that deal” and “the second one” refer to what I showed last. {CONNECT}",
            self.examples()
                .iter()
                .map(|(example, what)| format!("- **{example}** {what}"))
                .collect::<Vec<_>>()
                .join("\n")
        )
    }

    /// For a sentence of which nothing has a meaning.
    pub(super) fn nothing_understood(&self, said: Phrase<'_>) -> String {
        let near = text::nearest(said.at(0), VERBS);
        let examples = self.examples();
        let nearest = near.and_then(|verb| examples.iter().find(|(example, _)| example.starts_with(verb)));
        let shown: Vec<String> = nearest
            .into_iter()
            .chain(examples.iter().filter(|example| nearest.is_none_or(|nearest| nearest.0 != example.0)))
            .take(4)
            .map(|(example, what)| format!("- **{example}** {what}"))
            .collect();
        let introduction =
            if self.conversation.is_introduced { String::new() } else { format!(" {INTRODUCTION}") };
        format!(
            "I do not understand that.{introduction} The nearest I can do:\n\n{}\n\nSay **help** for everything.",
            shown.join("\n")
        )
    }

    fn examples(&self) -> Vec<(String, &'static str)> {
        let find = |verb: &str, also: &dyn Fn(&&Object) -> bool| {
            let able = self.catalogue.objects.iter().filter(|object| object.can(verb));
            able.clone().find(also).or_else(|| able.clone().next())
        };
        let has_amount = |object: &&Object| object.outcomes().is_some() && object.amount_field().is_some();
        let mut found: Vec<(String, &'static str)> = Vec::new();
        if let Some(object) = find("find", &has_amount) {
            let open = if object.outcomes().is_some() { "open " } else { "" };
            let over = object
                .amount_field()
                .map_or(String::new(), |field| format!(" over 10k by {}", lower(&field.label)));
            found
                .push((format!("show {open}{}{over}", object.plural), "lists; **more** shows the next page"));
            found.push((format!("find {} “Name”", object.singular), "finds and shows one"));
        }
        if let Some(object) = find("group", &has_amount) {
            let by = object.fields.iter().find(|field| matches!(field.kind, Kind::Select(_)));
            let by = by.map_or(String::new(), |field| format!(" by {}", lower(&field.label)));
            found.push((format!("count {}{by}", object.plural), "counts; **how many …** does too"));
            if let Some(field) = object.amount_field() {
                found.push((
                    format!("total {} of {}{by}", lower(&field.label), object.plural),
                    "adds up; also average, largest, smallest",
                ));
            }
        }
        if let Some(object) = find("create", &has_amount) {
            let amount =
                object.amount_field().map_or(String::new(), |field| format!(", {} 20k", lower(&field.label)));
            found.push((format!("create {} “Name”{amount}", object.singular), "creates"));
        }
        if let Some(object) = find("update", &has_amount) {
            let stage = object.outcomes().and_then(|(_, choices)| choices.get(1));
            if let Some(stage) = stage {
                found.push((format!("move it to {}", lower(&stage.label)), "changes its stage"));
            }
            if let Some(field) = object.amount_field() {
                found.push((
                    format!("set the {} of “Name” to 20k", lower(&field.label)),
                    "changes a field; **rename** and **assign** too",
                ));
            }
        }
        if let Some(kind) = self.catalogue.log.as_ref().and_then(|log| log.kinds.first()) {
            found.push((
                format!("log {} with “Name”: what was said", one(&lower(&kind.label))),
                "logs what happened",
            ));
        }
        if find("create", &|object| object.name == "note").is_some_and(|object| object.name == "note") {
            found.push(("note on “Name”: text".to_owned(), "writes a note"));
        }
        if find("delete", &|_| true).is_some() {
            found.push(("delete it".to_owned(), "deletes, after an approval; **restore it** brings it back"));
        }
        if find("timeline", &|_| true).is_some() {
            found.push(("history of “Name”".to_owned(), "tells what changed; **what changed today** too"));
        }
        found
    }
}
