use kontor_store::{Error, Namespace, both_engines, testing::TestStore};
use sea_query::{Alias, Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use crate::notes::{add, workspace};

fn owned(tokens: &[&str]) -> Vec<String> {
    tokens.iter().map(|&token| token.to_owned()).collect()
}

async fn index(workspace: &Namespace, id: Uuid, object: &'static str, tokens: &[&str]) {
    let tokens = owned(tokens);
    let done: Result<(), Error> = workspace
        .write(move |tx| {
            let tokens = tokens.clone();
            Box::pin(async move { tx.index_documents(object, &[(id, tokens)]).await })
        })
        .await;
    done.unwrap();
}

async fn found(workspace: &Namespace, object: &'static str, groups: &[&[&str]]) -> Vec<String> {
    let groups: Vec<_> = groups.iter().map(|group| owned(group)).collect();
    let titles: Result<Vec<String>, Error> = workspace
        .read(move |tx| {
            let groups = groups.clone();
            Box::pin(async move {
                let select = Query::select()
                    .column("title")
                    .from(tx.table("note"))
                    .and_where(Expr::col("id").in_subquery(tx.search_ids(object, &groups)))
                    .order_by("title", Order::Asc)
                    .to_owned();
                tx.fetch_all(&select).await?.iter().map(|row| row.get(0)).collect()
            })
        })
        .await;
    titles.unwrap()
}

both_engines! {
    async fn documents_are_found_by_prefixes_of_their_tokens(store: TestStore) {
        let workspace = workspace(&store).await;
        let (a, b) = (add(&workspace, "a").await.unwrap(), add(&workspace, "b").await.unwrap());
        index(&workspace, a, "note", &["note.title:jane", "note.title:doe", "note.mail:jane@acme.test"]).await;
        index(&workspace, b, "note", &["note.title:janet", "note.title:o'neil\\x", "note.title:straße-7"]).await;

        assert_eq!(found(&workspace, "note", &[&["note.title:jan"]]).await, ["a", "b"]);
        assert_eq!(found(&workspace, "note", &[&["note.title:jan"], &["note.title:d"]]).await, ["a"]);
        assert_eq!(found(&workspace, "note", &[&["note.title:doe", "note.title:janet"]]).await, ["a", "b"]);
        assert_eq!(found(&workspace, "note", &[&["note.mail:jane@acme"]]).await, ["a"]);
        assert_eq!(found(&workspace, "note", &[&["note.title:o'neil\\"]]).await, ["b"]);
        assert_eq!(found(&workspace, "note", &[&["note.title:straße-"]]).await, ["b"]);
        assert!(found(&workspace, "note", &[&["note.title:jane@"]]).await.is_empty());
        assert!(found(&workspace, "other", &[&["note.title:jan"]]).await.is_empty());
        assert!(found(&workspace, "note", &[]).await.is_empty());
        assert!(found(&workspace, "note", &[&["note.title:jan"], &[]]).await.is_empty());
    }

    async fn the_words_of_a_query_are_never_its_language(store: TestStore) {
        let workspace = workspace(&store).await;
        let id = add(&workspace, "a").await.unwrap();
        index(&workspace, id, "note", &["note.title:a", ""]).await;
        for hostile in ["\" OR note", "') | ('note", "NOT", "*", "a' \" \\", "\u{0}", " ", "", "&!:*", "a\nb"] {
            let token = format!("note.title:a{hostile}");
            drop(found(&workspace, "note", &[&[token.as_str()], &["note.title:a"]]).await);
        }
        index(&workspace, id, "note", &["a\u{0}b c\nd", "''", "\\", "\"", &"long".repeat(2_000)]).await;
        assert!(found(&workspace, "note", &[&["note.title:a"]]).await.is_empty());
    }

    async fn a_document_is_replaced_and_removed(store: TestStore) {
        let workspace = workspace(&store).await;
        let id = add(&workspace, "a").await.unwrap();
        index(&workspace, id, "note", &["note.title:old"]).await;
        index(&workspace, id, "note", &["note.title:new"]).await;
        assert!(found(&workspace, "note", &[&["note.title:old"]]).await.is_empty());
        assert_eq!(found(&workspace, "note", &[&["note.title:new"]]).await, ["a"]);
        let done: Result<(), Error> =
            workspace.write(move |tx| Box::pin(async move { tx.remove_document("note", id).await })).await;
        done.unwrap();
        assert!(found(&workspace, "note", &[&["note.title:new"]]).await.is_empty());
        index(&workspace, id, "note", &["note.title:again"]).await;
        assert_eq!(found(&workspace, "note", &[&["note.title:a"]]).await, ["a"]);
    }

    async fn matches_can_be_ordered_by_their_rank(store: TestStore) {
        let workspace = workspace(&store).await;
        for (title, tokens) in [
            ("best", &["note.title:red", "note.title:fox"][..]),
            ("worst", &["note.title:red", "note.body:one", "note.body:two", "note.body:three"][..]),
        ] {
            let id = add(&workspace, title).await.unwrap();
            index(&workspace, id, "note", tokens).await;
        }
        let titles: Result<Vec<(String, f64)>, Error> = workspace
            .read(|tx| {
                Box::pin(async move {
                    let groups = vec![owned(&["note.title:red", "note.title:fox"])];
                    let matches = tx.search_matches("note", &groups);
                    let select = Query::select()
                        .column("title")
                        .column("rank")
                        .from(tx.table("note"))
                        .join_subquery(
                            sea_query::JoinType::InnerJoin,
                            matches,
                            Alias::new("m"),
                            Expr::col(("m", "record_id")).equals("id"),
                        )
                        .order_by("rank", Order::Asc)
                        .to_owned();
                    tx.fetch_all(&select).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
                })
            })
            .await;
        let titles = titles.unwrap();
        assert_eq!(titles.len(), 2);
        assert_eq!(titles[0].0, "best");
        assert!(titles[0].1 <= titles[1].1);
    }
}
