use super::Field;

/// The logical type of a column; each engine's dialect names its own for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    Uuid,
    Text,
    Integer,
    Real,
    Boolean,
    Date,
    Timestamp,
    Json,
}

/// One column of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub ty: ColumnType,
    /// The part of a composite field this holds; empty for a field of one part.
    pub part: &'static str,
    /// The table a relation points to.
    pub references: Option<String>,
    /// Computed from the other columns, never selected: the form in which a text is compared.
    pub is_folded: bool,
}

impl Field {
    /// The columns this field occupies, in a fixed order; folded columns last.
    pub fn columns(&self) -> Vec<Column> {
        self.kind.columns(self)
    }

    /// The name of the column that holds a part.
    pub fn column_name(&self, part: &str) -> String {
        if part.is_empty() { self.name.to_string() } else { format!("{}_{part}", self.name) }
    }

    /// The name of the column that holds the form in which a part is compared.
    pub fn folded_name(&self, part: &str) -> String {
        format!("{}_folded", self.column_name(part))
    }

    /// The column of a part.
    pub(crate) fn column(&self, part: &'static str, ty: ColumnType) -> Column {
        Column { name: self.column_name(part), ty, part, references: None, is_folded: false }
    }

    /// The column of the form in which a part is compared.
    pub(crate) fn folded(&self, part: &'static str) -> Column {
        Column { name: self.folded_name(part), ty: ColumnType::Text, part, references: None, is_folded: true }
    }
    /// The columns of parts that are all texts: as they are written, and as they are compared.
    pub(crate) fn text_columns(&self, parts: &[&'static str]) -> Vec<Column> {
        let written = parts.iter().map(|part| self.column(part, ColumnType::Text));
        written.chain(parts.iter().map(|part| self.folded(part))).collect()
    }
}
