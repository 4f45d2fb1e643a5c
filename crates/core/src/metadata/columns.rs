use super::{Field, FieldKind, TextFormat};

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

/// The part of an actor that says for whom an agent acted, where that is no member. Its column has a name that no
/// column of another field has: a field's name holds no two underscores in a row.
pub const PRINCIPAL: &str = "_principal";

impl Field {
    /// The columns this field occupies, in a fixed order; folded columns last.
    pub fn columns(&self) -> Vec<Column> {
        use ColumnType::{Boolean, Date, Integer, Json, Real, Text, Timestamp, Uuid};
        let one = |ty| vec![self.column("", ty)];
        match &self.kind {
            FieldKind::Id => one(Uuid),
            FieldKind::Text { format: TextFormat::Line } => vec![self.column("", Text), self.folded("")],
            FieldKind::Text { .. } => one(Text),
            FieldKind::Number { .. } => one(Integer),
            FieldKind::Boolean => one(Boolean),
            FieldKind::Date => one(Date),
            FieldKind::DateTime => one(Timestamp),
            FieldKind::Select { .. } => one(Text),
            FieldKind::Currency => vec![self.column("micros", Integer), self.column("currency", Text)],
            FieldKind::FullName => vec![
                self.column("first", Text),
                self.column("last", Text),
                self.folded("full"),
                self.folded("first"),
                self.folded("last"),
            ],
            FieldKind::Emails => vec![self.column("primary", Text), self.column("additional", Json)],
            FieldKind::Phones => {
                vec![self.column("primary", Text), self.column("additional", Json), self.folded("primary")]
            }
            FieldKind::SocialLinks | FieldKind::Address => {
                let parts = self.kind.parts();
                let written = parts.iter().map(|part| self.column(part, Text));
                written.chain(parts.iter().map(|part| self.folded(part))).collect()
            }
            FieldKind::Actor => vec![
                self.column("kind", Text),
                self.column("id", Uuid),
                self.column("name", Text),
                self.column("member", Uuid),
                self.column("member_name", Text),
                self.column(PRINCIPAL, Json),
                self.folded("name"),
            ],
            FieldKind::Relation { object } => {
                let mut column = self.column("id", Uuid);
                column.references = Some(format!("record_{object}"));
                vec![column]
            }
            FieldKind::Target { .. } => vec![
                self.column("object", Text),
                self.column("id", Uuid),
                self.column("name", Text),
                self.folded("name"),
            ],
            FieldKind::Position => one(Real),
            FieldKind::Json => one(Json),
        }
    }

    /// The name of the column that holds a part.
    pub fn column_name(&self, part: &str) -> String {
        if part.is_empty() { self.name.to_string() } else { format!("{}_{part}", self.name) }
    }

    /// The name of the column that holds the form in which a part is compared.
    pub fn folded_name(&self, part: &str) -> String {
        format!("{}_folded", self.column_name(part))
    }

    fn column(&self, part: &'static str, ty: ColumnType) -> Column {
        Column { name: self.column_name(part), ty, part, references: None, is_folded: false }
    }

    fn folded(&self, part: &'static str) -> Column {
        Column { name: self.folded_name(part), ty: ColumnType::Text, part, references: None, is_folded: true }
    }
}
