use kontor_core::{
    error::{ErrorKind, Fault, Issue, Problem, join_path},
    grants::{Action, Grants, NotPermitted},
    ids::{RecordId, ViewId},
    metadata::{Name, Object, Schema},
    scope::OutOfScope,
    text,
};

/// What can go wrong with records and metadata.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is wrong, in these places.
    #[error("the input is not valid: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Invalid(Vec<Issue>),
    /// There is no object of this name; `near` ends the message.
    #[error("there is no object {name:?}")]
    UnknownObject { name: String, near: String },
    /// There is no such record, or the caller may not know that there is. `item` is its place in a batch.
    #[error("there is no {object} {id}")]
    NotFound { object: Name, id: RecordId, item: String },
    /// The caller may not do this to records of the object, or to this one. `item` is its place in a batch.
    #[error("the caller may not {} {object} records", action.verb())]
    NotAllowed { object: Name, action: Action, item: String },
    /// The caller may read these fields but not write them.
    #[error("the caller may not write these fields")]
    FieldsNotWritable(Vec<Issue>),
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    #[error(transparent)]
    OutOfScope(#[from] OutOfScope),
    /// The record is not deleted, so that it cannot be restored.
    #[error("the {object} is not deleted")]
    NotDeleted { object: Name },
    /// Other records have the same values of unique fields, in these places.
    #[error("another record has the same value: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Duplicate(Vec<Issue>),
    /// More than one thing is wrong, each in its own way.
    #[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Several(Vec<Error>),
    /// The record was changed since the caller read it.
    #[error("the record is at version {current}")]
    StaleVersion { current: i64 },
    /// There is no such view, or the caller may not know that there is.
    #[error("there is no view {0}")]
    ViewNotFound(ViewId),
    /// The view was changed since the caller read it; by whom.
    #[error("the view is at version {current}")]
    StaleView { current: i64, by: String },
    /// Cards of a board that is sorted have no place of their own.
    #[error("the view {name:?} is sorted by {sort}")]
    SortedView { name: String, sort: String },
    /// The cursor is damaged, or belongs to another list.
    #[error("the cursor does not fit the list")]
    InvalidCursor,
    /// A sum does not fit into 64 bits.
    #[error("the {function} of {field} is too large")]
    Overflow { function: &'static str, field: String },
    /// The stored metadata cannot be read.
    #[error("the stored metadata cannot be read")]
    Metadata(#[source] serde_json::Error),
    /// What was written about a record cannot be read.
    #[error("what was written about a record cannot be read")]
    Entry(#[source] serde_json::Error),
    /// What went wrong with a call, such as with its idempotency key.
    #[error(transparent)]
    Call(#[from] kontor_operations::Error),
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
}

impl Error {
    pub(crate) fn invalid(issue: Issue) -> Self {
        Self::Invalid(vec![issue])
    }

    /// Suggests the nearest of the objects that these grants let their bearer read.
    pub(crate) fn unknown_object(name: &str, schema: &Schema, grants: &Grants) -> Self {
        let names = grants.readable(schema).flat_map(|object| [object.name.as_str(), object.plural.as_str()]);
        Self::UnknownObject { name: text::excerpt(name, 60), near: text::suggestion(name, names) }
    }

    pub(crate) fn not_found(object: &Object, id: RecordId) -> Self {
        Self::NotFound { object: object.name.clone(), id, item: String::new() }
    }

    pub(crate) fn not_allowed(object: &Object, action: Action) -> Self {
        Self::NotAllowed { object: object.name.clone(), action, item: String::new() }
    }

    /// All that is wrong with a request, of which there is at least one thing.
    pub(crate) fn all(errors: Vec<Self>) -> Self {
        let mut merged: Vec<Self> = Vec::new();
        for error in errors {
            match (merged.last_mut(), error) {
                (Some(Self::Invalid(known)), Self::Invalid(more))
                | (Some(Self::Duplicate(known)), Self::Duplicate(more))
                | (Some(Self::FieldsNotWritable(known)), Self::FieldsNotWritable(more)) => known.extend(more),
                (_, Self::Several(more)) => merged.extend(more),
                (_, error) => merged.push(error),
            }
        }
        match <[Self; 1]>::try_from(merged) {
            Ok([error]) => error,
            Err(errors) => Self::Several(errors),
        }
    }

    /// Whether the one who asked made a mistake, beside which others can be looked for: the transaction is as it
    /// was.
    pub(crate) fn is_mistake(&self) -> bool {
        match self {
            Self::Invalid(_)
            | Self::NotFound { .. }
            | Self::NotAllowed { .. }
            | Self::FieldsNotWritable(_)
            | Self::Duplicate(_)
            | Self::Several(_) => true,
            Self::UnknownObject { .. }
            | Self::NotPermitted(_)
            | Self::OutOfScope(_)
            | Self::NotDeleted { .. }
            | Self::StaleVersion { .. }
            | Self::ViewNotFound(_)
            | Self::StaleView { .. }
            | Self::SortedView { .. }
            | Self::InvalidCursor
            | Self::Overflow { .. }
            | Self::Metadata(_)
            | Self::Entry(_)
            | Self::Call(_)
            | Self::Store(_) => false,
        }
    }

    /// The same failure of one item of a batch.
    #[must_use]
    pub(crate) fn within(self, prefix: &str) -> Self {
        let moved = |issues: Vec<Issue>| issues.into_iter().map(|issue| issue.within(prefix)).collect();
        let at = |path: &str| join_path(prefix, path);
        match self {
            Self::Invalid(issues) => Self::Invalid(moved(issues)),
            Self::NotFound { object, id, item } => Self::NotFound { object, id, item: at(&item) },
            Self::NotAllowed { object, action, item } => Self::NotAllowed { object, action, item: at(&item) },
            Self::FieldsNotWritable(issues) => Self::FieldsNotWritable(moved(issues)),
            Self::Duplicate(issues) => Self::Duplicate(moved(issues)),
            Self::Several(errors) => {
                Self::Several(errors.into_iter().map(|error| error.within(prefix)).collect())
            }
            other => other,
        }
    }
}

/// A problem of one record, with its place where it is one of a batch.
fn of_item(kind: ErrorKind, code: &'static str, message: String, item: &str) -> Problem {
    let mut problem = Problem::new(kind, code, message.clone());
    if !item.is_empty() {
        problem.issues.push(Issue::new(item, code, message));
    }
    problem
}

/// What is said of values that others have, without the places, which the issues name.
fn message_of(issues: &[Issue]) -> String {
    match issues {
        [] => "Another record has the same value.".to_owned(),
        [issue] => issue.message.clone(),
        [issue, rest @ ..] => format!("{} (and {} more)", issue.message, rest.len()),
    }
}

/// Different failures as one: what only the input can mend comes first.
fn several(errors: &[Error]) -> Problem {
    let problems: Vec<_> = errors.iter().map(Fault::problem).collect();
    let leading = problems.iter().find(|problem| problem.kind == ErrorKind::Invalid).or(problems.first());
    let Some(leading) = leading else { return Problem::internal() };
    let (kind, code) = (leading.kind, leading.code.clone());
    let issues = problems.into_iter().flat_map(|problem| {
        let whole = Issue::new("", problem.code, problem.message);
        if problem.issues.is_empty() { vec![whole] } else { problem.issues }
    });
    Problem::of_issues(kind, code, issues.collect())
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        match self {
            Self::Invalid(issues) => Problem::invalid(issues.clone()),
            Self::UnknownObject { name, near } => Problem::new(
                ErrorKind::NotFound,
                "unknown_object",
                format!("There is no object {name:?}.{near}"),
            ),
            Self::NotFound { object, id, item } => {
                of_item(ErrorKind::NotFound, "record_not_found", format!("There is no {object} {id}."), item)
            }
            Self::NotAllowed { object, action, item } => {
                let message = format!("You may not {} this {object}.", action.verb());
                of_item(ErrorKind::Forbidden, "not_allowed", message, item)
            }
            Self::FieldsNotWritable(issues) => {
                Problem::of_issues(ErrorKind::Forbidden, "field_not_writable", issues.clone())
            }
            Self::NotPermitted(error) => error.problem(),
            Self::OutOfScope(error) => error.problem(),
            Self::Duplicate(issues) => Problem {
                message: message_of(issues),
                ..Problem::of_issues(ErrorKind::Conflict, "duplicate_value", issues.clone())
            },
            Self::Several(errors) => several(errors),
            Self::NotDeleted { object } => {
                Problem::new(ErrorKind::Conflict, "not_deleted", format!("This {object} is not deleted."))
            }
            Self::StaleVersion { current } => Problem::new(
                ErrorKind::Conflict,
                "stale_version",
                format!("The record was changed meanwhile and is at version {current}. Read it again."),
            ),
            Self::ViewNotFound(id) => {
                Problem::new(ErrorKind::NotFound, "view_not_found", format!("There is no view {id}."))
            }
            Self::StaleView { current, by } => Problem::new(
                ErrorKind::Conflict,
                "view_changed",
                format!("{by} has changed the view meanwhile. It is at version {current}: read it again."),
            ),
            Self::SortedView { name, sort } => Problem::new(
                ErrorKind::Conflict,
                "view_is_sorted",
                format!(
                    "Cards of {name:?} cannot be moved while it is sorted by {sort}. Take the order away first."
                ),
            ),
            Self::InvalidCursor => Problem::new(
                ErrorKind::Invalid,
                "invalid_cursor",
                "The cursor is not valid for this list. Begin again without it.",
            ),
            Self::Overflow { function, field } => Problem::new(
                ErrorKind::Invalid,
                "overflow",
                format!("The {function} of {field} is too large to be told exactly. Narrow the filter."),
            ),
            Self::Metadata(_) | Self::Entry(_) => Problem::internal(),
            Self::Call(error) => error.problem(),
            Self::Store(error) => error.problem(),
        }
    }
}
