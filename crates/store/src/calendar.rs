//! Parts of the calendar as text, alike on both engines, to group rows by.

use kontor_core::{locale::Offsets, metadata::ColumnType, time::Timestamp};
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
    /// The span in which a `Date` or `Timestamp` column of an aliased table lies: of an instant by clocks with these
    /// offsets. Both engines are given the offsets, so that they agree whatever either knows of zones.
    pub fn calendar(
        self,
        alias: &str,
        column: &str,
        kind: ColumnType,
        unit: CalendarUnit,
        offsets: &Offsets,
    ) -> Expr {
        let column = format!("{}.{}", quote(alias), quote(column));
        let sql = match self {
            Self::Sqlite => {
                // Days are counted from a day before all instants, since a division rounds towards zero.
                let day = match kind {
                    ColumnType::Timestamp => {
                        let ahead = self.ahead(&column, offsets);
                        format!(
                            "date((({column} + 62135683200000000{ahead}) / 86400000000 - 719163) * 86400, \
                             'unixepoch')"
                        )
                    }
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
                    ColumnType::Timestamp => {
                        format!("(({column} AT TIME ZONE 'UTC'){})", self.ahead(&column, offsets))
                    }
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

    /// What is added to an instant in UTC for what clocks show; nothing where they show UTC.
    fn ahead(self, column: &str, offsets: &Offsets) -> String {
        if offsets.first == 0 && offsets.changes.is_empty() {
            return String::new();
        }
        format!(" + {}", self.offset(column, offsets.first, &offsets.changes))
    }

    /// The offset of an instant, found by halving: a value is compared with as many changes as their number has
    /// binary digits.
    fn offset(self, column: &str, before: i32, changes: &[(Timestamp, i32)]) -> String {
        let (earlier, later) = changes.split_at(changes.len() / 2);
        let Some(((at, after), later)) = later.split_first() else {
            return match self {
                Self::Sqlite => format!("({before} * 1000000)"),
                Self::Postgres => format!("interval '{before} seconds'"),
            };
        };
        let at = match self {
            Self::Sqlite => at.micros().to_string(),
            Self::Postgres => format!("timestamptz '{at}'"),
        };
        let earlier = self.offset(column, before, earlier);
        let later = self.offset(column, *after, later);
        format!("CASE WHEN {column} < {at} THEN {earlier} ELSE {later} END")
    }
}
