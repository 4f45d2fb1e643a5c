//! The order of a list: `-amount,name`, empty values last in either direction, ties in order of id.

use crate::{
    error::Issue,
    filter::{FieldPath, Readable},
    metadata::Object,
};

/// The most fields a list is ordered by.
pub const MAX_SORT_FIELDS: usize = 4;

/// One field of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct SortField {
    pub path: FieldPath,
    pub descending: bool,
}

/// Reads `-amount,name`. A field that `readable` hides does not exist.
pub fn parse_sort(text: &str, object: &Object, readable: &dyn Readable) -> Result<Vec<SortField>, Issue> {
    let mut fields = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if fields.len() == MAX_SORT_FIELDS {
            return Err(Issue::new(
                "sort",
                "too_many",
                format!("a list is sorted by at most {MAX_SORT_FIELDS} fields"),
            ));
        }
        let (name, descending) = match part.strip_prefix('-') {
            Some(name) => (name, true),
            None => (part.strip_prefix('+').unwrap_or(part), false),
        };
        let path = FieldPath::parse(name, object, readable).map_err(|issue| issue.within("sort"))?;
        if !path.is_sortable() {
            return Err(Issue::new("sort", "not_sortable", format!("{name} cannot be sorted by")));
        }
        fields.push(SortField { path, descending });
    }
    Ok(fields)
}
