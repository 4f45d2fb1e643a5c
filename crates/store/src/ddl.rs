//! Tables and indexes of records, changed within `alter`.
//!
//! On SQLite a table is never rebuilt, so every column but the key is nullable unless it is there from the
//! beginning, and uniqueness is an index.

use kontor_core::metadata::ColumnType;

use crate::{Error, Tx, tx::Scope};

/// A column to be made.
#[derive(Debug, Clone)]
pub struct ColumnSpec<'a> {
    name: &'a str,
    kind: ColumnType,
    primary_key: bool,
    not_null: bool,
    references: Option<&'a str>,
}

impl<'a> ColumnSpec<'a> {
    pub fn new(name: &'a str, kind: ColumnType) -> Self {
        Self { name, kind, primary_key: false, not_null: false, references: None }
    }

    #[must_use]
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }

    /// Only for a column that is made with its table.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.not_null = true;
        self
    }

    /// Refers to the `id` of `table`; becomes null when the row referred to is removed.
    #[must_use]
    pub fn references(mut self, table: &'a str) -> Self {
        self.references = Some(table);
        self
    }

    fn sql(&self, scope: &Scope) -> String {
        let mut sql = format!("{} {}", quote(self.name), scope.dialect.column_type(self.kind));
        if self.primary_key {
            sql.push_str(" PRIMARY KEY");
        }
        if self.not_null || self.primary_key {
            sql.push_str(" NOT NULL");
        }
        if let Some(table) = self.references {
            sql.push_str(&format!(" REFERENCES {} (\"id\") ON DELETE SET NULL", scope.qualified(table)));
        }
        sql
    }
}

/// An index to be made.
#[derive(Debug, Clone)]
pub struct IndexSpec<'a> {
    name: &'a str,
    table: &'a str,
    columns: &'a [&'a str],
    unique: bool,
    live_only: bool,
}

impl<'a> IndexSpec<'a> {
    pub fn new(name: &'a str, table: &'a str, columns: &'a [&'a str]) -> Self {
        Self { name, table, columns, unique: false, live_only: false }
    }

    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Holds only rows whose `deleted_at` is null: a deleted row does not block a unique value.
    #[must_use]
    pub fn live_only(mut self) -> Self {
        self.live_only = true;
        self
    }
}

impl Scope {
    pub(crate) fn qualified(&self, table: &str) -> String {
        match &self.schema {
            None => quote(table),
            Some((schema, _)) => format!("{}.{}", quote(schema), quote(table)),
        }
    }
}

/// An identifier as SQL, quoted.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Tx<'_> {
    pub async fn create_table(&mut self, table: &str, columns: &[ColumnSpec<'_>]) -> Result<(), Error> {
        let columns: Vec<_> = columns.iter().map(|column| column.sql(self.scope)).collect();
        let sql = format!(
            "CREATE TABLE {} ({}){}",
            self.scope.qualified(table),
            columns.join(", "),
            self.dialect().table_suffix(),
        );
        self.apply(&sql).await
    }

    /// Adds a nullable column.
    pub async fn add_column(&mut self, table: &str, column: &ColumnSpec<'_>) -> Result<(), Error> {
        let sql =
            format!("ALTER TABLE {} ADD COLUMN {}", self.scope.qualified(table), column.sql(self.scope));
        self.apply(&sql).await
    }

    pub async fn create_index(&mut self, index: &IndexSpec<'_>) -> Result<(), Error> {
        let columns: Vec<_> = index.columns.iter().map(|column| quote(column)).collect();
        let sql = format!(
            "CREATE {}INDEX {} ON {} ({}){}",
            if index.unique { "UNIQUE " } else { "" },
            quote(index.name),
            self.scope.qualified(index.table),
            columns.join(", "),
            if index.live_only { " WHERE \"deleted_at\" IS NULL" } else { "" },
        );
        self.apply(&sql).await
    }
}
