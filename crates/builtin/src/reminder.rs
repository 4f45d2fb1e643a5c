//! Reminders: what is to be done and when, with no word of time left in what is to be done.

use serde_json::{Map, json};

use super::{
    ask,
    create::name_value,
    dates::{self, Lean},
    kind::Kind,
    turn::{Interpreter, Outcome, Stop},
    words::Phrase,
};

/// Words that say when, wherever they stand.
const TIMES: [&str; 51] = [
    "morning",
    "mornings",
    "afternoon",
    "evening",
    "evenings",
    "night",
    "tonight",
    "noon",
    "midday",
    "midnight",
    "lunchtime",
    "dawn",
    "o'clock",
    "oclock",
    "am",
    "pm",
    "a.m",
    "p.m",
    "half",
    "hour",
    "hours",
    "minute",
    "minutes",
    "day",
    "days",
    "weekend",
    "weekends",
    "week",
    "weeks",
    "month",
    "months",
    "quarter",
    "year",
    "years",
    "christmas",
    "xmas",
    "easter",
    "thanksgiving",
    "halloween",
    "eve",
    "later",
    "soon",
    "asap",
    "sometime",
    "daily",
    "weekly",
    "monthly",
    "yearly",
    "eod",
    "cob",
    "annually",
];
/// What a time begins with.
const BEGINNINGS: [&str; 26] = [
    "on", "at", "in", "by", "before", "after", "until", "till", "around", "this", "next", "first", "every",
    "each", "when", "during", "within", "since", "from", "once", "if", "as", "early", "late", "or", "and",
];
/// What stands before a day and was not read with it.
const BEFORE_DAY: [&str; 20] = [
    "at", "until", "till", "after", "since", "from", "around", "every", "each", "or", "and", "the", "thing",
    "first", "early", "late", "this", "next", "not", "never",
];
/// What joins a further time to one that was read.
const JOINTS: [&str; 16] = [
    "at", "around", "by", "in", "and", "before", "after", "until", "till", "on", "from", "to", "the", "this",
    ",", "-",
];

impl Interpreter {
    /// "remind me to … tomorrow", "create a task to … tomorrow", with what is before the task taken away.
    pub(super) fn remind(&self, phrase: Phrase<'_>) -> Outcome {
        let task = self.catalogue.object("task").filter(|task| task.can("create"));
        let Some(task) = task else { return Ok("I have no tool here to create tasks.".to_owned()) };
        let mut values = Map::new();
        let phrase = phrase.trim_end(&["please"]);
        phrase.cover();
        let (title, due) = self.task_and_day(phrase)?;
        if let Some(moment) = due {
            let due = task
                .fields
                .iter()
                .find(|field| field.writable && matches!(field.kind, Kind::Date | Kind::DateTime));
            match due {
                Some(due) if due.kind == Kind::Date => {
                    values.insert(due.name.clone(), json!(moment.get(..10)));
                }
                Some(due) => {
                    values.insert(due.name.clone(), json!(moment));
                }
                None => {}
            }
        }
        if let Some(label) = task.label_field().filter(|_| !title.is_empty()) {
            values.insert(label.name.clone(), name_value(label, &title));
        }
        let owner = task.fields.iter().find(|field| field.is_member() && field.writable);
        if let Some(owner) = owner {
            values.insert(owner.name.clone(), json!(self.scene.member.id));
        }
        self.finish(task, values)
    }

    /// What is to be done, without the day and time that stand before, within or behind it, and these.
    fn task_and_day(&self, phrase: Phrase<'_>) -> Result<(String, Option<String>), Stop> {
        for at in 0..phrase.len() {
            let when = phrase.from(at).skip(&["by", "before"]);
            let when = if when.strip(&["at the end", "at end"]).is_some() { when.from(1) } else { when };
            let Some((moment, words)) = self.reminded_at(when)? else { continue };
            if at > 0 && matches!(phrase.at(at - 1), "every" | "each") {
                return Err(Stop::Say("I cannot repeat a task; say the day of the first one.".to_owned()));
            }
            let taken = phrase.from(at).len() - when.len() + words;
            let (before, behind) = (phrase.upto(at), phrase.from(at + taken));
            let behind =
                if before.is_empty() { behind.skip(&["to", "that", "about", ":", ","]) } else { behind };
            self.is_all_of_it(before, behind)?;
            let title = [before.raw(), behind.raw()].join(" ");
            return Ok((title.trim().to_owned(), Some(moment)));
        }
        // "next week" is its first day; any other period says no day.
        for at in 0..phrase.len() {
            let here = phrase.from(at);
            if !matches!(here.at(0), "next" | "this" | "in" | "within" | "during") {
                continue;
            }
            let Some(period) = dates::period(here, self.scene.today, Lean::Ahead)? else { continue };
            let Some(from) = period.from.filter(|_| here.at(0) == "next") else {
                return Err(Stop::Say(format!(
                    "Say on which day: “{}” is more than one.",
                    here.upto(period.words).raw()
                )));
            };
            let (before, behind) = (phrase.upto(at), here.from(period.words).skip(&["to", "that", "about"]));
            self.is_all_of_it(before, behind)?;
            let title = [before.raw(), behind.raw()].join(" ");
            return Ok((title.trim().to_owned(), Some(format!("{from}T09:00"))));
        }
        const UNITS: [&str; 6] = ["hour", "hours", "minute", "minutes", "min", "mins"];
        let counts = |at: &usize| phrase.at(*at) == "in" && UNITS.contains(&phrase.at(at + 2));
        if (0..phrase.len()).any(|at| counts(&at)) {
            return Err(Stop::Say(
                "I cannot count hours from now. Say a day and a time, for example **tomorrow at 10:00**."
                    .to_owned(),
            ));
        }
        let has_time = |at: &usize| {
            matches!(phrase.at(*at), "at" | "around")
                && phrase.at(at + 1).starts_with(|c: char| c.is_ascii_digit())
        };
        if (0..phrase.len()).any(|at| has_time(&at)) {
            return Err(Stop::Say(
                "Say the day too, for example **today at 15:00** or **tomorrow at 10:00**.".to_owned(),
            ));
        }
        let misspelt = (0..phrase.len()).map(|at| phrase.from(at).upto(1)).find_map(|word| {
            const DAYS: [&str; 9] = [
                "today",
                "tomorrow",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ];
            let near = kontor_core::text::nearest(word.at(0), DAYS)?;
            super::limits::is_misspelt(word.at(0), near).then_some((word, near))
        });
        match misspelt {
            Some((word, near)) => Err(Stop::Say(ask::rather(&self.sentence.with(word, near)))),
            None => {
                self.has_no_time_within(phrase)?;
                Ok((phrase.raw().to_owned(), None))
            }
        }
    }

    /// A day with its time at the head of a phrase, and how many words they took; nine in the morning where no time is
    /// said.
    fn reminded_at(&self, phrase: Phrase<'_>) -> Result<Option<(String, usize)>, Stop> {
        let read = self.moment(phrase, Lean::Ahead)?;
        if phrase.at(0) == "tonight" && read.as_ref().is_some_and(|(_, words)| *words == 1) {
            return Err(unclear(phrase.upto(1)));
        }
        Ok(read)
    }

    /// No word of time is left on either side of the time that was read.
    fn is_all_of_it(&self, before: Phrase<'_>, behind: Phrase<'_>) -> Result<(), Stop> {
        if let Some(last) = before.len().checked_sub(1)
            && BEFORE_DAY.contains(&before.at(last))
        {
            return Err(unclear(before.from(last)));
        }
        let further = behind.skip(&JOINTS);
        let joined = further.len() < behind.len();
        let goes_on = behind.at(0) == "or"
            || is_time(further)
            || (joined && further.at(0).starts_with(|c: char| c.is_ascii_digit()))
            || (joined && behind.at(0) != "to" && dates::is_period(further, self.scene.today))
            || further.strip(&["first thing"]).is_some();
        if goes_on {
            return Err(unclear(behind.upto(behind.len() - further.len() + 1)));
        }
        self.has_no_time(if before.is_empty() { behind } else { before })?;
        self.ends_in_no_time(behind)
    }

    /// What is to be done neither begins with a word of time nor ends in one.
    fn has_no_time(&self, title: Phrase<'_>) -> Result<(), Stop> {
        if BEGINNINGS.contains(&title.at(0)) || is_time(title) {
            return Err(unclear(title.upto(2)));
        }
        self.ends_in_no_time(title)
    }

    fn ends_in_no_time(&self, title: Phrase<'_>) -> Result<(), Stop> {
        let Some(last) = title.len().checked_sub(1) else { return Ok(()) };
        if is_time(title.from(last)) || title.from(last.saturating_sub(1)).strip(&["first thing"]).is_some() {
            return Err(unclear(title.from(last)));
        }
        for at in last.saturating_sub(3)..=last {
            let here = title.from(at);
            let is_year = here.at(0).len() == 4 && here.at(0).bytes().all(|letter| letter.is_ascii_digit());
            if !is_year
                && let Some(period) = dates::period(here, self.scene.today, Lean::Ahead)?
                && period.words == here.len()
            {
                return Err(unclear(here));
            }
        }
        Ok(())
    }

    /// The same where no time was read at all.
    fn has_no_time_within(&self, title: Phrase<'_>) -> Result<(), Stop> {
        const PREPOSITIONS: [&str; 9] =
            ["on", "at", "in", "by", "this", "around", "before", "after", "until"];
        for at in 0..title.len() {
            let time = title.from(at + 1).skip(&["the"]);
            if PREPOSITIONS.contains(&title.at(at)) && is_time(time) {
                return Err(unclear(title.from(at).upto(title.len() - at - time.len() + 1)));
            }
        }
        // "remind me new year's eve to call Jane": what stands before what is to be done says when.
        let whole = self.sentence.phrase();
        let says_when =
            (0..whole.len()).any(|at| whole.from(at).starts(&["remind", "me"]) && whole.at(at + 2) != "to");
        let to = title.position(&["to"]).filter(|to| (1..=4).contains(to));
        if let Some(to) = to.filter(|_| says_when && !matches!(title.at(0), "about" | "that" | "of" | ":")) {
            return Err(unclear(title.upto(to)));
        }
        self.has_no_time(title)
    }
}

fn unclear(words: Phrase<'_>) -> Stop {
    Stop::Say(format!(
        "I do not understand “{}” as a time. Say a day and a time, for example **tomorrow at 10:00**. A text that reads like this goes in quotes.",
        words.raw()
    ))
}

/// Whether a word of time stands at the head: "morning", "10:30", "14h", "12/5".
fn is_time(phrase: Phrase<'_>) -> bool {
    let word = phrase.at(0);
    let is_figure =
        |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    let has_unit = ["h", "am", "pm"].iter().any(|unit| word.strip_suffix(unit).is_some_and(is_figure));
    let is_pair = [':', '/', '.'].iter().any(|mark| {
        word.split_once(*mark).is_some_and(|(first, second)| is_figure(first) && is_figure(second))
    });
    TIMES.contains(&word) || has_unit || is_pair
}
