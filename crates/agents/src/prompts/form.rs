//! The form of an agent's final answer: what its model is told of it, and whether an answer has it.

use jsonschema::Validator;
use serde_json::Value as Json;

use crate::definition::ResponseFormat;

/// Mistakes of an answer that the model is told.
const MOST_MISTAKES: usize = 5;
/// Characters of a mistake.
const LONGEST_MISTAKE: usize = 300;

/// The form of answers, ready to look at one.
pub(crate) struct Form {
    instruction: String,
    schema: Option<Validator>,
}

impl Form {
    /// # Errors
    /// What is wrong with the schema.
    pub(crate) fn new(format: &ResponseFormat) -> Result<Self, String> {
        let (instruction, schema) = match format {
            ResponseFormat::Markdown => (String::new(), None),
            ResponseFormat::Text => {
                let told = "\n\n# The form of your answer\nAnswer in plain text, without Markdown: no headings, no tables, no emphasis.\n";
                (told.to_owned(), None)
            }
            ResponseFormat::Schema(schema) => {
                let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
                let told = format!(
                    "\n\n# The form of your answer\nYour final answer is one JSON value that this JSON Schema allows, and nothing else: no other words and no code block around it.\n{schema}\n"
                );
                (told, Some(validator))
            }
        };
        Ok(Self { instruction, schema })
    }

    /// What the model is told of it, behind its prompt.
    pub(crate) fn instruction(&self) -> &str {
        &self.instruction
    }

    /// Why an answer does not have the form, in sentences for the model and for people.
    pub(crate) fn refusal(&self, answer: &str) -> Option<String> {
        let schema = self.schema.as_ref()?;
        let value: Json = match serde_json::from_str(answer) {
            Ok(value) => value,
            Err(error) => return Some(format!("It is not JSON alone ({error}).")),
        };
        let mistakes: Vec<String> = schema
            .iter_errors(&value)
            .take(MOST_MISTAKES)
            .map(|error| {
                let place = error.instance_path().to_string();
                let told = kontor_core::text::excerpt(&error.to_string(), LONGEST_MISTAKE);
                if place.is_empty() { told } else { format!("at {place}: {told}") }
            })
            .collect();
        (!mistakes.is_empty()).then(|| format!("{}.", mistakes.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_looked_at_by_its_schema_alone() {
        let schema = json!({
            "type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}},
        });
        let form = Form::new(&ResponseFormat::Schema(schema)).unwrap();
        assert_eq!(form.refusal("{\"total\": 3}\n"), None);
        assert!(form.refusal("{\"total\": \"3\"}").unwrap().contains("/total"));
        assert!(form.refusal("```json\n{\"total\": 3}\n```").unwrap().starts_with("It is not JSON alone"));
        assert!(form.instruction().contains("\"total\""));
        for format in [ResponseFormat::Text, ResponseFormat::Markdown] {
            assert_eq!(Form::new(&format).unwrap().refusal("anything"), None);
        }
        assert!(Form::new(&ResponseFormat::Schema(json!({"type": "thing"}))).is_err());
    }
}
