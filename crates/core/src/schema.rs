//! The JSON Schema (2020-12) of types whose JSON form is their own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    actor::{Actor, Principal},
    json::JsonText,
    locale::{DateLanguage, TimeZone},
    metadata::Name,
    time::{Date, Timestamp},
};

macro_rules! text_schemas {
    ($($type:ty, $name:literal, $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

text_schemas! {
    Timestamp, "Timestamp", { "type": "string", "format": "date-time" };
    Date, "Date", { "type": "string", "format": "date" };
    TimeZone, "TimeZone", { "type": "string", "description": "A time zone of the IANA database.", "examples": ["Europe/Berlin"] };
    DateLanguage, "DateLanguage", { "type": "string", "description": "A language, with a country's habits, in which dates are written, as BCP 47 names it.", "examples": ["en-GB", "de-DE"] };
    Name, "Name", { "type": "string", "pattern": "^[a-z][a-z0-9]*(_[a-z0-9]+)*$", "maxLength": 40 };
    JsonText, "JsonText", {};
}

impl JsonSchema for Actor {
    fn schema_name() -> Cow<'static, str> {
        "Actor".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let principal = generator.subschema_for::<Principal>();
        json_schema!({
            "type": "object",
            "description": "Who performed an action. An agent that acts for a member has `member` and `member_name`, one that acts for any other principal has `on_behalf_of`.",
            "required": ["kind"],
            "properties": {
                "kind": { "type": "string", "enum": ["member", "agent", "api_key", "workflow", "system"] },
                "id": { "type": "string", "format": "uuid" },
                "name": { "type": "string" },
                "member": { "type": "string", "format": "uuid" },
                "member_name": { "type": "string" },
                "on_behalf_of": principal,
            },
        })
    }
}
