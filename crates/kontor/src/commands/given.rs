//! What the clients of the API have in common: addresses of what is named, files that are given, answers as they are
//! shown.

use std::path::Path;

use serde_json::Value;

use crate::{error::Error, terminal};

/// `<collection>/<name>`, whatever is in the name.
pub(super) fn address(collection: &str, name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // That is how forms say a blank, and not how addresses do.
    format!("{collection}/{}", name.replace('+', "%20"))
}

pub(super) fn text_of(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file)
        .map_err(|error| Error::Usage(format!("{} cannot be read: {error}", file.display())))
}

pub(super) fn show(value: &Value) -> Result<(), Error> {
    terminal::line(&format!("{value:#}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_name_stays_in_its_address() {
        assert_eq!(address("/api/roles", "Field rep+1/2"), "/api/roles/Field%20rep%2B1%2F2");
    }
}
