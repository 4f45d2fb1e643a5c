//! The line at which a path of a YAML text stands.

use std::fmt;

use kontor_core::error::TextPosition;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Where the value at a path such as `cases[3].expect.state` begins; of a path that is not there, the nearest part of it
/// that is.
///
/// The reader of YAML tells places only of what it fails at, so it is led to the place and made to fail there.
pub(super) fn position(yaml: &str, path: &str) -> Option<TextPosition> {
    let mut steps: Vec<_> = steps_of(path);
    loop {
        let seed = Led { steps: &steps };
        let document = serde_yaml_ng::Deserializer::from_str(yaml);
        if let Err(error) = seed.deserialize(document)
            && error.to_string().contains(HERE)
        {
            let place = error.location()?;
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            return Some(TextPosition { line: number(place.line()), column: number(place.column()) });
        }
        steps.pop()?;
    }
}

/// What the error says by which the place is known.
const HERE: &str = "the place that is looked for";

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Item(usize),
}

/// `cases[3].expect` in its steps. Names with a dot in them are found by the longest name that is there.
fn steps_of(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, items) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if !name.is_empty() {
            steps.push(Step::Member(name.to_owned()));
        }
        steps.extend(items.split(['[', ']']).filter_map(|item| item.parse().ok()).map(Step::Item));
    }
    steps
}

#[derive(Clone, Copy)]
struct Led<'s> {
    steps: &'s [Step],
}

impl<'de> DeserializeSeed<'de> for Led<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Led<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match self.steps {
            [] => Err(A::Error::custom(HERE)),
            [Step::Member(name), steps @ ..] => {
                while let Some(key) = map.next_key_seed(Key { steps, name })? {
                    if key {
                        map.next_value_seed(Led { steps })?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(())
            }
            [Step::Item(_), ..] => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(())
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        match self.steps {
            [] => Err(A::Error::custom(HERE)),
            [Step::Item(index), steps @ ..] => {
                for _ in 0..*index {
                    if items.next_element::<IgnoredAny>()?.is_none() {
                        return Ok(());
                    }
                }
                items.next_element_seed(Led { steps })?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(())
            }
            [Step::Member(_), ..] => {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(())
            }
        }
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

impl Led<'_> {
    fn scalar<E: serde::de::Error>(self) -> Result<(), E> {
        if self.steps.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

/// A name in a map: whether it is the one that is looked for, which is the place itself where nothing is behind it.
struct Key<'s> {
    steps: &'s [Step],
    name: &'s str,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<bool, E> {
        match (name == self.name, self.steps) {
            (true, []) => Err(E::custom(HERE)),
            (is_it, _) => Ok(is_it),
        }
    }
}
