use std::sync::{Mutex, PoisonError};

use kontor_core::grants::RowRule;
use sea_query::Expr;

/// The row rules that a unit of work came across, as conditions of its statements. A use case asks several times what
/// a caller may do to a row; each rule is read and compiled once for each name that its table has in statements.
#[derive(Default)]
pub struct RowRules<'a>(Mutex<Vec<Compiled<'a>>>);

struct Compiled<'a> {
    rule: &'a RowRule,
    alias: String,
    condition: Expr,
}

impl<'a> RowRules<'a> {
    /// The condition of this very rule, which is a part of the caller's grants, on a table that is called `alias`.
    pub fn condition(&self, rule: &'a RowRule, alias: &str, compile: impl FnOnce() -> Expr) -> Expr {
        let known = self.find(rule, alias);
        known.unwrap_or_else(|| {
            let condition = compile();
            let compiled = Compiled { rule, alias: alias.to_owned(), condition: condition.clone() };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(compiled);
            condition
        })
    }

    /// How many conditions were compiled.
    pub fn compiled(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn find(&self, rule: &RowRule, alias: &str) -> Option<Expr> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().find(|known| std::ptr::eq(known.rule, rule) && known.alias == alias);
        found.map(|known| known.condition.clone())
    }
}
