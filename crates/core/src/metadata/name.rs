use std::{borrow::Borrow, fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use smol_str::SmolStr;

/// Why a text cannot name an object or a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("a name has 1 to {max} characters", max = Name::MAX_LENGTH)]
    Length,
    #[error(
        "{0:?} is not a name: it starts with a letter a-z and goes on with a-z, 0-9 and single underscores"
    )]
    Characters(String),
}

/// The name of an object or a field: checked on the way in and never again, so that it may stand in a
/// statement, a path and a JSON Schema as it is. Every value of every record carries one, so a usual name is
/// copied as it is: a counter of its owners would be fought over by all threads that read records.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(SmolStr);

impl Name {
    /// Leaves room for a column's suffix within PostgreSQL's 63 bytes.
    pub const MAX_LENGTH: usize = 40;

    /// A name written in the program itself.
    ///
    /// # Panics
    /// When the literal is not a name, which a test of whoever wrote it shows.
    #[expect(clippy::expect_used, reason = "for literals alone; names from outside go through parse")]
    pub fn literal(name: &'static str) -> Self {
        name.parse().expect("a literal name is valid")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(InvalidName::Length);
        }
        let characters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let shape = text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('_')
            && !text.contains("__");
        if characters && shape {
            Ok(Self(text.into()))
        } else {
            Err(InvalidName::Characters(text.to_owned()))
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_snake_case_is_a_name() {
        for good in ["a", "deal", "close_date", "q4_target"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        let long = "a".repeat(41);
        for bad in ["", "Deal", "1a", "_a", "a_", "a__b", "a-b", "a b", "é", "a;drop", long.as_str()] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }
}
