//! What can go wrong in a store, told alike for both engines.

use std::{path::PathBuf, time::Duration};

use kontor_core::error::{ErrorKind, Fault, Problem};

/// After which time whoever met a busy store may try again.
const BUSY: Duration = Duration::from_secs(2);

/// What a driver said, kept for the log.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row with the same values exists. `columns` are those of the violated index, in its order.
    #[error("another row of {table} has the same {}", columns.join(", "))]
    UniqueViolation {
        table: String,
        columns: Vec<String>,
        #[source]
        source: Source,
    },
    /// A row refers to one that does not exist, or one that is referred to was to be removed.
    #[error("a reference between rows would be broken")]
    ForeignKey {
        #[source]
        source: Source,
    },
    /// A `NOT NULL` or `CHECK` of the schema was violated.
    #[error("a constraint of the schema is violated")]
    Constraint {
        #[source]
        source: Source,
    },
    /// A sum or another computed number is beyond 64 bits.
    #[error("a number is out of range")]
    OutOfRange {
        #[source]
        source: Source,
    },
    /// A value is larger than the database can hold or index.
    #[error("a value is too large")]
    TooLarge {
        #[source]
        source: Source,
    },
    /// The unit did not end before its deadline and had no effect.
    #[error("the database took too long")]
    Timeout {
        #[source]
        source: Option<Source>,
    },
    /// Another process has taken over what was being done; whoever finds out stops without a trace.
    #[error("the lease was lost")]
    LeaseLost,
    /// There is more to do than can be done at one time; nothing was done, and trying again soon makes sense.
    #[error("busy: {what}")]
    Busy { what: &'static str },
    /// There is no room for what was to be written; it had no effect.
    #[error("the disk that holds the data is full")]
    Full {
        #[source]
        source: Source,
    },
    /// Others were changing the same rows each time that the unit was run; it had no effect.
    #[error("others were changing the same rows at the same time")]
    Contention {
        #[source]
        source: Source,
    },
    /// The database cannot be reached.
    #[error("{reason}")]
    Unavailable {
        reason: String,
        #[source]
        source: Option<Source>,
    },
    /// Data that should be there is not, or another's is in its place. It is never made anew.
    #[error("{what} {how} ({place}); restore it from a backup")]
    Missing {
        /// Which part: `the directory` or `workspace <id>`.
        what: String,
        /// How it is missing, to follow `what`.
        how: String,
        /// The file or schema.
        place: String,
    },
    /// The database says that its file is not whole.
    #[error("the data is damaged: {reason}; restore it from a backup")]
    Damaged {
        reason: String,
        #[source]
        source: Source,
    },
    /// The namespace cannot be opened by this version of the program; others are not affected.
    #[error("{namespace} stays closed: {reason}")]
    Migration {
        namespace: String,
        reason: String,
        #[source]
        source: Option<Source>,
    },
    /// The database refused a statement.
    #[error("the database refused a statement")]
    Statement {
        #[source]
        source: Source,
    },
    /// A column does not hold what the code reads from it.
    #[error("column {index} does not hold {expected}")]
    Decode {
        index: usize,
        expected: &'static str,
        #[source]
        source: Option<Source>,
    },
    /// What a column is to hold cannot be written as JSON.
    #[error("a value cannot be written as JSON")]
    Encode {
        #[source]
        source: Source,
    },
    /// A column holds a word that this version does not know.
    #[error("{word:?} is no {what} that this version knows")]
    UnknownWord { what: &'static str, word: String },
    #[error("the statement found no row")]
    NoRow,
    /// An earlier statement of the transaction failed, so nothing more can be done in it.
    #[error("an earlier statement of this transaction failed")]
    Aborted,
    #[error("a unit of work awaited something other than its transaction")]
    NotReady,
    #[error("a unit of work panicked: {0}")]
    Panicked(String),
    #[error("the schema can be changed in `alter` alone")]
    NotAltering,
    #[error("the store is closed")]
    Closed,
    #[error("{}: {reason}", path.display())]
    Folder {
        path: PathBuf,
        reason: String,
        #[source]
        source: Option<std::io::Error>,
    },
    /// Another server holds the data folder.
    #[error("{} is in use by another Kontor server; stop it or choose another data folder", path.display())]
    Locked { path: PathBuf },
    #[error("{0}")]
    Backup(String),
}

impl Error {
    /// A folder or file that cannot be used, with the reason in words.
    pub(crate) fn folder(
        path: impl Into<PathBuf>,
        reason: impl Into<String>,
        source: std::io::Error,
    ) -> Self {
        Self::Folder { path: path.into(), reason: reason.into(), source: Some(source) }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        match self {
            Self::UniqueViolation { columns, .. } => Problem::new(
                ErrorKind::Conflict,
                "not_unique",
                format!("Another one has the same {}.", columns.join(", ")),
            ),
            Self::ForeignKey { .. } => Problem::new(
                ErrorKind::Conflict,
                "broken_reference",
                "Something this refers to does not exist, or something else still refers to this.",
            ),
            Self::OutOfRange { .. } => {
                Problem::new(ErrorKind::Invalid, "number_out_of_range", "A computed number is too large.")
            }
            Self::TooLarge { .. } => Problem::new(
                ErrorKind::Invalid,
                "value_too_large",
                "A value is larger than the database can hold.",
            ),
            Self::Timeout { .. } => Problem::new(
                ErrorKind::Unavailable,
                "database_too_slow",
                "The database took too long. Nothing was changed; try again or ask for less.",
            ),
            Self::LeaseLost => Problem::new(
                ErrorKind::Conflict,
                "taken_over",
                "Another server has taken this over.",
            ),
            Self::Busy { .. } => Problem::new(
                ErrorKind::Unavailable,
                "busy",
                "The server has more to do than it can at the moment. Nothing was changed; try again in a few seconds.",
            )
            .retry_after(BUSY),
            Self::Full { .. } => Problem::new(
                ErrorKind::Unavailable,
                "storage_full",
                "The server's disk is full. Nothing was changed; try again when an admin has made room.",
            ),
            Self::Contention { .. } => Problem::new(
                ErrorKind::Unavailable,
                "write_contention",
                "Others were changing the same records at the same moment. Nothing was changed; try again.",
            )
            .retry_after(BUSY),
            Self::Unavailable { .. } | Self::Closed => Problem::new(
                ErrorKind::Unavailable,
                "database_unavailable",
                "The database cannot be reached at the moment.",
            ),
            Self::Missing { .. } => Problem::new(
                ErrorKind::Unavailable,
                "data_missing",
                "Data of this workspace is missing on the server. The server's log says which; whoever runs the server \
                 can restore it from a backup.",
            ),
            Self::Damaged { .. } => Problem::new(
                ErrorKind::Unavailable,
                "data_damaged",
                "Data of this workspace is damaged on the server. The server's log says how; whoever runs the server \
                 can restore it from a backup.",
            ),
            Self::Migration { .. } => Problem::new(
                ErrorKind::Unavailable,
                "workspace_closed",
                "This workspace cannot be opened at the moment. The server's log says why.",
            ),
            Self::Constraint { .. }
            | Self::Statement { .. }
            | Self::Decode { .. }
            | Self::Encode { .. }
            | Self::NoRow
            | Self::Aborted
            | Self::NotReady
            | Self::Panicked(_)
            | Self::NotAltering
            | Self::Folder { .. }
            | Self::Locked { .. }
            | Self::UnknownWord { .. }
            | Self::Backup(_) => Problem::internal(),
        }
    }
}
