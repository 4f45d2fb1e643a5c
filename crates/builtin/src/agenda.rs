//! Questions that name no object: what there is to do, and who works where.

use super::{
    query::Parser,
    turn::{Interpreter, Outcome},
    words::{Phrase, Sentence},
};

impl Interpreter {
    /// "what do I have to do today?", "what is on my plate?": the open tasks of the member.
    pub(super) fn agenda(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const BEGINNINGS: [&str; 15] = [
            "what do i have to do",
            "what do i need to do",
            "what should i do",
            "what must i do",
            "what is there to do",
            "what 's there to do",
            "what is on my plate",
            "what 's on my plate",
            "what is on my list",
            "what 's on my list",
            "what is on my agenda",
            "what 's on my agenda",
            "my agenda",
            "my to do list",
            "my to-do list",
        ];
        let rest = phrase.strip(&BEGINNINGS)?;
        let task = self.catalogue.object("task").filter(|task| task.can("find"))?;
        phrase.cover_before(rest);
        Some(self.to_do(task, rest))
    }

    fn to_do(&self, task: &super::catalogue::Object, when: Phrase<'_>) -> Outcome {
        // What is late is still to be done by the end of that time.
        let mine = Sentence::new("my open");
        let mut parser = Parser::new(self, task, false);
        let words = parser.up_to(when)?;
        when.upto(words).cover();
        let query = parser.parse(&[mine.phrase(), when.from(words), when.from(when.len())])?;
        self.listed(task, query, true)
    }

    /// "who works at Acme?", "who do we know at Acme?": the people that belong to it.
    pub(super) fn people_at(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const BEGINNINGS: [&str; 18] = [
            "who works",
            "who is working",
            "who do we know",
            "who do i know",
            "do we know anybody",
            "do we know anyone",
            "do we know someone",
            "do we know somebody",
            "who are our contacts",
            "do we have anybody",
            "do we have anyone",
            "whom do we know",
            "who is our contact",
            "who 's our contact",
            "who do we have",
            "is there anybody",
            "is there anyone",
            "who is",
        ];
        let rest = phrase.strip(&BEGINNINGS)?;
        if !matches!(rest.at(0), "at" | "for" | "from" | "in") {
            return None;
        }
        let contact = self.catalogue.object("contact").filter(|contact| contact.can("find"))?;
        phrase.cover_before(rest);
        Some(
            Parser::new(self, contact, false)
                .parse(&[rest])
                .and_then(|query| self.listed(contact, query, true)),
        )
    }
}
