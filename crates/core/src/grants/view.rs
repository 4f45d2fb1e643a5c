//! What of an object a caller is shown and may fill in.

use super::{Action, Grants};
use crate::{
    filter::Readable,
    metadata::{Field, Object, Schema, system_fields},
};

impl Grants {
    /// Whether there is an object of this name and its records may be read.
    pub fn sees(&self, schema: &Schema, object: &str) -> bool {
        schema.object(object).is_some() && self.allows(object, Action::Read)
    }

    /// The fields of an object that may be read, in the object's order. What only the machinery needs (where a
    /// record stands in a list, how often it was written, when it was deleted) is left out: it tells a model nothing.
    pub fn shown_fields<'s>(&'s self, object: &'s Object) -> impl Iterator<Item = &'s Field> {
        const MACHINERY: [&str; 3] =
            [system_fields::POSITION, system_fields::VERSION, system_fields::DELETED_AT];
        object.fields.iter().filter(|field| {
            !MACHINERY.contains(&field.name.as_str()) && self.can_read_field(&object.name, &field.name)
        })
    }

    /// The fields of an object that may be given a value, in the object's order. Whether a record may be made or
    /// changed at all its actions say.
    pub fn writable_fields<'s>(
        &'s self,
        schema: &'s Schema,
        object: &'s Object,
    ) -> impl Iterator<Item = &'s Field> {
        object.fields.iter().filter(|field| {
            let written_by_hand = match (field.kind.relation(), field.kind.targets()) {
                (Some(object), _) => self.sees(schema, object),
                (_, Some(objects)) => objects.iter().any(|object| self.sees(schema, object)),
                (None, None) => field.kind.is_asked_for() && !field.is_system,
            };
            written_by_hand && self.can_update_field(&object.name, &field.name)
        })
    }
}
