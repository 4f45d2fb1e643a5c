//! Where a caller may look.

use std::sync::Arc;

use kontor_core::{
    error::Issue,
    filter::{PartType, Readable as _},
    grants::Action,
    metadata::{NAME_SLOT, Object},
};
use kontor_store::SearchScope;

use crate::{Error, Work, records::may_read_every_name};

/// The most objects that a search can name.
const MAX_OBJECTS: usize = 50;

/// The fields of some objects whose words the caller may read, by their slots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Slots {
    pub(super) all: Vec<u16>,
    /// Those that hold telephone numbers.
    pub(super) phones: Vec<u16>,
}

impl Slots {
    pub(super) fn of(work: &Work<'_, '_>, object: &Object) -> Self {
        let mut slots = Self::default();
        for field in object.searchable_fields() {
            let may_read = work.caller.grants.can_read_field(&object.name, &field.name)
                // The words of a target are names of other records.
                && field.kind.targets().is_none_or(|objects| {
                    objects.iter().all(|name| may_read_every_name(work, name))
                });
            let Some(slot) = field.search_slot.filter(|_| may_read) else { continue };
            slots.all.push(slot);
            if field.kind.whole_type() == PartType::Phone {
                slots.phones.push(slot);
            }
        }
        slots
    }

    /// Whether they are all that the object has.
    fn are_whole(&self, object: &Object) -> bool {
        self.all.len() == object.searchable_fields().filter(|field| field.search_slot.is_some()).count()
    }

    fn add(&mut self, other: Self) {
        for (slots, others) in [(&mut self.all, other.all), (&mut self.phones, other.phones)] {
            slots.extend(others);
            slots.sort_unstable();
            slots.dedup();
        }
    }

    pub(super) fn has_name(&self) -> bool {
        self.all.contains(&NAME_SLOT)
    }
}

/// Objects that are searched by one query.
pub(super) struct Scope {
    pub(super) objects: Vec<Arc<Object>>,
    pub(super) slots: Slots,
    /// Whether they are all that the workspace has.
    is_all: bool,
}

impl Scope {
    pub(super) fn documents(&self) -> SearchScope {
        SearchScope {
            objects: self.objects.iter().map(|object| object.name.to_string()).collect(),
            is_all: self.is_all,
        }
    }
}

/// The objects to look in: together those of which the caller may read every word and every record; each by
/// itself any other, so that what the caller may not see of one takes no place from another.
pub(super) fn scopes(work: &Work<'_, '_>, objects: &[Arc<Object>]) -> Vec<Scope> {
    let mut together = Scope { objects: Vec::new(), slots: Slots::default(), is_all: false };
    let mut scopes = Vec::new();
    for object in objects {
        let slots = Slots::of(work, object);
        let has_rules = work.caller.grants.row_rules(&object.name, Action::Read).next().is_some();
        if slots.all.is_empty() {
            continue;
        }
        if slots.are_whole(object) && !has_rules {
            together.objects.push(object.clone());
            together.slots.add(slots);
        } else {
            scopes.push(Scope { objects: vec![object.clone()], slots, is_all: false });
        }
    }
    together.is_all = together.objects.len() == work.schema.objects().len();
    scopes.insert(0, together);
    scopes
}

/// The objects that are named, of those that the caller may read; all of them where none is.
pub(super) fn searched(work: &Work<'_, '_>, objects: Option<&[String]>) -> Result<Vec<Arc<Object>>, Error> {
    let grants = &work.caller.grants;
    let Some(names) = objects else {
        return Ok(grants.readable(work.schema).cloned().collect());
    };
    if names.len() > MAX_OBJECTS {
        let message = format!("expected at most {MAX_OBJECTS} objects");
        return Err(Error::invalid(Issue::new("objects", "too_many", message)));
    }
    let mut found: Vec<Arc<Object>> = Vec::new();
    for name in names {
        let unknown = || Error::unknown_object(name, work.schema, grants);
        let object = grants.readable_object(work.schema, name).ok_or_else(unknown)?;
        if found.iter().all(|known| known.name != object.name) {
            found.push(object.clone());
        }
    }
    Ok(found)
}
