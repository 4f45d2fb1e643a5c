//! When a reminder is due: days and times as they are said of what is to be done, and words of time that are left.

use super::{
    dates::{self, Lean},
    turn::{Interpreter, Stop},
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

/// How a reminder's time was said.
struct When {
    moment: String,
    words: usize,
}

impl Interpreter {
    /// A day with its time at the head of a phrase, and how many words they took: "monday morning", "this evening",
    /// "friday at 14h", "half past nine tomorrow"; nine in the morning where no time is said.
    pub(super) fn reminded_at(&self, phrase: Phrase<'_>) -> Result<Option<(String, usize)>, Stop> {
        let Some(today) = self.conversation.today else { return self.moment(phrase, Lean::Ahead) };
        let found = |day: kontor_core::time::Date, time: &str, words: usize| {
            Some(When { moment: format!("{day}T{time}:00Z"), words })
        };
        let mut when = None;
        if phrase.at(0) == "this"
            && let Some((time, words)) = time_of_day(phrase.from(1))
        {
            when = found(today, &time, 1 + words);
        } else if let Some((time, words)) = time_of_day(phrase) {
            if let Some((day, more)) = dates::day(phrase.from(words), today, Lean::Ahead)? {
                when = found(day, &time, words + more);
            }
        } else if let Some((day, words)) = dates::day(phrase, today, Lean::Ahead)? {
            let rest = phrase.from(words).skip(&[","]);
            if let Some((time, more)) = time_of_day(rest) {
                when = found(day, &time, phrase.len() - rest.len() + more);
            }
        }
        if let Some(when) = when {
            return Ok(Some((when.moment, when.words)));
        }
        let read = self.moment(phrase, Lean::Ahead)?;
        if phrase.at(0) == "tonight" && read.as_ref().is_some_and(|(_, words)| *words == 1) {
            return Err(unclear(phrase.upto(1)));
        }
        Ok(read)
    }

    /// No word of time is left on either side of the time that was read.
    pub(super) fn is_all_of_it(&self, before: Phrase<'_>, behind: Phrase<'_>) -> Result<(), Stop> {
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
            || (joined && behind.at(0) != "to" && dates::is_period(further, self.conversation.today))
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
            if let Some(today) = self.conversation.today
                && !is_year
                && let Some(period) = dates::period(here, today, Lean::Ahead)?
                && period.words == here.len()
            {
                return Err(unclear(here));
            }
        }
        Ok(())
    }

    /// The same where no time was read at all.
    pub(super) fn has_no_time_within(&self, title: Phrase<'_>) -> Result<(), Stop> {
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

/// "morning", "in the evening", "at noon", "14h", "half past nine"; an hour from 1 to 7 can be of either half of the
/// day and is none.
fn time_of_day(phrase: Phrase<'_>) -> Option<(String, usize)> {
    const HOURS: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    let figure = |word: &str| word.parse::<usize>().ok().filter(|hour| *hour < 24 && word.len() <= 2);
    let rest = phrase.strip(&["in the", "at", "around"]).unwrap_or(phrase);
    let said = phrase.len() - rest.len();
    let time = match rest.at(0) {
        "morning" => return Some(("09:00".to_owned(), said + 1)),
        "noon" | "midday" => return Some(("12:00".to_owned(), said + 1)),
        "evening" => return Some(("18:00".to_owned(), said + 1)),
        "half" if rest.at(1) == "past" => {
            let hour = HOURS.iter().position(|name| *name == rest.at(2)).or_else(|| figure(rest.at(2)));
            (hour?, 30, 3)
        }
        word => (figure(word.strip_suffix('h')?)?, 0, 1),
    };
    let (hour, minute, words) = time;
    (!(1..=7).contains(&hour)).then(|| (format!("{hour:02}:{minute:02}"), said + words))
}
