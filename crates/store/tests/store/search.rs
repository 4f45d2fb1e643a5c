use std::time::Duration;

use kontor_store::{
    Dialect, Error, Namespace, Precision, SearchQuery, SearchScope, both_engines,
    testing::{TestStore, plan},
};
use sea_query::{Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use crate::notes::{Raw, add, workspace};

fn owned(tokens: &[&str]) -> Vec<String> {
    tokens.iter().map(|&token| token.to_owned()).collect()
}

async fn index(workspace: &Namespace, id: Uuid, object: &'static str, tokens: &[&str]) {
    let tokens = owned(tokens);
    let done: Result<(), Error> = workspace
        .write(tokens, move |tx, tokens| {
            Box::pin(async move { tx.index_documents(object, &[(id, tokens.clone())]).await })
        })
        .await;
    done.unwrap();
}

/// One beginning of each group.
fn beginnings(groups: &[&[&str]]) -> SearchQuery {
    let prefix = |token: &&str| SearchQuery::Prefix((*token).to_owned());
    SearchQuery::All(
        groups.iter().map(|group| SearchQuery::Any(group.iter().map(prefix).collect())).collect(),
    )
}

async fn found(workspace: &Namespace, object: &'static str, groups: &[&[&str]]) -> Vec<String> {
    let query = beginnings(groups);
    let titles: Result<Vec<String>, Error> = workspace
        .read(query, move |tx, query| {
            Box::pin(async move {
                let select = Query::select()
                    .column("title")
                    .from(tx.table("note"))
                    .and_where(Expr::col("id").in_subquery(tx.search_ids(object, query)))
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
            workspace.write(id, |tx, &id| Box::pin(async move { tx.remove_document("note", id).await })).await;
        done.unwrap();
        assert!(found(&workspace, "note", &[&["note.title:new"]]).await.is_empty());
        index(&workspace, id, "note", &["note.title:again"]).await;
        assert_eq!(found(&workspace, "note", &[&["note.title:a"]]).await, ["a"]);
    }

    async fn pages_go_from_the_newest_document_to_the_oldest(store: TestStore) {
        let workspace = workspace(&store).await;
        let ids: Vec<Uuid> = (1..=150_u128).map(Uuid::from_u128).collect();
        for id in &ids[..100] {
            index(&workspace, *id, "note", &["0red", "0fox"]).await;
        }
        settled(&workspace).await;
        for id in &ids[100..] {
            index(&workspace, *id, "note", &["0red", "0hen"]).await;
        }
        index(&workspace, ids[3], "note", &["0blue"]).await;
        index(&workspace, ids[4], "task", &["0red"]).await;
        let newest = |ids: &[Uuid]| ids.iter().rev().copied().collect::<Vec<_>>();

        let all: Vec<_> = ids.iter().copied().filter(|id| *id != ids[3]).collect();
        for query in [SearchQuery::Token("0red".to_owned()), SearchQuery::Prefix("0r".to_owned())] {
            assert_eq!(paged(&workspace, query, &["note"], 40).await, newest(&all));
        }
        let foxes: Vec<_> = all.iter().copied().filter(|id| *id <= ids[99]).collect();
        assert_eq!(paged(&workspace, beginnings(&[&["0re"], &["0f"]]), &["note"], 7).await, newest(&foxes));
        assert_eq!(paged(&workspace, beginnings(&[&["0blu"]]), &["note"], 7).await, [ids[3]]);
        assert_eq!(paged(&workspace, beginnings(&[&["0r"]]), &["task"], 7).await, [ids[4]]);
        assert!(paged(&workspace, beginnings(&[&["0r"]]), &[], 7).await.is_empty());
        assert!(paged(&workspace, beginnings(&[&[]]), &["note"], 7).await.is_empty());
    }

    /// Few documents fulfil the first rank, one of them older than what is looked through; all fulfil the second.
    async fn a_better_rank_is_found_however_many_fulfil_a_lesser_one(store: TestStore) {
        let workspace = workspace(&store).await;
        let documents = |numbers: std::ops::RangeInclusive<u128>| -> Vec<(Uuid, Vec<String>)> {
            let name = |number| if number % 1_000 == 0 { "0mia" } else { "0miau" };
            numbers.map(|number| (Uuid::from_u128(number), owned(&[name(number)]))).collect()
        };
        let (notes, tasks) = (documents(1..=3_000), documents(5_000..=5_001));
        let filled: Result<(), Error> = workspace
            .write((notes, tasks), |tx, (notes, tasks)| {
                Box::pin(async move {
                    tx.index_documents("note", notes).await?;
                    tx.index_documents("task", tasks).await
                })
            })
            .await;
        filled.unwrap();
        settled(&workspace).await;
        let (whole, beginning) = (SearchQuery::Token("0mia".to_owned()), SearchQuery::Prefix("0mia".to_owned()));
        let pages: Result<Vec<Vec<Uuid>>, Error> = workspace
            .read((whole, beginning), |tx, (whole, beginning)| {
                Box::pin(async move {
                    let ranks = vec![whole.clone(), beginning.clone()];
                    let search = tx.begin_search(beginning, ranks, scope(&["note", "task"]), 50).await?;
                    let mut pages = Vec::new();
                    for rank in 0..=2 {
                        let mut cursor = search.cursor(rank, Precision::Bounded);
                        let page = tx.search_page(&mut cursor, 64).await?;
                        pages.push(page.into_iter().map(|found| found.record).collect());
                    }
                    Ok(pages)
                })
            })
            .await;
        let pages = pages.unwrap();
        assert_eq!(pages[0], [5_000, 3_000, 2_000, 1_000].map(Uuid::from_u128));
        let lesser: Vec<_> = pages[1].iter().filter(|id| !pages[0].contains(id)).collect();
        assert_eq!(lesser[..3], [5_001, 2_999, 2_998].map(Uuid::from_u128).each_ref());
        assert!(pages[1].is_sorted_by(|a, b| a > b) && lesser.len() > 50);
        assert!(pages[2].is_empty());
    }

    async fn a_long_beginning_is_found_by_what_the_index_holds_and_checked(store: TestStore) {
        let workspace = workspace(&store).await;
        for (id, token) in [(1, "0dunford"), (2, "0dunham")] {
            index(&workspace, Uuid::from_u128(id), "note", &[token]).await;
        }
        settled(&workspace).await;
        let query = SearchQuery::Prefix("0dunfo".to_owned());
        let bounded = page(&workspace, query.clone(), Precision::Bounded).await;
        let certain: Vec<_> = bounded.iter().filter(|found| found.is_certain).collect();
        if workspace.dialect() == Dialect::Sqlite {
            assert_eq!((bounded.len(), certain.len()), (2, 0));
        } else {
            assert_eq!((bounded.len(), certain.len()), (1, 1));
        }
        let exact = page(&workspace, query, Precision::Exact).await;
        assert_eq!(exact.iter().map(|found| (found.record, found.is_certain)).collect::<Vec<_>>(), [(Uuid::from_u128(1), true)]);
    }

    async fn no_plan_of_a_search_walks_the_documents(store: TestStore) {
        let workspace = workspace(&store).await;
        let plans: Result<Vec<String>, Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    if tx.dialect() == Dialect::Postgres {
                        let filled = "INSERT INTO search_documents SELECT 'note', gen_random_uuid(), \
                             array_to_tsvector(ARRAY['ne0word' || n, 'ne1word' || (n % 9)]) \
                             FROM generate_series(1, 20000) n";
                        tx.execute(&Raw(filled)).await?;
                    }
                    let any = SearchQuery::Token("0w".to_owned());
                    tx.begin_search(&any, vec![any.clone()], scope(&["note"]), 10).await?;
                    let mut plans = Vec::new();
                    for query in [beginnings(&[&["0w"], &["1word3"]]), SearchQuery::Token("1word3".to_owned())] {
                        for statement in tx.search_statements("note", &query) {
                            plans.push(plan(tx, &statement).await?);
                        }
                    }
                    Ok(plans)
                })
            })
            .await;
        for plan in plans.unwrap() {
            let walks = ["SCAN d", "SCAN search_documents", "Seq Scan"];
            assert!(!walks.iter().any(|walk| plan.contains(walk)), "{plan}");
            let indexes = ["VIRTUAL TABLE INDEX", "SEARCH p USING INTEGER PRIMARY KEY", "search_documents_"];
            assert!(indexes.iter().any(|index| plan.contains(index)), "{plan}");
        }
    }
}

/// Waits until the index has taken what waits for it, which it does in a second.
async fn settled(workspace: &Namespace) {
    if workspace.dialect() == Dialect::Postgres {
        return;
    }
    for _ in 0..200 {
        let left: Result<i64, Error> = workspace
            .read((), |tx, ()| {
                Box::pin(
                    async move { tx.fetch_one(&Raw("SELECT count(*) FROM search_pending")).await?.get(0) },
                )
            })
            .await;
        if left.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the documents were not indexed");
}

fn scope(objects: &[&str]) -> SearchScope {
    SearchScope { objects: owned(objects), is_all: false }
}

async fn page(workspace: &Namespace, query: SearchQuery, precision: Precision) -> Vec<kontor_store::Found> {
    let found: Result<_, Error> = workspace
        .read(query, move |tx, query| {
            Box::pin(async move {
                let search = tx.begin_search(query, vec![query.clone()], scope(&["note"]), 10).await?;
                tx.search_page(&mut search.cursor(0, precision), 10).await
            })
        })
        .await;
    found.unwrap()
}

async fn paged(workspace: &Namespace, query: SearchQuery, objects: &[&str], most: u64) -> Vec<Uuid> {
    let scope = scope(objects);
    let found: Result<_, Error> = workspace
        .read((query, scope), move |tx, (query, scope)| {
            Box::pin(async move {
                let search = tx.begin_search(query, vec![query.clone()], scope.clone(), most).await?;
                let mut cursor = search.cursor(0, Precision::Exact);
                let mut found = Vec::new();
                while !cursor.is_at_end() {
                    let page = tx.search_page(&mut cursor, most).await?;
                    found.extend(page.into_iter().map(|found| found.record));
                }
                Ok(found)
            })
        })
        .await;
    found.unwrap()
}
