use sea_query::{Expr, ExprTrait as _, Func, InsertStatement, OnConflict, Query, Value};
use uuid::Uuid;

use super::{normal, object_mark, object_token};
use crate::{Error, Tx, tx::Connection};

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
            let texts: Vec<_> =
                documents.iter().map(|(record, tokens)| (*record, text(object, tokens))).collect();
            let result = session.index_documents(object, &texts);
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
        let mark = object_mark(object);
        let mut statement = Query::insert();
        statement.into_table(self.table("search_documents")).columns(["object", "record_id", "tokens"]);
        for (record, tokens) in documents {
            let marked = normalised(tokens).map(|token| format!("{mark}{token}"));
            let tokens = marked.map(|token| Value::String(Some(token))).collect();
            let tokens = Value::Array(sea_query::ArrayType::String, Some(Box::new(tokens)));
            statement.values_panic([
                object.into(),
                (*record).into(),
                Func::cust("array_to_tsvector").arg(Expr::val(tokens)).into(),
            ]);
        }
        statement
            .on_conflict(OnConflict::columns(["object", "record_id"]).update_column("tokens").to_owned())
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
}

/// The tokens that are left of these when both engines can hold them.
fn normalised(tokens: &[String]) -> impl Iterator<Item = String> {
    tokens.iter().map(|token| normal(token)).filter(|token| !token.is_empty())
}

/// The tokens as SQLite's index takes them, each between blanks.
fn text(object: &str, tokens: &[String]) -> String {
    let mut text = format!(" {} ", object_token(object));
    for token in normalised(tokens) {
        text.push_str(&token);
        text.push(' ');
    }
    text
}
