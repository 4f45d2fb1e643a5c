use kontor_core::{
    error::{ErrorKind, Fault, Issue, Problem, join_path},
    grants::{Action, Grants, Permission},
    ids::RecordId,
    metadata::{Name, Object, Schema},
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
    /// The caller lacks a permission on the workspace.
    #[error("the caller lacks the permission {0:?}")]
    NotPermitted(Permission),
    /// The record is not deleted, so that it cannot be restored.
    #[error("the {object} is not deleted")]
    NotDeleted { object: Name },
    /// Another record has the same value of a unique field.
    #[error("another {object} has the same {field}")]
    Duplicate { object: Name, field: Name, path: String, existing: Option<RecordId> },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The write was done under its key, and what was answered is not told again: it may hold what the caller may
    /// not read any more.
    #[error("the answer under the idempotency key is withheld")]
    AnswerWithheld,
    /// The record was changed since the caller read it.
    #[error("the record is at version {current}")]
    StaleVersion { current: i64 },
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
    /// An operation was not done, for this reason.
    #[error("{0}")]
    Refused(Problem),
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
            Self::Duplicate { object, field, path, existing } => {
                Self::Duplicate { object, field, path: at(&path), existing }
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
                let mut problem = Problem::invalid(issues.clone());
                problem.kind = ErrorKind::Forbidden;
                problem.code = "field_not_writable".into();
                problem
            }
            Self::NotPermitted(_) => {
                Problem::new(ErrorKind::Forbidden, "not_permitted", "You may not change the data model.")
            }
            Self::Duplicate { object, field, path, existing } => {
                let which = existing.map(|id| format!(" ({id})")).unwrap_or_default();
                let message = format!("Another {object}{which} has the same {field}.");
                let mut problem = Problem::new(ErrorKind::Conflict, "duplicate_value", message.clone());
                problem.issues.push(Issue::new(path, "duplicate_value", message));
                problem
            }
            Self::NotDeleted { object } => {
                Problem::new(ErrorKind::Conflict, "not_deleted", format!("This {object} is not deleted."))
            }
            Self::KeyReused => Problem::new(
                ErrorKind::Conflict,
                "idempotency_key_reused",
                "This idempotency key was used for another request. Take a new key for each request.",
            ),
            Self::AnswerWithheld => Problem::new(
                ErrorKind::Conflict,
                "idempotent_answer_withheld",
                "This was done under the same idempotency key. Its answer is not repeated, since what you may read has \
                 changed meanwhile: read the record again.",
            ),
            Self::StaleVersion { current } => Problem::new(
                ErrorKind::Conflict,
                "stale_version",
                format!("The record was changed meanwhile and is at version {current}. Read it again."),
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
            Self::Refused(problem) => problem.clone(),
            Self::Store(error) => error.problem(),
        }
    }
}
