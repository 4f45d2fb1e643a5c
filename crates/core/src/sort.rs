//! The order of a list: `-amount,name`, empty values last in either direction, ties in order of id.

use crate::{
    error::Issue,
    filter::{FieldPath, Hop, Readable},
    metadata::{Field, Object, Schema},
};

/// The most fields a list is ordered by.
pub const MAX_SORT_FIELDS: usize = 4;

/// One field of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct SortField {
    /// The relation that leads to the record whose field it is; none where it is the record's own.
    pub hop: Option<Hop>,
    pub path: FieldPath,
    pub descending: bool,
}

impl SortField {
    /// As it is written in an order, with what a bare name stands for.
    pub fn text(&self) -> String {
        let sign = if self.descending { "-" } else { "" };
        let hop = self.hop.as_ref().map(|hop| format!("{}.", hop.relation)).unwrap_or_default();
        format!("{sign}{hop}{}", self.path.text())
    }
}

/// Reads `-amount,name`. A relation stands for the name of the record that it points to, `account.industry`
/// for another field of that record. A field that `readable` hides does not exist.
pub fn parse_sort(
    text: &str,
    object: &Object,
    schema: &Schema,
    readable: &dyn Readable,
) -> Result<Vec<SortField>, Issue> {
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
        let (hop, path) = place(name, object, schema, readable).map_err(|issue| issue.within("sort"))?;
        if !path.is_sortable() {
            return Err(Issue::new("sort", "not_sortable", format!("{name} cannot be sorted by")));
        }
        fields.push(SortField { hop, path, descending });
    }
    Ok(fields)
}

fn place(
    name: &str,
    object: &Object,
    schema: &Schema,
    readable: &dyn Readable,
) -> Result<(Option<Hop>, FieldPath), Issue> {
    if let Some((hop, target, rest)) = Hop::split(name, object, schema, readable) {
        return Ok((Some(hop), FieldPath::parse(rest, target, readable)?));
    }
    let path = FieldPath::parse(name, object, readable)?;
    match object.field(&path.field) {
        Some(field) if field.name == *name => by_name(field, path, schema, readable),
        _ => Ok((None, path)),
    }
}

/// A field named without a part: one that points to a record stands for the record's name.
fn by_name(
    field: &Field,
    path: FieldPath,
    schema: &Schema,
    readable: &dyn Readable,
) -> Result<(Option<Hop>, FieldPath), Issue> {
    let Some(object) = field.kind.relation() else {
        let is_target = field.kind.targets().is_some();
        return Ok((None, if is_target { FieldPath::of(field, "name") } else { path }));
    };
    let label = schema.object(object).and_then(|target| {
        target.field(&target.label_field).filter(|label| readable.can_read_field(object, &label.name))
    });
    let Some(label) = label else {
        let message =
            format!("{} cannot be sorted by, since names of {object} records are hidden", field.name);
        return Err(Issue::new("", "not_sortable", message));
    };
    let hop = Hop { relation: field.name.clone(), object: object.clone() };
    Ok((Some(hop), FieldPath::whole(label)))
}
