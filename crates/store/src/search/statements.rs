//! The statements of a search.

use sea_query::{
    Alias, BinOper, CaseStatement, Condition, Expr, ExprTrait as _, JoinType, Order, Query, SelectStatement,
    UnionType,
};

use super::{SearchQuery, SearchScope, object_token};
use crate::{Dialect, Tx};

/// PostgreSQL: how many of an object's newest documents are compared one by one.
const WINDOW: u64 = 2_000;
/// PostgreSQL: how many of these are answered at most, the best.
const OF_WINDOW: u64 = 256;
/// PostgreSQL: how many of an object's documents the index is asked for at most. It has them in no order, and each
/// lies somewhere else.
pub(super) const GATHERED: u64 = 1_000;

impl Tx<'_> {
    /// The ids of the records of `object` that match: a sub-select for `id IN (…)`.
    pub fn search_ids(&self, object: &str, query: &SearchQuery) -> SelectStatement {
        let mut select = Query::select();
        select.column(("d", "record_id")).from_as(self.table("search_documents"), "d");
        if query.is_never() {
            select.and_where(Expr::val(1).eq(0));
            return select;
        }
        select.and_where(Expr::col(("d", "object")).eq(object));
        match self.dialect() {
            Dialect::Postgres => select
                .and_where(Expr::col(("d", "tokens")).binary(BinOper::Custom("@@"), query.tsquery(object)))
                .take(),
            Dialect::Sqlite => {
                let scoped = scoped(query, &SearchScope { objects: vec![object.to_owned()], is_all: false });
                // SQLite keeps the order of a cross join: the index is asked once, not for every document.
                let mut indexed = Query::select();
                indexed
                    .column(("d", "record_id"))
                    .from(Alias::new("search_index"))
                    .join_as(JoinType::CrossJoin, self.table("search_documents"), "d", always())
                    .and_where(Expr::col(("d", "id")).equals(("search_index", "rowid")))
                    .and_where(matching(&scoped))
                    .and_where(Expr::col(("d", "id")).not_in_subquery(
                        Query::select().column("id").from(Alias::new("search_pending")).take(),
                    ));
                let mut pending = Query::select();
                pending
                    .column(("d", "record_id"))
                    .from_as(Alias::new("search_pending"), "p")
                    .join_as(JoinType::CrossJoin, self.table("search_documents"), "d", always())
                    .and_where(Expr::col(("d", "id")).equals(("p", "id")))
                    .and_where(scoped.within(&Expr::col(("p", "tokens"))));
                indexed.union(UnionType::All, pending).take()
            }
        }
    }
}

/// The query among the documents of some objects.
pub(super) fn scoped(query: &SearchQuery, scope: &SearchScope) -> SearchQuery {
    if scope.is_all {
        return query.clone();
    }
    let objects = scope.objects.iter().map(|object| SearchQuery::Token(object_token(object)));
    SearchQuery::All(vec![query.clone(), SearchQuery::Any(objects.collect())])
}

/// SQLite: the newest documents below a number that the index holds and that match, with number, object, record
/// and the number once more where the document waits to be indexed anew. One that was removed has no object.
pub(super) fn in_index(query: &SearchQuery, below: i64, most: u64) -> SelectStatement {
    let newest = Query::select()
        .expr_as(Expr::col(("search_index", "rowid")), "id")
        .from(Alias::new("search_index"))
        .and_where(matching(query))
        .and_where(Expr::col(("search_index", "rowid")).lt(below))
        .order_by(("search_index", "rowid"), Order::Desc)
        .limit(most)
        .take();
    let is_it = |table: &'static str| Expr::col((table, "id")).equals(("s", "id"));
    Query::select()
        .columns([("s", "id"), ("d", "object"), ("d", "record_id"), ("p", "id")])
        .from_subquery(newest, "s")
        .join_as(JoinType::LeftJoin, Alias::new("search_documents"), "d", is_it("d"))
        .join_as(JoinType::LeftJoin, Alias::new("search_pending"), "p", is_it("p"))
        .order_by(("s", "id"), Order::Desc)
        .take()
}

/// SQLite: the documents from one number to below another that wait to be indexed and that match, with number,
/// object and record.
pub(super) fn in_waiting(query: &SearchQuery, from: i64, below: i64) -> SelectStatement {
    Query::select()
        .columns([("d", "id"), ("d", "object"), ("d", "record_id")])
        .from_as(Alias::new("search_pending"), "p")
        .join_as(JoinType::CrossJoin, Alias::new("search_documents"), "d", always())
        .and_where(Expr::col(("d", "id")).equals(("p", "id")))
        .and_where(Expr::col(("p", "id")).gte(from))
        .and_where(Expr::col(("p", "id")).lt(below))
        .and_where(query.within(&Expr::col(("p", "tokens"))))
        .order_by(("p", "id"), Order::Desc)
        .take()
}

/// PostgreSQL: what is asked of documents.
pub(super) struct Asked<'q> {
    /// What every document fulfils that is to be found.
    pub(super) widest: &'q SearchQuery,
    /// By which it is told how well one does, the best first.
    pub(super) ranks: &'q [SearchQuery],
}

impl Asked<'_> {
    /// The number of the first rank that a document fulfils.
    fn rank(&self, object: &str) -> Expr {
        let possible = (0_i64..).zip(self.ranks).filter(|(_, rank)| !rank.is_never());
        let mut case = CaseStatement::new();
        let mut is_told = false;
        for (number, rank) in possible {
            case = case.case(fulfils(rank, object), Expr::val(number));
            is_told = true;
        }
        let none = Expr::val(i64::try_from(self.ranks.len()).unwrap_or(i64::MAX));
        if is_told { case.finally(none).into() } else { none }
    }
}

/// PostgreSQL: the documents that match among the newest of each object, at most [`OF_WINDOW`] of each; with object,
/// record and rank.
pub(super) fn in_window(tx: &Tx<'_>, asked: &Asked<'_>, objects: &[String]) -> Option<SelectStatement> {
    let window = |object: &String| {
        let newest = Query::select()
            .columns(["object", "record_id", "tokens"])
            .from(tx.table("search_documents"))
            .and_where(Expr::col("object").eq(object.as_str()))
            .order_by("record_id", Order::Desc)
            .limit(WINDOW)
            .take();
        let best = Query::select()
            .columns(["object", "record_id"])
            .expr_as(asked.rank(object), "rank")
            .from_subquery(newest, "w")
            .and_where(fulfils(asked.widest, object))
            .order_by("rank", Order::Asc)
            .order_by("record_id", Order::Desc)
            .limit(OF_WINDOW)
            .take();
        // A statement with a limit is no part of a union.
        Query::select().columns(["object", "record_id", "rank"]).from_subquery(best, "m").take()
    };
    objects.iter().map(window).reduce(|mut all, window| all.union(UnionType::All, window).take())
}

/// PostgreSQL: of the documents of each object that match and that the index comes upon first, [`GATHERED`] at most,
/// the `most` newest; with object, record and rank.
pub(super) fn by_index(
    tx: &Tx<'_>,
    asked: &Asked<'_>,
    objects: &[String],
    most: u64,
) -> Option<SelectStatement> {
    // The object in an expression, so that its index is none to walk along.
    let is_of = |object: &str| Expr::cust_with_expr("($1 || '')", Expr::col("object")).eq(object);
    let indexed = |object: &String| {
        let gathered = Query::select()
            .columns(["object", "record_id", "tokens"])
            .from(tx.table("search_documents"))
            .cond_where(each_part(asked.widest, object))
            .and_where(is_of(object))
            .limit(GATHERED)
            .take();
        let newest = Query::select()
            .columns(["object", "record_id"])
            .expr_as(asked.rank(object), "rank")
            .from_subquery(gathered, "g")
            .order_by("record_id", Order::Desc)
            .limit(most)
            .take();
        // A statement with a limit is no part of a union.
        Query::select().columns(["object", "record_id", "rank"]).from_subquery(newest, "m").take()
    };
    objects.iter().map(indexed).reduce(|mut all, object| all.union(UnionType::All, object).take())
}

/// Each part by itself: the index skips over what lacks one more quickly than it looks into a single condition.
fn each_part(query: &SearchQuery, object: &str) -> Condition {
    query.parts().into_iter().fold(Condition::all(), |all, part| all.add(fulfils(part, object)))
}

fn fulfils(query: &SearchQuery, object: &str) -> Expr {
    Expr::col("tokens").binary(BinOper::Custom("@@"), query.tsquery(object))
}

fn matching(query: &SearchQuery) -> Expr {
    Expr::col("search_index").binary(BinOper::Custom("MATCH"), query.fts5())
}

fn always() -> Expr {
    Expr::cust("(1 = 1)")
}

#[cfg(feature = "testing")]
impl Tx<'_> {
    /// The statements of which a search among all documents may be made, for tests of their plans.
    pub fn search_statements(&self, object: &str, query: &SearchQuery) -> Vec<SelectStatement> {
        let objects = [object.to_owned()];
        let mut statements = vec![self.search_ids(object, query)];
        match self.dialect() {
            Dialect::Sqlite => {
                statements.extend([in_index(query, i64::MAX, 64), in_waiting(query, 0, i64::MAX)]);
            }
            Dialect::Postgres => {
                let asked = Asked { widest: query, ranks: std::slice::from_ref(query) };
                statements.extend(in_window(self, &asked, &objects));
                statements.extend(by_index(self, &asked, &objects, 64));
            }
        }
        statements
    }
}
