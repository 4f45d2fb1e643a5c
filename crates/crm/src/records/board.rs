//! The figures of a board: what the records of each of its columns come to, in one pass over the rows.

use std::collections::BTreeMap;

use kontor_core::{
    filter::{FieldPath, PartType, Readable as _, Scalar},
    grants::Action,
    metadata::{ColumnType, Field, Object, system_fields},
    value::scaled_to_json,
};
use sea_query::{Alias, Expr, ExprTrait as _, Func, Query};
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    access::{predicate, require},
    group::Sum,
    list::filter,
    rows::{BASE, col, decode},
};
use crate::{Error, Work};

/// What the records of a column come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Figures {
    pub count: u64,
    /// Of each currency, where the object has an amount that the caller may read.
    pub sums: Vec<Amounts>,
}

/// What amounts of one currency come to.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Amounts {
    pub currency: String,
    pub sum: Json,
    /// Each amount as far as it is likely, where the object says how likely.
    pub weighted: Option<Json>,
}

/// Sums as they are added up.
#[derive(Default)]
struct Sums {
    count: u64,
    by_currency: BTreeMap<String, (Sum, i128)>,
}

/// How many decimals amounts are kept with.
const DECIMALS: u8 = 6;

/// The figures of each column, by the option that the column is of; without one for records that have none.
///
/// # Errors
/// The caller may not read the object, or the filter is no right one.
pub(crate) async fn figures(
    work: &mut Work<'_, '_>,
    object: &Object,
    by: &Field,
    narrowed: Option<&Json>,
) -> Result<BTreeMap<Option<String>, Figures>, Error> {
    require(work, object, Action::Read)?;
    let readable = |field: &&Field| work.caller.grants.can_read_field(&object.name, &field.name);
    let amount =
        object.fields.iter().filter(readable).find(|field| field.kind.is_money() && !field.is_system);
    let likely = object.pipeline.as_ref().and_then(|pipeline| object.field(&pipeline.probability));
    let likely = likely.filter(readable).and_then(|field| match field.kind.whole_type() {
        PartType::Number(decimals) => Some((field, decimals)),
        _ => None,
    });
    let mut statement = Query::select();
    statement
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .and_where_option(predicate(work, object, BASE, Action::Read));
    if let Some(json) = narrowed {
        statement.and_where(filter(work, object, json)?);
    }
    let mut keys = vec![col(BASE, &FieldPath::whole(by).column(by))];
    if let Some(amount) = amount {
        keys.push(col(BASE, &amount.column_name("currency")));
        keys.extend(likely.map(|(field, _)| col(BASE, &FieldPath::whole(field).column(field))));
    }
    for key in &keys {
        statement.expr(key.clone()).add_group_by([key.clone()]);
    }
    statement.expr(Expr::from(Func::count(Expr::cust("*"))));
    if let Some(amount) = amount {
        let column = FieldPath::whole(amount).column(amount);
        for half in Sum::halves(work.tx.dialect(), &format!("\"{BASE}\".\"{column}\"")) {
            statement.expr(Expr::cust(half));
        }
    }
    let mut columns: BTreeMap<Option<String>, Sums> = BTreeMap::new();
    for mut row in work.tx.fetch_all(&statement).await? {
        let text = |scalar| match scalar {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        };
        let option = text(decode(&mut row, 0, ColumnType::Text)?);
        let sums = columns.entry(option).or_default();
        sums.count += row.get::<u64>(keys.len())?;
        if amount.is_none() {
            continue;
        }
        let Some(currency) = text(decode(&mut row, 1, ColumnType::Text)?) else { continue };
        let percent = match likely {
            Some(_) => row.get::<Option<i64>>(2)?.unwrap_or_default(),
            None => 0,
        };
        let (high, low): (Option<i64>, Option<i64>) = (row.get(keys.len() + 1)?, row.get(keys.len() + 2)?);
        let sum = Sum::of(high.unwrap_or_default(), low.unwrap_or_default());
        let held = sums.by_currency.entry(currency).or_default();
        held.1 += sum.times(percent);
        held.0 += sum;
    }
    let figures = columns.into_iter().map(|(option, sums)| {
        let amounts = sums.by_currency.into_iter().map(|(currency, (sum, weighted))| {
            let overflow = || Error::Overflow {
                function: "sum",
                field: amount.map(|field| field.name.to_string()).unwrap_or_default(),
            };
            let weighted = match likely {
                Some((_, decimals)) => {
                    let whole = 100 * 10_i128.pow(u32::from(decimals));
                    Some(Sum::exactly(weighted / whole).exact().ok_or_else(overflow)?)
                }
                None => None,
            };
            Ok(Amounts {
                currency,
                sum: scaled_to_json(sum.exact().ok_or_else(overflow)?, DECIMALS),
                weighted: weighted.map(|weighted| scaled_to_json(weighted, DECIMALS)),
            })
        });
        Ok((option, Figures { count: sums.count, sums: amounts.collect::<Result<_, Error>>()? }))
    });
    figures.collect()
}
