//! Text search: one document of folded tokens per record, found by token prefixes.
//!
//! Tokens are made above, in the form `object.field:word`, so that a query names the fields it may look at.
//! On SQLite they lie in a contentless FTS5 table whose row ids are kept in `search_documents`; on PostgreSQL
//! in a `tsvector` with a GIN index.

use sea_query::{
    Alias, BinOper, Condition, Expr, ExprTrait, Func, InsertStatement, Query, SelectStatement, Value,
};
use uuid::Uuid;

use crate::{Dialect, Error, Tx, tx::Connection};

/// Longer tokens are cut here, in documents and queries alike.
const LONGEST_TOKEN: usize = 120;

impl Tx<'_> {
    /// Stores or replaces the tokens by which records of one object are found.
    pub async fn index_documents(
        &mut self,
        object: &str,
        documents: &[(Uuid, Vec<String>)],
    ) -> Result<(), Error> {
        self.guard()?;
        if documents.is_empty() {
            return Ok(());
        }
        if let Connection::Sqlite(session) = &mut self.connection {
            let texts = documents.iter().map(|(record, tokens)| {
                let text = normalised(tokens).collect::<Vec<_>>().join(" ");
                (*record, text)
            });
            let result = session.index_documents(object, &texts.collect::<Vec<_>>());
            return self.observe_sqlite(result);
        }
        let statement = self.insert_documents(object, documents);
        self.execute(&statement).await.map(drop)
    }

    /// The documents as rows, where they are rows.
    pub(crate) fn insert_documents(
        &self,
        object: &str,
        documents: &[(Uuid, Vec<String>)],
    ) -> InsertStatement {
        let mut statement = Query::insert();
        statement.into_table(self.table("search_documents")).columns(["object", "record_id", "tokens"]);
        for (record, tokens) in documents {
            let tokens = normalised(tokens).map(|token| Value::String(Some(token))).collect();
            let tokens = Value::Array(sea_query::ArrayType::String, Some(Box::new(tokens)));
            statement.values_panic([
                object.into(),
                (*record).into(),
                Func::cust("array_to_tsvector").arg(Expr::val(tokens)).into(),
            ]);
        }
        statement
            .on_conflict(
                sea_query::OnConflict::columns(["object", "record_id"]).update_column("tokens").to_owned(),
            )
            .take()
    }

    /// Removes a record from search.
    pub async fn remove_document(&mut self, object: &str, record: Uuid) -> Result<(), Error> {
        self.guard()?;
        match &mut self.connection {
            Connection::Sqlite(session) => {
                let result = session.remove_document(object, record);
                self.observe_sqlite(result)
            }
            Connection::Postgres(_) => {
                let statement = Query::delete()
                    .from_table(self.table("search_documents"))
                    .and_where(Expr::col("object").eq(object))
                    .and_where(Expr::col("record_id").eq(record))
                    .take();
                self.execute(&statement).await.map(drop)
            }
        }
    }

    /// The ids of the records of `object` that match: a sub-select for `id IN (…)`. Every group has to match,
    /// by one of its token prefixes; no groups match nothing.
    pub fn search_ids(&self, object: &str, groups: &[Vec<String>]) -> SelectStatement {
        let mut select = self.search(object, groups);
        select.column(("d", "record_id"));
        select
    }

    /// As [`Tx::search_ids`], with the columns `record_id` and `rank`; the lowest rank is the best. To be
    /// joined as a sub-select.
    pub fn search_matches(&self, object: &str, groups: &[Vec<String>]) -> SelectStatement {
        let mut select = self.search(object, groups);
        let rank: Expr = match self.dialect() {
            Dialect::Sqlite => Expr::cust("bm25(\"search_index\")"),
            Dialect::Postgres => {
                let rank = Func::cust("ts_rank").arg(Expr::col(("d", "tokens"))).arg(tsquery(groups));
                Expr::val(0.0_f64).sub(rank)
            }
        };
        select.column(("d", "record_id")).expr_as(rank, "rank");
        select
    }

    fn search(&self, object: &str, groups: &[Vec<String>]) -> SelectStatement {
        let mut select = Query::select();
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            select.from_as(self.table("search_documents"), "d").and_where(Expr::val(1).eq(0));
            return select;
        }
        match self.dialect() {
            // SQLite keeps the order of a cross join: the index is asked once, not for every document.
            Dialect::Sqlite => select
                .from(Alias::new("search_index"))
                .join_as(
                    sea_query::JoinType::CrossJoin,
                    Alias::new("search_documents"),
                    Alias::new("d"),
                    Condition::all(),
                )
                .and_where(Expr::col(("d", "id")).equals(("search_index", "rowid")))
                .and_where(Expr::col("search_index").binary(BinOper::Custom("MATCH"), fts5_query(groups))),
            Dialect::Postgres => select
                .from_as(self.table("search_documents"), "d")
                .and_where(Expr::col(("d", "tokens")).binary(BinOper::Custom("@@"), tsquery(groups))),
        };
        select.and_where(Expr::col(("d", "object")).eq(object));
        select
    }
}

/// The tokens that are left of these when both engines can hold them.
fn normalised(tokens: &[String]) -> impl Iterator<Item = String> {
    tokens.iter().map(|token| normal(token)).filter(|token| !token.is_empty())
}

/// A token both engines take as one: without white space and control characters, and not too long.
fn normal(token: &str) -> String {
    let mut end = token.len().min(LONGEST_TOKEN);
    while !token.is_char_boundary(end) {
        end -= 1;
    }
    token[..end]
        .chars()
        .map(|character| if character.is_whitespace() || character.is_control() { '_' } else { character })
        .collect()
}

/// Joins the groups: alternatives by `or`, groups by `and`.
fn joined(groups: &[Vec<String>], and: &str, or: &str, prefix: impl Fn(&str) -> String) -> String {
    let groups: Vec<_> = groups
        .iter()
        .map(|group| {
            let alternatives: Vec<_> = group.iter().map(|token| prefix(&normal(token))).collect();
            format!("({})", alternatives.join(or))
        })
        .collect();
    groups.join(and)
}

/// The query in FTS5's language: each token a quoted string, found by its prefix.
fn fts5_query(groups: &[Vec<String>]) -> String {
    joined(groups, " AND ", " OR ", |token| format!("\"{}\" *", token.replace('"', "\"\"")))
}

/// The query as `tsquery`: each token a quoted lexeme, found by its prefix.
fn tsquery(groups: &[Vec<String>]) -> Expr {
    let text = joined(groups, " & ", " | ", |token| {
        format!("'{}':*", token.replace('\\', "\\\\").replace('\'', "''"))
    });
    // Within a statement of its own it is read once, and not for every document.
    let query = Query::select().expr(Expr::val(text).cast_as(Alias::new("tsquery"))).take();
    Expr::SubQuery(None, Box::new(query.into()))
}
