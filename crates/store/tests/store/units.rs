use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt as _, future::join_all};
use kontor_core::{
    environment::Environment,
    error::{ErrorKind, Fault as _},
    ids::WorkspaceId,
    metadata::ColumnType,
};
use kontor_store::{
    ColumnSpec, Depth, Dialect, Error, Premise, Store, Write, both_engines, testing::TestStore,
};
use sea_query::{Expr, ExprTrait, Query};

use crate::notes::{Raw, add, count, increment, insert, insertion, new_id, notes, workspace};

both_engines! {
    async fn a_unit_that_answers_ok_is_kept_and_one_that_fails_is_undone(store: TestStore) {
        let workspace = workspace(&store).await;
        add(&workspace, "kept").await.unwrap();
        let failed: Result<(), Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    insert(tx, "undone").await?;
                    Err(Error::NoRow)
                })
            })
            .await;
        assert!(matches!(failed, Err(Error::NoRow)));
        assert_eq!(notes(&workspace).await, 1);
    }

    async fn a_panic_undoes_its_unit_and_harms_no_other(store: TestStore) {
        let workspace = workspace(&store).await;
        let failed: Result<(), Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    insert(tx, "undone").await?;
                    panic!("lost my thread")
                })
            })
            .await;
        assert!(matches!(&failed, Err(Error::Panicked(message)) if message == "lost my thread"), "{failed:?}");
        add(&workspace, "kept").await.unwrap();
        assert_eq!(notes(&workspace).await, 1);
    }

    async fn a_statement_that_failed_undoes_its_unit_even_when_the_error_is_ignored(store: TestStore) {
        let workspace = workspace(&store).await;
        add(&workspace, "same").await.unwrap();
        let failed: Result<(), Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    insert(tx, "other").await?;
                    drop(insert(tx, "same").await);
                    assert!(matches!(count(tx).await, Err(Error::Aborted)));
                    Ok(())
                })
            })
            .await;
        assert!(matches!(failed, Err(Error::Aborted)), "{failed:?}");
        assert_eq!(notes(&workspace).await, 1);
    }

    async fn a_savepoint_undoes_a_part_and_the_rest_goes_on(store: TestStore) {
        let workspace = workspace(&store).await;
        add(&workspace, "same").await.unwrap();
        workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    insert(tx, "before").await?;
                    let part: Result<(), Error> = tx
                        .savepoint(&(), |tx, ()| {
                            Box::pin(async move {
                                insert(tx, "undone").await?;
                                insert(tx, "same").await.map(drop)
                            })
                        })
                        .await;
                    assert!(matches!(part, Err(Error::UniqueViolation { .. })), "{part:?}");
                    tx.savepoint(&(), |tx, ()| Box::pin(async move { insert(tx, "nested").await })).await?;
                    insert(tx, "after").await
                })
            })
            .await
            .unwrap();
        assert_eq!(notes(&workspace).await, 4);
    }

    async fn concurrent_changes_of_one_row_are_all_kept(store: TestStore) {
        let workspace = workspace(&store).await;
        let id = add(&workspace, "counted").await.unwrap();
        let changes = (0..40).map(|_| workspace.write(id, |tx, &id| Box::pin(increment(tx, id))));
        for change in join_all(changes).await {
            let change: Result<(), Error> = change;
            change.unwrap();
        }
        let counted: Result<i64, Error> = workspace
            .read((), |tx, ()| {
                Box::pin(async move {
                    let select = Query::select().column("count").from(tx.table("note")).to_owned();
                    tx.fetch_one(&select).await?.get(0)
                })
            })
            .await;
        assert_eq!(counted.unwrap(), 40);
    }

    async fn writes_that_share_a_commit_fail_each_for_itself(store: TestStore) {
        let workspace = workspace(&store).await;
        add(&workspace, "same").await.unwrap();
        let titles: Vec<String> =
            (0..100).map(|n| if n % 3 == 0 { "same".to_owned() } else { format!("note {n}") }).collect();
        let results = join_all(titles.iter().map(|title| add(&workspace, title))).await;
        for (title, result) in titles.iter().zip(results) {
            assert_eq!(title == "same", matches!(result, Err(Error::UniqueViolation { .. })), "{title}");
        }
        assert_eq!(notes(&workspace).await, 1 + 66);
    }

    async fn a_violated_index_is_named_by_table_and_columns(store: TestStore) {
        let workspace = workspace(&store).await;
        add(&workspace, "same").await.unwrap();
        let Err(Error::UniqueViolation { table, columns, .. }) = add(&workspace, "same").await else {
            panic!("the title is unique")
        };
        assert_eq!((table.as_str(), columns), ("note", vec!["title".to_owned()]));
    }

    async fn a_reference_to_nothing_is_refused(store: TestStore) {
        let workspace = workspace(&store).await;
        let failed: Result<u64, Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    let id = insert(tx, "child").await?;
                    let update = Query::update()
                        .table(tx.table("note"))
                        .value("parent", new_id())
                        .and_where(Expr::col("id").eq(id))
                        .to_owned();
                    tx.execute(&update).await
                })
            })
            .await;
        assert!(matches!(failed, Err(Error::ForeignKey { .. })), "{failed:?}");
        assert_eq!(notes(&workspace).await, 0);
    }

    async fn a_reader_that_leaves_while_its_transaction_begins_harms_nobody(store: TestStore) {
        let workspace = workspace(&store).await;
        for number in 0..20 {
            // The read is given the connection of this write, asks for its transaction and waits no longer.
            add(&workspace, &format!("before {number}")).await.unwrap();
            let _ = notes(&workspace).now_or_never();
            // Time for the connection to get back into its pool.
            tokio::time::sleep(Duration::from_millis(5)).await;
            add(&workspace, &format!("after {number}")).await.unwrap();
        }
        assert_eq!(notes(&workspace).await, 40);
    }

    async fn a_write_is_done_even_when_its_caller_leaves(store: TestStore) {
        let workspace = workspace(&store).await;
        for _ in 0..20 {
            let title = new_id().to_string();
            assert!(Box::pin(add(&workspace, &title)).now_or_never().is_none());
        }
        tokio::time::timeout(Duration::from_secs(20), async {
            while notes(&workspace).await < 20 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }

    async fn a_read_sees_one_state_of_the_data(store: TestStore) {
        let workspace = workspace(&store).await;
        add(&workspace, "first").await.unwrap();
        let (begun, reading) = std::sync::mpsc::channel();
        let (written, go) = std::sync::mpsc::channel();
        let channels = Arc::new(Mutex::new((begun, go)));
        let reader = workspace.clone();
        let read = async move { reader.read(channels, |tx, channels| {
            Box::pin(async move {
                let before = count(tx).await?;
                {
                    let (begun, go) = &*channels.lock().unwrap();
                    begun.send(()).unwrap();
                    go.recv_timeout(Duration::from_secs(20)).unwrap();
                }
                Ok::<_, Error>((before, count(tx).await?))
            })
        }).await };
        let read = tokio::task::JoinSet::from_iter([read]);
        tokio::task::block_in_place(|| reading.recv_timeout(Duration::from_secs(20))).unwrap();
        add(&workspace, "second").await.unwrap();
        written.send(()).unwrap();
        let (before, after) = read.join_all().await.remove(0).unwrap();
        assert_eq!((before, after), (1, 1));
        assert_eq!(notes(&workspace).await, 2);
    }

    async fn the_schema_is_changed_in_alter_alone(store: TestStore) {
        let workspace = workspace(&store).await;
        let refused: Result<(), Error> =
            workspace.write((), |tx, ()| Box::pin(async move { tx.apply("DROP TABLE note").await })).await;
        assert!(matches!(refused, Err(Error::NotAltering)));
        assert_eq!(notes(&workspace).await, 0);
    }

    async fn a_read_cannot_write(store: TestStore) {
        let workspace = workspace(&store).await;
        let refused: Result<_, Error> =
            workspace.read((), |tx, ()| Box::pin(insert(tx, "sneaked in"))).await;
        assert!(refused.is_err());
        assert_eq!(notes(&workspace).await, 0);
    }

    async fn a_statement_that_runs_too_long_is_ended(store: TestStore) {
        let mut config = store.config();
        config.write_deadline = Duration::from_millis(400);
        let hurried = Store::open(config, Environment::system()).await.unwrap();
        let id = WorkspaceId(new_id());
        let workspace = hurried.create_workspace(id).await.unwrap();
        let endless: Result<_, Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    tx.fetch_all(&Raw(
                        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 1000 FROM n) \
                         SELECT count(*) FROM n",
                    ))
                    .await
                })
            })
            .await;
        assert!(matches!(endless, Err(Error::Timeout { .. })), "{:?}", endless.err());
        assert!(Store::inspect(&store.config(), Depth::Files, None).await.unwrap().iter().all(|check| check.outcome.is_ok()));
        hurried.close().await;
    }

    async fn a_sum_beyond_64_bits_is_refused(store: TestStore) {
        let workspace = workspace(&store).await;
        let sum: Result<_, Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    insert(tx, "one").await?;
                    insert(tx, "two").await?;
                    let update = Query::update().table(tx.table("note")).value("count", i64::MAX).to_owned();
                    tx.execute(&update).await?;
                    let sum = Expr::col("count").sum().cast_as("bigint");
                    tx.fetch_one(&Query::select().expr(sum).from(tx.table("note")).to_owned()).await
                })
            })
            .await;
        assert!(matches!(sum, Err(Error::OutOfRange { .. })), "{:?}", sum.err());
    }

    async fn a_unit_has_no_effect_where_its_premise_does_not_hold(store: TestStore) {
        let workspace = workspace(&store).await;
        let made: Result<(), Error> = workspace
            .alter((), |tx, ()| {
                Box::pin(async move {
                    tx.create_table("era", &[ColumnSpec::new("number", ColumnType::Integer)]).await?;
                    let first = Query::insert().into_table(tx.table("era")).columns(["number"]).values_panic([1_i64.into()]).take();
                    tx.execute(&first).await.map(drop)
                })
            })
            .await;
        made.unwrap();
        let premise = Premise { table: "era", column: "number", value: 1 };
        let (one, several) = (new_id(), new_id());
        let write_on = async || {
            let alone: Result<Option<()>, Error> = workspace.write_on(premise, one, |tx, &id| {
                Box::pin(async move { tx.execute(&insertion(tx, id, "alone")).await.map(drop) })
            }).await;
            let together: Result<Option<()>, Error> = workspace.write_on(premise, several, |tx, &id| {
                let writes = vec![Write::Insert(insertion(tx, id, "together"))];
                Box::pin(async move { tx.write_all(writes).await })
            }).await;
            (alone, together)
        };
        assert!(matches!(write_on().await, (Ok(Some(())), Ok(Some(())))));
        // What fails by then fails for that reason, whatever it says.
        let next: Result<u64, Error> = workspace
            .write((), |tx, ()| {
                let next = Query::update().table(tx.table("era")).value("number", 2_i64).take();
                Box::pin(async move { tx.execute(&next).await })
            })
            .await;
        assert_eq!(next.unwrap(), 1);
        assert!(matches!(write_on().await, (Ok(None), Ok(None))));
        let removed: Result<u64, Error> = workspace
            .write((), |tx, ()| {
                let all = Query::delete().from_table(tx.table("note")).take();
                Box::pin(async move { tx.execute(&all).await })
            })
            .await;
        assert_eq!(removed.unwrap(), 2);
        assert!(matches!(write_on().await, (Ok(None), Ok(None))));
        assert_eq!(notes(&workspace).await, 0);
    }

    async fn a_unit_runs_again_when_its_transaction_was_in_conflict(store: TestStore) {
        let workspace = workspace(&store).await;
        let id = add(&workspace, "contended").await.unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let (other, interfered) = (workspace.clone(), Arc::new(AtomicUsize::new(0)));
        let result: Result<(), Error> = workspace
            .write((counted, other, interfered), move |tx, (counted, other, interfered)| {
                counted.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    count(tx).await?;
                    // Only PostgreSQL lets another writer in between, and only there may a unit wait.
                    if tx.dialect() == Dialect::Postgres && interfered.fetch_add(1, Ordering::SeqCst) == 0 {
                        other.write(id, |tx, &id| Box::pin(increment(tx, id))).await?;
                    }
                    increment(tx, id).await
                })
            })
            .await;
        result.unwrap();
        let expected = if store.engine() == Dialect::Postgres { 2 } else { 1 };
        assert_eq!(runs.load(Ordering::SeqCst), expected);
    }

    async fn a_unit_that_others_are_always_ahead_of_is_told_so(store: TestStore) {
        // On SQLite no other writer comes in between.
        if store.engine() == Dialect::Sqlite {
            return;
        }
        let workspace = workspace(&store).await;
        let id = add(&workspace, "contended").await.unwrap();
        let other = workspace.clone();
        let result: Result<(), Error> = workspace
            .write(other, move |tx, other| {
                Box::pin(async move {
                    count(tx).await?;
                    other.write(id, |tx, &id| Box::pin(increment(tx, id))).await?;
                    increment(tx, id).await
                })
            })
            .await;
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Contention { .. }), "{error:?}");
        let problem = error.problem();
        assert_eq!((problem.kind, &*problem.code), (ErrorKind::Unavailable, "write_contention"));
        assert!(problem.retry_after.is_some());
    }
}

#[test]
fn a_unit_that_awaits_something_else_is_refused_on_sqlite() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let workspace = workspace(&store).await;
        let refused: Result<(), Error> = workspace
            .write((), |tx, ()| {
                Box::pin(async move {
                    let statement = insertion(tx, new_id(), "undone");
                    tx.execute(&statement).await?;
                    tokio::task::yield_now().await;
                    Ok(())
                })
            })
            .await;
        assert!(matches!(refused, Err(Error::NotReady)));
        assert_eq!(notes(&workspace).await, 0);
    });
}

#[test]
fn units_whose_shared_transaction_is_lost_are_run_again() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let mut config = store.config();
        config.write_deadline = Duration::from_millis(600);
        let hurried = Store::open(config, Environment::system()).await.unwrap();
        let workspace = workspace(&hurried).await;
        let (open, gate) = std::sync::mpsc::channel();
        let gate = Mutex::new(gate);
        let first = workspace.write(gate, |tx, gate| {
            // Run again, it finds the gate closed and goes on all the same.
            let gate = gate.lock().unwrap();
            gate.recv_timeout(Duration::from_millis(300)).unwrap_or_default();
            Box::pin(async move { insert(tx, "first").await })
        });
        let endless = workspace.write((), |tx, ()| {
            Box::pin(async move {
                tx.execute(&Raw("INSERT INTO note (id, title) WITH RECURSIVE n (i) AS \
                     (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT randomblob(16), 'note ' || i FROM n"))
                    .await
            })
        });
        let (first, second, endless, ()) = tokio::join!(
            biased;
            first,
            add(&workspace, "second"),
            endless,
            async { open.send(()).unwrap() },
        );
        for kept in [first, second] {
            kept.map_err(|error: Error| error).unwrap();
        }
        let endless: Result<_, Error> = endless;
        assert!(matches!(endless, Err(Error::Timeout { .. })), "{endless:?}");
        assert_eq!(notes(&workspace).await, 2);
        hurried.close().await;
    });
}
