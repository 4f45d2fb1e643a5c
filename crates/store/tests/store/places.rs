//! Workspaces are opened by need, as many at one time as may be, and never while they are in use.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use kontor_core::{environment::Environment, error::Fault as _, ids::WorkspaceId};
use kontor_store::{Dialect, Error, Namespace, Store, StoreConfig, testing::TestStore};

use crate::notes::{add, insert, notes, workspace};

const PATIENCE: Duration = Duration::from_secs(20);

/// A store on the same data that may have this many workspaces open.
async fn with_places(store: &TestStore, open_workspaces: usize) -> Store {
    let config = StoreConfig { open_workspaces, ..store.config() };
    Store::open(config, Environment::system()).await.unwrap()
}

async fn several(store: &Store, count: usize) -> Vec<Namespace> {
    let mut made = Vec::new();
    for _ in 0..count {
        made.push(workspace(store).await);
    }
    made
}

fn open(store: &Store, workspaces: &[Namespace]) -> usize {
    workspaces.iter().filter(|workspace| store.is_open(workspace.id().unwrap())).count()
}

/// A unit that reads, and goes on when it is told to.
fn holding(workspace: &Namespace) -> (tokio::task::JoinHandle<i64>, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (begun, has_begun) = mpsc::channel();
    let (go_on, told) = mpsc::channel::<()>();
    let told = Arc::new(Mutex::new(told));
    let workspace = workspace.clone();
    let read = async move {
        let read = workspace.read((begun, told), |tx, (begun, told)| {
            Box::pin(async move {
                begun.send(()).unwrap();
                told.lock().unwrap().recv_timeout(PATIENCE).unwrap();
                crate::notes::count(tx).await
            })
        });
        let counted: Result<i64, Error> = read.await;
        counted.unwrap()
    };
    let read = tokio::runtime::Handle::current().spawn(read);
    (read, has_begun, go_on)
}

fn on_sqlite<F>(body: impl FnOnce(TestStore) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    kontor_store::testing::run(Dialect::Sqlite, body);
}

/// The descriptors of files in a folder that this process has open.
#[cfg(target_os = "linux")]
fn descriptors(folder: &std::path::Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    all.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.starts_with(folder))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn many_workspaces_take_no_more_descriptors_than_may_be_open_at_one_time() {
    on_sqlite(|store| async move {
        let few = with_places(&store, 3).await;
        let each = store.config().descriptors_per_workspace();
        let workspaces = several(&few, 12).await;
        for round in 0..3 {
            let used = workspaces.iter().map(|workspace| async move {
                add(workspace, &format!("note {round}")).await.unwrap();
                notes(workspace).await
            });
            let counted = futures::future::join_all(used).await;
            assert!(counted.iter().all(|count| *count == round + 1), "{counted:?}");
            assert!(open(&few, &workspaces) <= 3);
            // Twice as many for a moment: a connection may be closing while its workspace opens another.
            let taken = descriptors(&store.config().data_dir.join("workspaces"));
            assert!(taken <= 2 * 3 * each, "{taken} descriptors");
        }
        few.close().await;
        assert_eq!(descriptors(&store.config().data_dir.join("workspaces")), 0);
    });
}

#[test]
fn the_workspace_that_nobody_used_for_longest_makes_room() {
    on_sqlite(|store| async move {
        let few = with_places(&store, 2).await;
        let workspaces = several(&few, 3).await;
        let [old, other, new] = &workspaces[..] else { panic!() };
        for workspace in [old, other, old, new] {
            add(workspace, &format!("{:?}", std::time::Instant::now())).await.unwrap();
        }
        let is_open = |workspace: &Namespace| few.is_open(workspace.id().unwrap());
        assert!(is_open(old) && !is_open(other) && is_open(new));
        // What is held comes back by itself.
        assert_eq!(notes(other).await, 1);
        few.close().await;
    });
}

#[test]
fn a_workspace_in_use_is_not_closed_and_others_wait_for_it() {
    on_sqlite(|store| async move {
        let one = with_places(&store, 1).await;
        let (busy, waiting) = (workspace(&one).await, workspace(&one).await);
        add(&busy, "kept").await.unwrap();
        let (read, has_begun, go_on) = holding(&busy);
        tokio::task::block_in_place(|| has_begun.recv_timeout(PATIENCE)).unwrap();
        let other = waiting.clone();
        let write = tokio::runtime::Handle::current().spawn(async move { add(&other, "late").await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!write.is_finished() && one.is_open(busy.id().unwrap()));
        go_on.send(()).unwrap();
        assert_eq!(read.await.unwrap(), 1);
        write.await.unwrap().unwrap();
        one.close().await;
    });
}

#[test]
fn who_finds_no_place_in_time_is_told_that_the_server_is_busy() {
    on_sqlite(|store| async move {
        let config =
            StoreConfig { open_workspaces: 1, write_deadline: Duration::from_millis(200), ..store.config() };
        let one = Store::open(config, Environment::system()).await.unwrap();
        let (busy, other) = (workspace(&one).await, workspace(&one).await);
        let (read, has_begun, go_on) = holding(&busy);
        tokio::task::block_in_place(|| has_begun.recv_timeout(PATIENCE)).unwrap();
        let refused = add(&other, "never").await.unwrap_err();
        assert!(matches!(refused, Error::Busy { .. }), "{refused:?}");
        let problem = refused.problem();
        assert_eq!(problem.code, "busy");
        assert!(problem.retry_after.is_some() && !problem.message.contains("reached"), "{problem}");
        go_on.send(()).unwrap();
        read.await.unwrap();
        assert_eq!(notes(&other).await, 0);
        one.close().await;
    });
}

#[test]
fn many_who_ask_for_one_closed_workspace_take_one_place() {
    on_sqlite(|store| async move {
        let few = with_places(&store, 2).await;
        let workspaces = several(&few, 3).await;
        let [kept, away, other] = &workspaces[..] else { panic!() };
        add(other, "one").await.unwrap();
        add(kept, "one").await.unwrap();
        assert!(!few.is_open(away.id().unwrap()));
        let counted = futures::future::join_all((0..50).map(|_| notes(away))).await;
        assert_eq!(counted, vec![0; 50]);
        assert!(few.is_open(kept.id().unwrap()), "one place was needed, and the least used one gave it");
        few.close().await;
    });
}

#[test]
fn nobody_waits_long_where_many_come_and_go() {
    on_sqlite(|store| async move {
        // Far less than the time after which an idle file closes by itself.
        let config = StoreConfig {
            open_workspaces: 8,
            read_deadline: Duration::from_secs(5),
            write_deadline: Duration::from_secs(5),
            ..store.config()
        };
        let few = Store::open(config, Environment::system()).await.unwrap();
        let workspaces = several(&few, 12).await;
        for round in 0..15 {
            // In the order in which they were used last, so that each one asked for was the next to close.
            let used = workspaces.iter().map(|workspace| async move {
                if round % 3 == 0 {
                    add(workspace, &format!("note {round}")).await.unwrap();
                }
                notes(workspace).await
            });
            let counted = futures::future::join_all(used).await;
            assert_eq!(counted, vec![round / 3 + 1; workspaces.len()]);
        }
        few.close().await;
    });
}

#[test]
fn a_start_opens_no_workspace() {
    on_sqlite(|store| async move {
        let made = workspace(&store).await;
        let again = with_places(&store, 4).await;
        assert!(!again.is_open(made.id().unwrap()));
        assert_eq!(again.workspace_ids().await.unwrap(), [made.id().unwrap()]);
        assert!(!again.is_open(made.id().unwrap()));
        again.close().await;
    });
}

#[test]
fn a_workspace_that_is_asked_for_by_a_wrong_id_makes_nobody_close() {
    on_sqlite(|store| async move {
        let one = with_places(&store, 1).await;
        let made = workspace(&one).await;
        add(&made, "kept").await.unwrap();
        let wrong = WorkspaceId(crate::notes::new_id());
        assert!(matches!(one.workspace(wrong).await, Err(Error::Missing { .. })));
        assert!(one.is_open(made.id().unwrap()));
        one.close().await;
    });
}

#[test]
fn a_file_that_is_gone_or_empty_is_reported_and_not_made_anew() {
    on_sqlite(|store| async move {
        let one = with_places(&store, 1).await;
        let (lost, other) = (workspace(&one).await, workspace(&one).await);
        add(&other, "makes the other one close").await.unwrap();
        let folder = store.config().data_dir.join("workspaces");
        let file = folder.join(format!("{}.sqlite", lost.id().unwrap()));
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, b"").unwrap();
        for emptied in [one.clone(), with_places(&store, 1).await] {
            let refused = match emptied.workspace(lost.id().unwrap()).await {
                Ok(workspace) => add(&workspace, "into nothing").await.map(drop),
                Err(error) => Err(error),
            };
            let refused = refused.unwrap_err();
            assert!(matches!(&refused, Error::Missing { how, .. } if how == "is empty"), "{refused:?}");
            assert_eq!(refused.problem().code, "data_missing");
            assert_eq!(std::fs::metadata(&file).unwrap().len(), 0, "nothing was made in its place");
        }
        std::fs::remove_file(&file).unwrap();
        let gone = add(&lost, "into nothing").await;
        assert!(matches!(&gone, Err(Error::Missing { how, .. }) if how == "has no file"), "{gone:?}");
        assert!(!file.exists());
        // With the file back, so is the workspace.
        std::fs::write(&file, whole).unwrap();
        add(&lost, "back").await.unwrap();
        one.close().await;
    });
}

#[test]
fn what_was_restored_is_known_to_be_so_until_it_was_looked_at() {
    on_sqlite(|store| async move {
        let made = workspace(&store).await;
        made.write((), |tx, ()| Box::pin(insert(tx, "kept"))).await.unwrap();
        assert!(!store.may_have_been_restored());
        let folder = tempfile::tempdir().unwrap();
        let (backup, data) = (folder.path().join("backup"), folder.path().join("data"));
        Store::backup(&store.config(), &backup, |_| Ok(())).await.unwrap();
        let config = StoreConfig { data_dir: data, ..store.config() };
        Store::restore(&config, &backup, || Ok(())).unwrap();
        for _ in 0..2 {
            let restored = Store::open(config.clone(), Environment::system()).await.unwrap();
            assert!(restored.may_have_been_restored());
            restored.close().await;
        }
        let restored = Store::open(config, Environment::system()).await.unwrap();
        restored.accept_restored().await.unwrap();
        assert!(!restored.may_have_been_restored());
        restored.close().await;
    });
}
