//! The fields every object has.

use kontor_core::metadata::{FieldKind, Name, system_fields as names};

use super::declare::{Declared, field, relation};

/// The system's fields of an object. Members have no owner: a person belongs to nobody.
pub(super) fn fields(object: &Name) -> Vec<Declared> {
    let owner = (object.as_str() != "member")
        .then(|| relation(names::OWNER, "Owner", "member").about("The member who looks after the record."));
    let kept = [
        field(names::ID, "Id", FieldKind::Id).about("The record's own id.").system(),
        field(names::POSITION, "Position", FieldKind::Position)
            .about("Where the record stands in a list ordered by hand."),
        field(names::CREATED_AT, "Created at", FieldKind::DateTime).about("When it was created.").system(),
        field(names::UPDATED_AT, "Updated at", FieldKind::DateTime)
            .about("When it was last changed.")
            .system(),
        field(names::DELETED_AT, "Deleted at", FieldKind::DateTime)
            .about("When it was deleted; empty for a record that is not.")
            .system(),
        field(names::CREATED_BY, "Created by", FieldKind::Actor).about("Who created it.").system(),
        field(names::UPDATED_BY, "Updated by", FieldKind::Actor).about("Who last changed it.").system(),
        field(names::VERSION, "Version", FieldKind::Number { decimals: 0, min: None, max: None })
            .about("Counts the record's changes.")
            .system(),
    ];
    owner.into_iter().chain(kept).collect()
}
