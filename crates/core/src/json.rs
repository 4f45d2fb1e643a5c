//! JSON that is written once and read seldom.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, value::RawValue};

/// A JSON value as its text. Cloning is cheap, and serializing copies the text.
#[derive(Debug, Clone)]
pub struct JsonText(Arc<RawValue>);

impl JsonText {
    /// # Errors
    /// A map whose keys are no strings.
    pub fn new(value: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::value::to_raw_value(value).map(|raw| Self(raw.into()))
    }

    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    pub fn to_value(&self) -> Value {
        // Numbers beyond every range are the only JSON that has no value.
        serde_json::from_str(self.as_str()).unwrap_or_else(|_| self.as_str().into())
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// By way of a value, so that it can stand within what serde has to read ahead, such as a tagged enum.
impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::new(&value).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::turn::ToolOutcome;

    use super::*;

    #[test]
    fn a_text_stands_in_json_as_what_it_is_and_comes_back_from_a_tagged_enum() {
        let value = json!({"b": [1, "x"], "a": null});
        let outcome = ToolOutcome::Succeeded { result: JsonText::new(&value).unwrap() };
        let written = serde_json::to_string(&outcome).unwrap();
        assert_eq!(written, r#"{"status":"succeeded","result":{"b":[1,"x"],"a":null}}"#);
        let read: ToolOutcome = serde_json::from_str(&written).unwrap();
        assert_eq!(read, outcome);
        let ToolOutcome::Succeeded { result } = read else { panic!("another outcome") };
        assert_eq!(result.to_value(), value);
    }
}
