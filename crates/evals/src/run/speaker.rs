//! What the member of a case says.

use regex::{Regex, RegexBuilder};

use super::Error;
use crate::dataset::{Case, ScriptedUser};

/// The member of a case, in a conversation.
pub(super) enum Speaker<'c> {
    /// Says what is written, whatever is answered.
    Turns(std::slice::Iter<'c, String>),
    Scripted {
        user: &'c ScriptedUser,
        answers: Vec<(Regex, bool)>,
        said: u32,
    },
}

impl<'c> Speaker<'c> {
    pub(super) fn new(case: &'c Case) -> Result<Self, Error> {
        let Some(user) = &case.user else { return Ok(Self::Turns(case.turns.iter())) };
        let answers = user.answers.iter().enumerate().map(|(index, answer)| {
            let wrong = |error| Error::fixture(format!("user.answers[{index}].when"), format!("{error}"));
            let when = RegexBuilder::new(&answer.when).case_insensitive(true).build().map_err(wrong)?;
            Ok((when, false))
        });
        Ok(Self::Scripted { user, answers: answers.collect::<Result<_, Error>>()?, said: 0 })
    }

    /// What is said next; `None` at the end of the conversation.
    pub(super) fn next(&mut self, reply: Option<&str>) -> Option<String> {
        let Self::Scripted { user, answers, said } = self else {
            let Self::Turns(turns) = self else { return None };
            return turns.next().cloned();
        };
        if *said >= user.at_most {
            return None;
        }
        *said += 1;
        if *said == 1 {
            return Some(user.opening.clone());
        }
        let reply = reply.unwrap_or_default();
        let mut rules = user.answers.iter().zip(answers);
        let fits = rules.find(|(answer, (when, used))| !(answer.once && *used) && when.is_match(reply));
        match fits {
            Some((answer, (_, used))) => {
                *used = true;
                Some(answer.say.clone())
            }
            None => user.otherwise.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(user: serde_json::Value, replies: &[&str]) -> Vec<String> {
        let case: Case = serde_json::from_value(json!({"name": "one", "user": user})).unwrap();
        let mut speaker = Speaker::new(&case).unwrap();
        let mut replies = replies.iter();
        let mut said: Vec<String> = speaker.next(None).into_iter().collect();
        while let Some(next) = replies.next().and_then(|reply| speaker.next(Some(reply))) {
            said.push(next);
        }
        said
    }

    #[test]
    fn the_first_rule_that_fits_a_reply_is_said_until_none_does() {
        let user = json!({
            "opening": "Raise it.",
            "answers": [
                {"when": "which deal", "say": "The renewal.", "once": true},
                {"when": "which", "say": "I said it."},
            ],
        });
        let replies = ["Which deal?", "WHICH DEAL, please?", "Done.", "Which?"];
        assert_eq!(said(user, &replies), ["Raise it.", "The renewal.", "I said it."]);
    }

    #[test]
    fn what_fits_no_rule_is_answered_otherwise_as_often_as_the_member_speaks_at_most() {
        let user = json!({"opening": "Hello", "otherwise": "Go on.", "at_most": 3});
        assert_eq!(said(user, &["a", "b", "c", "d"]), ["Hello", "Go on.", "Go on."]);
    }
}
