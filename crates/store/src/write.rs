//! Several writes at once: one round trip where there is a trip to make.

use sea_query::{
    Alias, CommonTableExpression, DeleteStatement, InsertStatement, SubQueryStatement, UpdateStatement,
    WithClause, WithQuery,
};
use uuid::Uuid;

use crate::{Error, Tx, tx::Connection};

/// A statement that writes and returns nothing.
pub enum Write {
    Insert(InsertStatement),
    Update(UpdateStatement),
    Delete(DeleteStatement),
    /// The search tokens of records of one object.
    Documents {
        object: String,
        documents: Vec<(Uuid, Vec<String>)>,
    },
}

impl Tx<'_> {
    /// Runs writes that do not depend on each other and of which no two touch the same row: one by one on
    /// SQLite, as a single statement on PostgreSQL.
    pub async fn write_all(&mut self, mut writes: Vec<Write>) -> Result<(), Error> {
        writes.retain(|write| !matches!(write, Write::Documents { documents, .. } if documents.is_empty()));
        let is_alone = writes.len() < 2 && self.premise.is_none();
        if writes.is_empty() || is_alone || matches!(self.connection, Connection::Sqlite(_)) {
            for write in writes {
                self.write(write).await?;
            }
            return Ok(());
        }
        let mut statements: Vec<SubQueryStatement> = Vec::with_capacity(writes.len() + 1);
        if let Some(premise) = self.premise {
            statements.push(SubQueryStatement::UpdateStatement(premise.assertion(self)));
        }
        for write in writes {
            statements.push(match write {
                Write::Insert(statement) => SubQueryStatement::InsertStatement(statement),
                Write::Update(statement) => SubQueryStatement::UpdateStatement(statement),
                Write::Delete(statement) => SubQueryStatement::DeleteStatement(statement),
                Write::Documents { object, documents } => {
                    SubQueryStatement::InsertStatement(self.insert_documents(&object, &documents))
                }
            });
        }
        let Some(last) = statements.pop() else { return Ok(()) };
        let mut with = WithClause::new();
        for (index, statement) in statements.into_iter().enumerate() {
            let mut part = CommonTableExpression::new();
            part.table_name(Alias::new(format!("w{index}"))).query(statement);
            with.cte(part);
        }
        let mut whole = WithQuery::new();
        whole.with_clause(with).query(last);
        self.execute(&whole).await?;
        self.premise = None;
        Ok(())
    }

    async fn write(&mut self, write: Write) -> Result<(), Error> {
        match write {
            Write::Insert(statement) => self.execute(&statement).await.map(drop),
            Write::Update(statement) => self.execute(&statement).await.map(drop),
            Write::Delete(statement) => self.execute(&statement).await.map(drop),
            Write::Documents { object, documents } => self.index_documents(&object, &documents).await,
        }
    }
}
