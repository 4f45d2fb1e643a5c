//! Tables whose columns and rows are declared together.

use kontor_core::{ids, time::Timestamp};
use sea_query::{InsertStatement, Query, ReturningClause, SelectStatement, Value};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Decode, Error, Row, Statement, Tx, row::identifiers};

/// Declares a table's row with the columns that it is read from and written to: one list, so that what is selected
/// and what is read cannot disagree. A field's column has its name, or the one behind `=`; with `as json` it holds
/// the field's JSON as text, and is empty for what is `null` in JSON.
///
/// The row is a [`TableRow`]: [`Tx::select`], [`Tx::row`], [`Tx::rows`], [`Tx::insert`] and
/// [`TableRow::returning`] are made of it. A table may have columns that the row leaves out; those that must be
/// written are given to [`Tx::insertion`].
///
/// ```
/// use kontor_core::{ids::UserId, time::Timestamp};
/// use kontor_store::{Error, TableRow, Tx};
/// use sea_query::{Expr, ExprTrait};
///
/// kontor_store::table_row! {
///     /// A shop that takes orders.
///     #[derive(Debug, Clone)]
///     pub struct Shop in "shops" {
///         pub name: String,
///         pub owner: UserId = "owner_id",
///         pub weekdays: Vec<String> as json,
///         pub closed_at: Option<Timestamp>,
///     }
/// }
/// assert_eq!(Shop::COLUMNS, ["name", "owner_id", "weekdays", "closed_at"]);
///
/// async fn open_of(tx: &mut Tx<'_>, owner: UserId) -> Result<Vec<Shop>, Error> {
///     let mut select = tx.select::<Shop>();
///     select.and_where(Expr::col("owner_id").eq(owner.as_uuid())).and_where(Expr::col("closed_at").is_null());
///     tx.rows(&select).await
/// }
///
/// async fn add(tx: &mut Tx<'_>, shop: &Shop) -> Result<(), Error> {
///     tx.insert(shop).await
/// }
/// ```
#[macro_export]
macro_rules! table_row {
    (
        $(#[$outer:meta])*
        $visibility:vis struct $name:ident in $table:tt {
            $(
                $(#[$inner:meta])*
                $field_visibility:vis $field:ident: $type:ty $(= $column:literal)? $(as $format:ident)?
            ),+ $(,)?
        }
    ) => {
        $(#[$outer])*
        $visibility struct $name {
            $($(#[$inner])* $field_visibility $field: $type),+
        }

        impl $crate::TableRow for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$($crate::table_row!(@column $field $($column)?)),+];

            fn read(columns: &mut $crate::Columns<'_>) -> ::std::result::Result<Self, $crate::Error> {
                ::std::result::Result::Ok(Self {
                    $($field: $crate::table_row!(@read columns $($format)?)),+
                })
            }

            fn cells(
                &self,
            ) -> ::std::result::Result<::std::vec::Vec<$crate::stored_enum::sea_query::Value>, $crate::Error> {
                ::std::result::Result::Ok(::std::vec![
                    $($crate::table_row!(@write (&self.$field) $($format)?)),+
                ])
            }
        }
    };
    (@column $field:ident) => { ::std::stringify!($field) };
    (@column $field:ident $column:literal) => { $column };
    (@read $columns:ident) => { $columns.next()? };
    (@read $columns:ident json) => { $columns.next_json()? };
    (@write $value:tt) => { $crate::Encode::encode($value) };
    (@write $value:tt json) => { $crate::encode_json($value)? };
}

/// The columns of a table, and how they are read and written; declared by [`table_row!`](crate::table_row).
pub trait TableRow: Sized {
    const TABLE: &'static str;
    /// In the order in which they are read and written.
    const COLUMNS: &'static [&'static str];

    /// Takes a row's columns, in their order.
    ///
    /// # Errors
    /// [`Error::Decode`] or [`Error::UnknownWord`] where a column holds something else.
    fn read(columns: &mut Columns<'_>) -> Result<Self, Error>;

    /// What the columns hold, in their order.
    ///
    /// # Errors
    /// [`Error::Encode`] where something cannot be written as JSON.
    fn cells(&self) -> Result<Vec<Value>, Error>;

    /// For a statement that changes rows and answers them.
    fn returning() -> ReturningClause {
        Query::returning().columns(Self::COLUMNS.iter().copied())
    }
}

/// The columns of a row, one after the other.
pub struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl Columns<'_> {
    /// # Errors
    /// As [`Row::get`].
    #[expect(clippy::should_implement_trait, reason = "each column has a type of its own")]
    pub fn next<T: Decode>(&mut self) -> Result<T, Error> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    /// As [`Columns::next`], from JSON; an empty column is read as `null`.
    ///
    /// # Errors
    /// [`Error::Decode`] where it is not the JSON of such a value.
    pub fn next_json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let index = self.next;
        let text: Option<String> = self.next()?;
        serde_json::from_str(text.as_deref().unwrap_or("null")).map_err(|source| Error::Decode {
            index,
            expected: "the JSON of what is stored in it",
            source: Some(source.into()),
        })
    }
}

/// A type that a column of a system table is written as.
pub trait Encode {
    fn encode(&self) -> Value;

    /// What an empty column of the type is written as.
    fn null() -> Value;
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self) -> Value {
        self.as_ref().map_or_else(T::null, T::encode)
    }

    fn null() -> Value {
        T::null()
    }
}

macro_rules! encode {
    ($($type:ty: $null:expr, $value:ident => $encoded:expr;)*) => {$(
        impl Encode for $type {
            fn encode(&self) -> Value {
                let $value = self;
                $encoded
            }

            fn null() -> Value {
                $null
            }
        }
    )*};
}

encode! {
    i64: Value::BigInt(None), value => (*value).into();
    u32: Value::BigInt(None), value => i64::from(*value).into();
    bool: Value::Bool(None), value => (*value).into();
    String: Value::String(None), value => value.as_str().into();
    Uuid: Value::Uuid(None), value => (*value).into();
    // System tables hold microseconds.
    Timestamp: Value::BigInt(None), value => value.micros().into();
}

macro_rules! encode_ids {
    ($($id:ident),*) => {$(
        impl Encode for ids::$id {
            fn encode(&self) -> Value {
                self.as_uuid().into()
            }

            fn null() -> Value {
                Value::Uuid(None)
            }
        }
    )*};
}

identifiers!(encode_ids);

#[doc(hidden)]
pub fn encode_json<T: Serialize>(value: &T) -> Result<Value, Error> {
    let json = serde_json::to_string(value).map_err(|source| Error::Encode { source: source.into() })?;
    Ok(Value::from((json != "null").then_some(json)))
}

impl Tx<'_> {
    /// The columns of a table's rows, of all of them.
    pub fn select<R: TableRow>(&self) -> SelectStatement {
        Query::select().columns(R::COLUMNS.iter().copied()).from(self.table(R::TABLE)).take()
    }

    /// The first row that a statement made by [`Tx::select`] or with [`TableRow::returning`] answers.
    ///
    /// # Errors
    /// What the database said, or that a column does not hold what is read from it.
    pub async fn row<R: TableRow>(&mut self, statement: &impl Statement) -> Result<Option<R>, Error> {
        let row = self.fetch_optional(statement).await?;
        row.map(|row| R::read(&mut Columns { row: &row, next: 0 })).transpose()
    }

    /// All rows that such a statement answers.
    ///
    /// # Errors
    /// As [`Tx::row`].
    pub async fn rows<R: TableRow>(&mut self, statement: &impl Statement) -> Result<Vec<R>, Error> {
        let rows = self.fetch_all(statement).await?;
        rows.iter().map(|row| R::read(&mut Columns { row, next: 0 })).collect()
    }

    /// The statement that writes a row, with what its table holds beside it.
    ///
    /// # Errors
    /// [`Error::Encode`].
    pub fn insertion<R: TableRow, const N: usize>(
        &self,
        row: &R,
        others: [(&'static str, Value); N],
    ) -> Result<InsertStatement, Error> {
        let (columns, values): (Vec<_>, Vec<_>) = others.into_iter().unzip();
        let cells = row.cells()?.into_iter().chain(values);
        let columns = R::COLUMNS.iter().copied().chain(columns);
        let mut insert = Query::insert();
        insert.into_table(self.table(R::TABLE)).columns(columns).values_panic(cells.map(Into::into));
        Ok(insert)
    }

    /// Writes a row.
    ///
    /// # Errors
    /// What the database said, or [`Error::Encode`].
    pub async fn insert<R: TableRow + Sync>(&mut self, row: &R) -> Result<(), Error> {
        let insert = self.insertion(row, [])?;
        self.execute(&insert).await.map(drop)
    }
}
