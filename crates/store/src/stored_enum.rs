//! Enums that are stored as words.

use serde_json::json;

/// Declares an enum whose values are words in the database and in JSON: one list of words, so that the two cannot
/// disagree. A column is read as it by [`Row::get`](crate::Row::get), which fails on a word that is none of them, and
/// it is a value of statements.
///
/// ```
/// kontor_store::stored_enum! {
///     /// Whether a shop takes orders.
///     pub enum ShopState: "state of a shop" {
///         Open = "open",
///         /// For the season.
///         Closed = "closed",
///     }
/// }
/// assert_eq!(ShopState::Closed.word(), "closed");
/// assert_eq!(ShopState::from_word("open"), Some(ShopState::Open));
/// ```
///
/// The comments on it and on its values are their descriptions in schemas.
#[macro_export]
macro_rules! stored_enum {
    (
        $(#[doc = $outer:literal])*
        $visibility:vis enum $name:ident: $what:literal {
            $($(#[doc = $inner:literal])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[doc = $outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name {
            $($(#[doc = $inner])* $variant),+
        }

        #[allow(dead_code, reason = "not every enum needs every part")]
        impl $name {
            $visibility const ALL: &'static [Self] = &[$(Self::$variant),+];
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// As it is stored and written in JSON.
            $visibility const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            $visibility fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl $crate::Decode for $name {
            fn decode(cell: $crate::Cell<'_>) -> ::std::result::Result<Self, $crate::Error> {
                let word = <::std::string::String as $crate::Decode>::decode(cell)?;
                Self::from_word(&word).ok_or($crate::Error::UnknownWord { what: $what, word })
            }
        }

        impl $crate::Encode for $name {
            fn encode(&self) -> $crate::stored_enum::sea_query::Value {
                (*self).into()
            }

            fn null() -> $crate::stored_enum::sea_query::Value {
                $crate::stored_enum::sea_query::Value::String(::std::option::Option::None)
            }
        }

        impl ::std::convert::From<$name> for $crate::stored_enum::sea_query::Value {
            fn from(value: $name) -> Self {
                value.word().into()
            }
        }

        impl $crate::stored_enum::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(
                _: &mut $crate::stored_enum::schemars::SchemaGenerator,
            ) -> $crate::stored_enum::schemars::Schema {
                $crate::stored_enum::schema(&[$($outer),*], &[$(($word, &[$($inner),*])),+])
            }
        }

        impl $crate::stored_enum::serde::Serialize for $name {
            fn serialize<S: $crate::stored_enum::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> $crate::stored_enum::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::stored_enum::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                use $crate::stored_enum::serde::de::Error as _;

                let word = <::std::string::String as $crate::stored_enum::serde::Deserialize>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| D::Error::unknown_variant(&word, Self::WORDS))
            }
        }
    };
}

/// The schema of an enum: its words, and what is said of it and of them, a line each.
#[doc(hidden)]
pub fn schema(lines: &[&str], words: &[(&str, &[&str])]) -> schemars::Schema {
    let text = |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
    let plain: Vec<&str> =
        words.iter().filter(|(_, lines)| lines.is_empty()).map(|(word, _)| *word).collect();
    let documented = words.iter().filter(|(_, lines)| !lines.is_empty());
    let mut schema = if plain.len() == words.len() {
        schemars::json_schema!({ "type": "string", "enum": plain })
    } else {
        let one_of = (!plain.is_empty()).then(|| json!({ "type": "string", "enum": plain }));
        let described = documented
            .map(|(word, lines)| json!({ "description": text(lines), "type": "string", "const": word }));
        schemars::json_schema!({ "oneOf": one_of.into_iter().chain(described).collect::<Vec<_>>() })
    };
    if !lines.is_empty() {
        schema.insert("description".to_owned(), text(lines).into());
    }
    schema
}

#[doc(hidden)]
pub use schemars;
#[doc(hidden)]
pub use sea_query;
#[doc(hidden)]
pub use serde;

#[cfg(test)]
mod tests {
    use schemars::schema_for;
    use serde_json::json;

    crate::stored_enum! {
        /// Whether a shop
        /// takes orders.
        enum ShopState: "state of a shop" {
            Open = "open",
            /// For the season.
            Closed = "closed",
        }
    }

    crate::stored_enum! {
        enum Side: "side" {
            Left = "left",
            Right = "right",
        }
    }

    #[test]
    fn a_schema_says_what_the_comments_say() {
        let of = |schema: schemars::Schema| {
            let mut json = schema.to_value();
            json.as_object_mut().unwrap().retain(|key, _| !["$schema", "title"].contains(&key.as_str()));
            json
        };
        let closed = json!({ "description": "For the season.", "type": "string", "const": "closed" });
        let open = json!({ "type": "string", "enum": ["open"] });
        assert_eq!(
            of(schema_for!(ShopState)),
            json!({ "description": "Whether a shop\ntakes orders.", "oneOf": [open, closed] })
        );
        assert_eq!(of(schema_for!(Side)), json!({ "type": "string", "enum": ["left", "right"] }));
    }
}
