use serde::Deserialize;

use crate::error::Error;

/// What stands above a prompt: who the agent is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrontMatter {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) description: String,
    pub(crate) model: String,
    pub(crate) role: String,
    pub(crate) operations: Vec<String>,
}

/// Splits a prompt file into its YAML front matter and its template.
pub(crate) fn parse<'t>(file: &str, text: &'t str) -> Result<(FrontMatter, &'t str), Error> {
    let unreadable = |reason: String| Error::FrontMatter { file: file.to_owned(), reason };
    let (yaml, body) = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .ok_or_else(|| unreadable("it does not begin with a block between lines of ---".to_owned()))?;
    let front = serde_yaml_ng::from_str(yaml).map_err(|error| unreadable(error.to_string()))?;
    Ok((front, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_front_matter_and_a_template() {
        let text = "---\nname: a\nlabel: A\ndescription: D\nmodel: default\nrole: Viewer\noperations: [\"*.find\"]\n---\nYou are.\n";
        let (front, body) = parse("a.md", text).unwrap();
        assert_eq!((front.name.as_str(), front.operations.as_slice()), ("a", &["*.find".to_owned()][..]));
        assert_eq!(body, "You are.\n");
    }

    #[test]
    fn a_prompt_without_front_matter_is_refused_by_its_file() {
        let error = parse("b.md", "You are.").err().unwrap();
        assert!(error.to_string().contains("b.md"), "{error}");
    }
}
