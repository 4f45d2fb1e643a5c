//! What is wrong with a view, and what a reader is told of one.

use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    error::Issue,
    filter::{FieldPath, PartType, Readable as _},
    grants::Permission,
    metadata::{Field, Object},
    sort::MAX_SORT_FIELDS,
    text,
};
use serde_json::Value as Json;

use super::{Column, MAX_COLUMNS, Order, View, ViewType, Visibility, rows::ViewRow};
use crate::{
    Work,
    kinds::{self, Grouping},
    records::{check_kept, check_order},
};

const LONGEST_NAME: usize = 100;
const LONGEST_ICON: usize = 40;
const NARROWEST: u32 = 32;
const WIDEST: u32 = 1_000;

/// All that is wrong with a view, of which there may be nothing.
pub(super) fn issues(work: &Work<'_, '_>, object: &Object, row: &ViewRow) -> Vec<Issue> {
    let mut issues = Vec::new();
    issues.extend(name(&row.name));
    issues.extend(icon(&row.icon));
    issues.extend(group_by(work, object, row.kind, row.group_by.as_deref()).err());
    if let Some(filter) = &row.filter {
        issues.extend(check_kept(work, object, filter).err().into_iter().flatten());
    }
    issues.extend(row.sort.as_ref().and_then(|sort| order(work, object, sort).err()));
    issues.extend(columns(work, object, row.columns.as_deref().unwrap_or_default()));
    if row.visibility == Visibility::Private && row.owner.is_none() {
        let message = "only a member has private views; give the visibility WORKSPACE";
        issues.push(Issue::new("visibility", "no_member", message));
    }
    issues
}

fn name(name: &str) -> Option<Issue> {
    if name.is_empty() {
        return Some(Issue::new("name", "required", "a view needs a name"));
    }
    let is_long = name.chars().count() > LONGEST_NAME;
    let message = format!("a name has at most {LONGEST_NAME} characters, all in one line");
    (is_long || name.chars().any(char::is_control)).then(|| Issue::new("name", "too_long", message))
}

fn icon(icon: &str) -> Option<Issue> {
    let is_word = icon.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let message = format!("an icon is a word of at most {LONGEST_ICON} small letters, digits and hyphens");
    (!is_word || icon.len() > LONGEST_ICON).then(|| Issue::new("icon", "invalid_value", message))
}

/// A field that the caller may read.
fn readable<'o>(work: &Work<'_, '_>, object: &'o Object, name: &str, at: &str) -> Result<&'o Field, Issue> {
    let path = FieldPath::parse(name, object, &*work.caller.grants).map_err(|issue| issue.within(at))?;
    object.field(&path.field).filter(|field| field.name == *name).ok_or_else(|| {
        let message = format!("{:?} is a part of a field; name the whole field", text::excerpt(name, 60));
        Issue::new(at, "unknown_field", message)
    })
}

fn group_by(work: &Work<'_, '_>, object: &Object, kind: ViewType, name: Option<&str>) -> Result<(), Issue> {
    const AT: &str = "group_by";
    let needs = match kind {
        ViewType::Table => "",
        ViewType::Kanban => "a board needs a field with options, whose columns are those of the board",
        ViewType::Calendar => "a calendar needs a date or a moment to show records by",
    };
    let Some(name) = name else {
        return if needs.is_empty() { Ok(()) } else { Err(suggest(work, object, kind, "required", needs)) };
    };
    let field = readable(work, object, name, AT)?;
    if fits(kind, field) {
        return Ok(());
    }
    let needs = if needs.is_empty() { "records cannot be grouped by this field" } else { needs };
    Err(suggest(work, object, kind, "not_groupable", needs))
}

/// Whether records can be grouped by a field in a view of this kind.
pub(super) fn fits(kind: ViewType, field: &Field) -> bool {
    let ty = field.kind.whole_type();
    match kind {
        ViewType::Table => kinds::of(&field.kind).grouping != Grouping::Never,
        ViewType::Kanban => ty == PartType::Option && !field.kind.options().is_empty(),
        ViewType::Calendar => matches!(ty, PartType::Date | PartType::DateTime),
    }
}

/// That there is no field to group by, with those that there are.
fn suggest(work: &Work<'_, '_>, object: &Object, kind: ViewType, code: &'static str, message: &str) -> Issue {
    let grants = &work.caller.grants;
    let fitting = object.fields.iter().filter(|field| {
        fits(kind, field) && grants.can_read_field(&object.name, &field.name) && !field.is_system
    });
    let names: Vec<_> = fitting.map(|field| field.name.as_str()).take(8).collect();
    let message = match names.as_slice() {
        [] => message.to_owned(),
        names => format!("{message}, such as {}", names.join(", ")),
    };
    Issue::new("group_by", code, message)
}

fn order(work: &Work<'_, '_>, object: &Object, sort: &Order) -> Result<(), Issue> {
    let fields = sort.fields();
    if fields.len() > MAX_SORT_FIELDS {
        let message = format!("a view is sorted by at most {MAX_SORT_FIELDS} fields");
        return Err(Issue::new("sort", "too_many", message));
    }
    for (index, field) in fields.iter().enumerate() {
        check_order(work, object, field).map_err(|issue| match sort {
            Order::Text(_) => issue,
            Order::List(_) => Issue { path: format!("sort[{index}]"), ..issue },
        })?;
    }
    Ok(())
}

fn columns(work: &Work<'_, '_>, object: &Object, columns: &[Column]) -> Vec<Issue> {
    if columns.len() > MAX_COLUMNS {
        let message = format!("a view has at most {MAX_COLUMNS} columns");
        return vec![Issue::new("columns", "too_many", message)];
    }
    let mut seen = BTreeSet::new();
    let mut issues = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let at = match column {
            Column::Field(_) => format!("columns[{index}]"),
            Column::Sized { .. } => format!("columns[{index}].field"),
        };
        issues.extend(readable(work, object, column.field(), &at).err());
        if !seen.insert(column.field()) {
            let message = format!("{} is a column already", column.field());
            issues.push(Issue::new(at, "duplicate", message));
        }
        if column.width().is_some_and(|width| !(NARROWEST..=WIDEST).contains(&width)) {
            let message = format!("expected a number from {NARROWEST} to {WIDEST}");
            issues.push(Issue::new(format!("columns[{index}].width"), "out_of_range", message));
        }
    }
    issues
}

/// The columns that somebody gives.
pub(super) fn read_columns(json: &Json) -> Result<Vec<Column>, Vec<Issue>> {
    let wrong = |at: String, expected: &str| Issue::new(at, "wrong_type", format!("expected {expected}"));
    let Some(items) = json.as_array() else {
        return Err(vec![wrong("columns".to_owned(), "a list of fields")]);
    };
    let (mut columns, mut issues) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let parts = item.as_object().filter(|map| map.keys().all(|key| key == "field" || key == "width"));
        let is_column = item.is_string() || parts.is_some_and(|map| map.contains_key("field"));
        match serde_json::from_value(item.clone()) {
            Ok(column) if is_column => columns.push(column),
            _ => {
                let expected = "the name of a field, or {\"field\", \"width\"} with the width in pixels";
                issues.push(wrong(format!("columns[{index}]"), expected));
            }
        }
    }
    if issues.is_empty() { Ok(columns) } else { Err(issues) }
}

/// The order that somebody gives.
pub(super) fn read_order(json: &Json) -> Result<Order, Vec<Issue>> {
    serde_json::from_value(json.clone()).map_err(|_| {
        let message = "expected the names of fields, as one text or as a list, with a - for descending";
        vec![Issue::new("sort", "wrong_type", message)]
    })
}

/// A view as the caller sees it; nothing where it is another's, or about what the caller may not read.
pub(super) fn seen(work: &Work<'_, '_>, row: ViewRow) -> Option<(Arc<Object>, View)> {
    let object = work.caller.grants.readable_object(work.schema, &row.object)?.clone();
    let member = work.caller.member();
    let is_own = row.owner.is_some() && row.owner == member;
    if row.visibility == Visibility::Private && !is_own {
        return None;
    }
    group_by(work, &object, row.kind, row.group_by.as_deref()).ok()?;
    if let Some(filter) = &row.filter {
        check_kept(work, &object, filter).ok()?;
    }
    let is_seen = |field: &&str| check_order(work, &object, field).is_ok();
    let sort = row.sort.map(|sort| {
        let left: Vec<_> = sort.fields().into_iter().filter(is_seen).map(str::to_owned).collect();
        match sort {
            Order::Text(_) => Order::Text(left.join(",")),
            Order::List(_) => Order::List(left),
        }
    });
    let columns = row.columns.map(|columns| {
        columns.into_iter().filter(|column| readable(work, &object, column.field(), "").is_ok()).collect()
    });
    let may_manage =
        row.visibility == Visibility::Workspace && work.caller.grants.permits(Permission::Settings);
    let view = View {
        id: row.id,
        object: object.name.clone(),
        name: row.name,
        kind: row.kind,
        group_by: row.group_by.and_then(|name| object.field(&name).map(|field| field.name.clone())),
        filter: row.filter,
        sort,
        columns,
        visibility: row.visibility,
        icon: row.icon,
        position: row.position,
        owner: row.owner,
        can_update: is_own || may_manage,
        created_by: row.created_by,
        updated_by: row.updated_by,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Some((object, view))
}
