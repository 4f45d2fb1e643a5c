//! Email addresses as sign-in names, and names of people and workspaces.

use crate::{Error, Result};

/// The longest address SMTP carries (RFC 5321, erratum 1690).
const MAX_LENGTH: usize = 254;
/// The longest name of a person or a workspace, in characters.
const MAX_NAME: usize = 100;

/// The form in which addresses are kept and compared: trimmed, lower case. Whether mail arrives there, only
/// mail can tell, so no more than the shape is checked.
pub(crate) fn normalize(email: &str) -> Result<String> {
    let email = fold(email);
    let shape = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
    });
    if shape && email.len() <= MAX_LENGTH && !email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Ok(email)
    } else {
        Err(Error::input("email", "invalid_email", "This is not an email address such as ada@example.com."))
    }
}

/// The same without a check, to look an address up.
pub(crate) fn fold(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A name as it is kept: trimmed, not empty, on one line.
pub(crate) fn name(path: &str, name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::input(path, "required", "A name is required."));
    }
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let message = format!("A name has at most {MAX_NAME} characters, all on one line.");
        return Err(Error::input(path, "invalid_name", message));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case_and_checked_for_their_shape() {
        assert_eq!(normalize("  Ada@Example.COM ").unwrap(), "ada@example.com");
        for wrong in ["", "ada", "@example.com", "ada@", "a@b@c", "a b@c.de", "a@b\0.de", "a@.de"] {
            assert!(normalize(wrong).is_err(), "{wrong:?}");
        }
    }
}
