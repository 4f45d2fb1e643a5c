//! Tool names on the wire. OpenAI takes `^[a-zA-Z0-9_-]{1,64}$`, and our operations are named `deal.update`.

use std::{borrow::Cow, collections::HashMap};

/// The longest name the wire takes.
const LONGEST: usize = 64;

/// The names of one request's tools, both ways.
#[derive(Debug, Default)]
pub(crate) struct Names {
    to_wire: HashMap<String, String>,
    from_wire: HashMap<String, String>,
}

impl Names {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut table = Self::default();
        for name in names {
            let plain = sanitize(name);
            let mut wire = plain.clone();
            let mut number = 2;
            while table.from_wire.contains_key(&wire) {
                let suffix = format!("_{number}");
                wire = plain.chars().take(LONGEST - suffix.len()).collect();
                wire.push_str(&suffix);
                number += 1;
            }
            table.from_wire.insert(wire.clone(), name.to_owned());
            table.to_wire.insert(name.to_owned(), wire);
        }
        table
    }

    /// The wire's name of a tool, also of one that the request no longer offers.
    pub(crate) fn wire<'n>(&'n self, name: &str) -> Cow<'n, str> {
        match self.to_wire.get(name) {
            Some(wire) => Cow::Borrowed(wire),
            None => Cow::Owned(sanitize(name)),
        }
    }

    /// Whether a text has the name of a tool in it, as the wire or as we write it, where a call has it and prose has
    /// none: behind a sign and before one.
    pub(crate) fn is_any_called_in(&self, text: &str) -> bool {
        let is_called = |name: &String| {
            text.match_indices(name.as_str()).any(|(at, _)| {
                // A model that is shown `create` may write the operation that it stands for, `task_create`.
                let before = text.get(..at).map(|before| {
                    let object = before.strip_suffix('_').unwrap_or_default();
                    let object = object.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
                    if object.is_empty() { before } else { object }
                });
                let before = before.and_then(|before| before.chars().next_back());
                let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                before.is_some_and(|c| "\"'=>.｜\n".contains(c)) && !after.is_some_and(is_word)
            })
        };
        self.from_wire.iter().any(|(wire, ours)| is_called(wire) || is_called(ours))
    }

    /// Our name of a tool; one that is not in the table comes back as it is.
    pub(crate) fn ours(&self, wire: String) -> String {
        self.from_wire.get(&wire).cloned().unwrap_or(wire)
    }
}

fn sanitize(name: &str) -> String {
    let plain: String = name
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    if plain.is_empty() { "_".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_way_there_and_back() {
        let names = Names::new(["deal.update", "search"]);
        assert_eq!(names.wire("deal.update"), "deal_update");
        assert_eq!(names.ours("deal_update".into()), "deal.update");
        assert_eq!(names.ours("search".into()), "search");
    }

    #[test]
    fn names_that_would_fall_together_stay_apart() {
        let names = Names::new(["deal.log_call", "deal_log.call"]);
        assert_eq!(names.wire("deal_log.call"), "deal_log_call_2");
        assert_eq!(names.ours("deal_log_call_2".into()), "deal_log.call");
    }

    #[test]
    fn an_unknown_name_comes_back_as_it_is() {
        let names = Names::new(["deal.update"]);
        assert_eq!(names.ours("deal.updat".into()), "deal.updat");
    }

    #[test]
    fn every_wire_name_is_in_the_alphabet() {
        let long = "ä.".repeat(80);
        let names = Names::new([long.as_str(), ""]);
        for wire in [names.wire(&long), names.wire(""), names.wire("x y")] {
            assert!((1..=64).contains(&wire.len()), "{wire}");
            assert!(wire.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'), "{wire}");
        }
    }
}
