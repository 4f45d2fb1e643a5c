use crate::{
    error::Issue,
    filter::Scalar,
    metadata::{Field, Name, Object, Schema},
    text,
    value::Value,
};

/// Tells which fields exist for whoever asks.
pub trait Readable {
    fn can_read_field(&self, object: &str, field: &str) -> bool;
}

/// One step over a relation field, to a field of the record that it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The relation field.
    pub relation: Name,
    /// The object that it points to.
    pub object: Name,
}

impl Hop {
    /// Splits `account.industry` into the step over `account`, the object behind it and `industry`. `None` where
    /// the text does not begin with a relation that may be read.
    pub fn split<'s, 't>(
        text: &'t str,
        object: &Object,
        schema: &'s Schema,
        readable: &dyn Readable,
    ) -> Option<(Self, &'s Object, &'t str)> {
        let (relation, rest) = text.split_once('.')?;
        let field = object.field(relation)?;
        let target = field.kind.relation().filter(|_| readable.can_read_field(&object.name, &field.name))?;
        let target: &Object = schema.object(target)?;
        Some((Self { relation: field.name.clone(), object: target.name.clone() }, target, rest))
    }
}

/// Where a filter or a sort looks: a field, or one part of a composite field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldPath {
    pub field: Name,
    /// Empty for a field of one part.
    pub part: &'static str,
    pub ty: PartType,
}

/// What a path leads to, and so how it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartType {
    /// Compared through the folded column, without regard to case and accents.
    FoldedText,
    /// Kept in lower case, accents and all, so compared as it is with an operand in lower case.
    LowerText,
    /// Kept in upper case, so compared as it is with an operand in upper case.
    UpperText,
    /// A telephone number, compared by its digits.
    Phone,
    Option,
    /// Scaled by this many decimals.
    Number(u8),
    Boolean,
    Date,
    DateTime,
    Id,
    Position,
    /// Only ever asked whether it is empty.
    Opaque,
}

impl FieldPath {
    /// Reads `amount`, `amount.currency`, `address.city`. The bare name of a composite field means its first
    /// part.
    ///
    /// # Errors
    /// When the object has no such field, or `readable` hides it: the two cannot be told apart.
    pub fn parse(text: &str, object: &Object, readable: &dyn Readable) -> Result<Self, Issue> {
        let (name, part) = text.split_once('.').map_or((text, None), |(name, part)| (name, Some(part)));
        let visible = |field: &&Field| readable.can_read_field(&object.name, &field.name);
        let Some(field) = object.field(name).filter(visible) else {
            let names = object.fields.iter().filter(visible).map(|field| field.name.as_str());
            let near = text::suggestion(name, names);
            let name = text::excerpt(name, 60);
            return Err(Issue::new(
                "",
                "unknown_field",
                format!("{} has no field {name:?}.{near}", object.name),
            ));
        };
        let parts = field.kind.parts();
        let part = match part {
            None => parts.first().copied().unwrap_or_default(),
            Some(part) => parts.iter().copied().find(|known| *known == part).ok_or_else(|| {
                let near = text::suggestion(part, parts.iter().copied());
                let part = text::excerpt(part, 60);
                Issue::new("", "unknown_part", format!("{name} has no part {part:?}.{near}"))
            })?,
        };
        Ok(Self::of(field, part))
    }

    /// The path to the part of a field that stands for the whole.
    pub fn whole(field: &Field) -> Self {
        Self::of(field, field.kind.first_part())
    }

    /// The path to a field's part, which must be one of its kind's.
    pub fn of(field: &Field, part: &'static str) -> Self {
        let ty = field.kind.part_type(part);
        Self { field: field.name.clone(), part, ty }
    }

    /// The column that is compared and sorted by.
    pub fn column(&self, field: &Field) -> String {
        match self.ty {
            PartType::FoldedText | PartType::Phone => field.folded_name(self.part),
            PartType::LowerText
            | PartType::UpperText
            | PartType::Option
            | PartType::Number(_)
            | PartType::Boolean
            | PartType::Date
            | PartType::DateTime
            | PartType::Id
            | PartType::Position
            | PartType::Opaque => field.column_name(field.kind.stored_part(self.part)),
        }
    }

    /// The cell of the compared column that a value of the field would fill.
    pub fn cell(&self, field: &Field, value: &Value) -> Option<Scalar> {
        let column = self.column(field);
        let index = field.columns().iter().position(|candidate| candidate.name == column)?;
        value.to_cells(field).into_iter().nth(index).flatten()
    }

    /// As it is written in a filter.
    pub fn text(&self) -> String {
        if self.part.is_empty() { self.field.to_string() } else { format!("{}.{}", self.field, self.part) }
    }

    pub fn is_sortable(&self) -> bool {
        self.ty != PartType::Opaque
    }
}

/// Every path of an object that may be filtered by, as it is written: the bare name for a field's first part.
pub fn filterable_paths(object: &Object, readable: &dyn Readable) -> Vec<(String, FieldPath)> {
    let mut paths = Vec::new();
    for field in object.fields.iter().filter(|field| readable.can_read_field(&object.name, &field.name)) {
        match field.kind.parts() {
            [] => paths.push((field.name.to_string(), FieldPath::of(field, ""))),
            [first, rest @ ..] => {
                paths.push((field.name.to_string(), FieldPath::of(field, first)));
                for part in rest {
                    let path = FieldPath::of(field, part);
                    paths.push((path.text(), path));
                }
            }
        }
    }
    paths
}
