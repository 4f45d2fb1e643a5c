//! Calls that a model wrote as text, because its server does not read them out of what it says.
//!
//! Shown to a person they would be noise, and nothing they ask for happens; so they are held back, and in their place
//! stands what is wrong with the server and what to do about it.

use crate::providers::wire::names::Names;

/// How models begin such a call, at the beginning of a line.
const TAGS: &[&str] = &[
    "<tool_call>",
    "<tool_calls>",
    "<tool_call ",
    "<function_call>",
    "<function_calls>",
    "<function=",
    "<invoke ",
    "<tool_use>",
    "<minimax:tool_call>",
    "<|tool_call|>",
    "<|tool_call>",
    "<|tool_calls_section_begin|>",
    "<|python_tag|>",
    "<|channel|>commentary to=",
    "<｜tool▁calls▁begin｜>",
    "<｜DSML｜function_calls>",
    "[TOOL_CALLS]",
    "[TOOL_REQUEST]",
];

/// Bytes that are held back; who writes more than this writes no call.
const MOST: usize = 64 * 1_024;

/// What a person is told.
const REPORT: &str = "The model wrote a tool call as text in place of making it, so nothing came of it. Its server is not set up to read this model's calls. An admin can mend it: on vLLM with --enable-auto-tool-choice and the --tool-call-parser that fits the model, on SGLang with --tool-call-parser, on llama-server with --jinja and the model's own chat template, on Ollama and LM Studio with a model that is listed as able to use tools. Where the model cannot call tools at all, choose another, or, where it stands in [models] of the configuration, set tools = false for it.";

/// What begins and ends a block of code in Markdown.
const FENCE: &str = "```";

/// Takes a text's pieces and holds back what may be a call.
#[derive(Default)]
pub(super) struct Markup {
    held: String,
    /// What is held begins with a whole tag.
    is_within: bool,
    /// Something other than blanks stands before on the line.
    in_line: bool,
    /// How the line begins, as far as it tells a code fence.
    beginning: String,
    /// Within a code fence, where a call is an example of one.
    in_fence: bool,
}

impl Markup {
    /// Takes a piece, and gives what can be said of it now.
    pub(super) fn take(&mut self, piece: &str, mut give: impl FnMut(String)) {
        self.held.push_str(piece);
        if self.is_within {
            if self.held.len() > MOST {
                self.is_within = false;
                give(std::mem::take(&mut self.held));
            }
            return;
        }
        let mut from = 0;
        while let Some(line) = self.held.get(from..) {
            let begun = line.trim_start_matches([' ', '\t']);
            let at = self.held.len() - begun.len();
            if !self.in_line && !self.in_fence && !begun.is_empty() {
                let is_tag = TAGS.iter().any(|tag| begun.starts_with(tag));
                if is_tag || TAGS.iter().any(|tag| tag.starts_with(begun)) {
                    self.is_within = is_tag;
                    let rest = self.held.split_off(at);
                    let before = std::mem::replace(&mut self.held, rest);
                    return give_some(before, give);
                }
            }
            self.in_line |= !begun.is_empty() && !begun.starts_with(['\n', '\r']);
            let of_line = line.lines().next().unwrap_or_default().trim_start();
            self.beginning.extend(of_line.chars().take(FENCE.len() - self.beginning.len().min(FENCE.len())));
            let Some(end) = line.find('\n') else { break };
            self.in_line = false;
            self.in_fence ^= self.beginning.starts_with(FENCE);
            self.beginning.clear();
            from += end + 1;
        }
        give_some(std::mem::take(&mut self.held), give);
    }

    /// The text is at its end. `made` says whether calls came as calls too, which is then all that was meant.
    pub(super) fn end(&mut self, names: &Names, made: bool, give: impl FnMut(String)) {
        let held = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.is_within) && names.is_any_called_in(&held) {
            if !made {
                tracing::warn!("a model wrote its calls as text: its server is not set up to read them");
                give_some(REPORT.to_owned(), give);
            }
        } else {
            give_some(held, give);
        }
    }
}

fn give_some(text: String, mut give: impl FnMut(String)) {
    if !text.is_empty() {
        give(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a text that comes in pieces of so many characters.
    fn said(text: &str, piece: usize, made: bool) -> String {
        let names = Names::new(["task.create"]);
        let (mut markup, mut said) = (Markup::default(), String::new());
        let letters: Vec<char> = text.chars().collect();
        for piece in letters.chunks(piece) {
            markup.take(&piece.iter().collect::<String>(), |text| said.push_str(&text));
        }
        markup.end(&names, made, |text| said.push_str(&text));
        said
    }

    #[test]
    fn calls_written_as_text_become_a_report_however_they_come() {
        let calls = [
            "<tool_call>\n{\"name\": \"task_create\", \"arguments\": {}}\n</tool_call>",
            "<function=task_create><parameter=title>x</parameter></function>",
            "[TOOL_CALLS][{\"name\": \"task.create\"}]",
            "<｜tool▁calls▁begin｜>function<｜tool▁sep｜>task_create",
        ];
        for (call, piece) in calls.iter().flat_map(|call| [(call, 1), (call, 7), (call, 1_000)]) {
            assert_eq!(said(call, piece, false), REPORT);
            let after = said(&format!("I make it.\n  {call}"), piece, false);
            assert_eq!(after.strip_prefix("I make it.\n  "), Some(REPORT), "{call}");
            assert_eq!(said(&format!("Yes.\n{call}"), piece, true), "Yes.\n", "the call was made as well");
        }
    }

    #[test]
    fn a_call_of_an_operation_that_a_verb_stands_for_is_one() {
        let names = Names::new(["create", "find"]);
        for (text, is_call) in [
            ("<tool_call>\n{\"name\": \"task_create\", \"arguments\": {}}\n</tool_call>", true),
            ("<tool_call>\n{\"name\": \"task.create\", \"arguments\": {}}\n</tool_call>", true),
            ("<function=deal_find></function>", true),
            ("<tool_call>\nYou write task_create there, and it is made.", false),
            ("<tool_call> is how I create and find.", false),
        ] {
            assert_eq!(names.is_any_called_in(text), is_call, "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_calls_are_said_as_they_are() {
        let long = format!("<tool_call>{}", "x".repeat(2 * MOST));
        let texts = [
            "Write <tool_call>task_create</tool_call> to call.",
            "<tool_call> is a tag.",
            "a < b\n<table>\n[1] <",
            "<tool_call>\nYou write task_create there, and it is made.",
            "So:\n```xml\n<tool_call>\n{\"name\": \"task_create\"}\n</tool_call>\n```\nThat is all.",
            "[TOOL",
            " \n\n<\n",
            &long,
        ];
        for (text, piece) in texts.iter().flat_map(|text| [(text, 1), (text, 3), (text, 1_000_000)]) {
            assert_eq!(said(text, piece, false), **text);
        }
    }
}
