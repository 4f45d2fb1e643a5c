//! Parts of the calendar as text, alike on both engines, to group rows by.

use kontor_core::metadata::ColumnType;
use sea_query::Expr;

use crate::{Dialect, ddl::quote};

/// How long a span of the calendar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// `2026-03-01`.
    Day,
    /// The Monday on which it begins: `2026-02-23`.
    Week,
    /// `2026-03`.
    Month,
    /// `2026-Q1`.
    Quarter,
    /// `2026`.
    Year,
}

impl Dialect {
    /// The span in UTC in which a `Date` or `Timestamp` column of an aliased table lies.
    pub fn calendar(self, alias: &str, column: &str, kind: ColumnType, unit: CalendarUnit) -> Expr {
        let column = format!("{}.{}", quote(alias), quote(column));
        let sql = match self {
            Self::Sqlite => {
                // Truncated to the day before it is divided, since a division rounds towards 1970.
                let day = match kind {
                    ColumnType::Timestamp => format!(
                        "date(({column} - ((({column} % 86400000000) + 86400000000) % 86400000000)) / 1000000, \
                         'unixepoch')"
                    ),
                    _ => column,
                };
                match unit {
                    CalendarUnit::Day => day,
                    CalendarUnit::Week => format!("date({day}, '-6 days', 'weekday 1')"),
                    CalendarUnit::Month => format!("substr({day}, 1, 7)"),
                    CalendarUnit::Quarter => format!(
                        "substr({day}, 1, 4) || '-Q' || ((CAST(substr({day}, 6, 2) AS INTEGER) + 2) / 3)"
                    ),
                    CalendarUnit::Year => format!("substr({day}, 1, 4)"),
                }
            }
            Self::Postgres => {
                let instant = match kind {
                    ColumnType::Timestamp => format!("({column} AT TIME ZONE 'UTC')"),
                    _ => format!("{column}::timestamp"),
                };
                match unit {
                    CalendarUnit::Day => format!("to_char({instant}, 'YYYY-MM-DD')"),
                    CalendarUnit::Week => format!("to_char(date_trunc('week', {instant}), 'YYYY-MM-DD')"),
                    CalendarUnit::Month => format!("to_char({instant}, 'YYYY-MM')"),
                    CalendarUnit::Quarter => format!("to_char({instant}, 'YYYY\"-Q\"Q')"),
                    CalendarUnit::Year => format!("to_char({instant}, 'YYYY')"),
                }
            }
        };
        Expr::cust(sql)
    }
}
