use std::{os::unix::fs::PermissionsExt as _, path::Path};

use futures::future::{join, join_all};
use kontor_core::environment::Environment;
use kontor_store::{Depth, Dialect, Error, Store, StoreConfig, testing::TestStore};

use crate::notes::{add, notes, workspace};

#[test]
fn a_backup_taken_while_writing_restores_to_a_whole_store() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let (copy, restored) = (folder.path().join("copy"), folder.path().join("restored"));
        let workspace = workspace(&store).await;
        join_all((0..200).map(|n| add_owned(&workspace, format!("before {n}")))).await;
        let writing = join_all((0..500).map(|n| add_owned(&workspace, format!("during {n}"))));
        let config = store.config();
        let (backed_up, _) = join(backup(&config, &copy), writing).await;
        backed_up.unwrap();

        assert!(backup(&store.config(), &copy).await.unwrap_err().to_string().contains("is not empty"));
        std::fs::create_dir(&restored).unwrap();
        std::fs::set_permissions(&restored, std::fs::Permissions::from_mode(0o755)).unwrap();
        restore(&copy, &restored).unwrap();
        for folder in [&copy, &restored] {
            let mode = std::fs::metadata(folder.join("directory.sqlite")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "others may read {}", folder.display());
        }
        assert!(restore(&copy, &restored).unwrap_err().to_string().contains("holds data already"));
        assert!(restore(folder.path(), &restored).unwrap_err().to_string().contains("holds no backup"));

        let again = Store::open(StoreConfig::new(&restored), Environment::system()).await.unwrap();
        assert!(
            Store::inspect(&StoreConfig::new(&restored), Depth::Files, None)
                .await
                .unwrap()
                .iter()
                .all(|check| check.outcome.is_ok())
        );
        let found = notes(&again.workspace(workspace.id().unwrap()).await.unwrap()).await;
        assert!((200..=700).contains(&found), "{found}");
        again.close().await;
    });
}

async fn backup(config: &StoreConfig, to: &Path) -> Result<(), Error> {
    Store::backup(config, to, |_| Ok(())).await
}

fn restore(from: &Path, to: &Path) -> Result<(), Error> {
    Store::restore(&StoreConfig::new(to), from, || Ok(()))
}

async fn add_owned(workspace: &kontor_store::Namespace, title: String) {
    add(workspace, &title).await.unwrap();
}

#[test]
fn a_backup_without_what_belongs_beside_it_is_none() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        let full = |_: &Path| Err(std::io::ErrorKind::StorageFull.into());
        Store::backup(&store.config(), &copy, full).await.unwrap_err();
        assert!(!copy.exists());
        let beside = |folder: &Path| std::fs::write(folder.join("secret"), "x");
        Store::backup(&store.config(), &copy, beside).await.unwrap();
        assert!(copy.join("secret").exists());
    });
}

#[test]
fn a_damaged_backup_is_not_restored() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let (copy, restored) = (folder.path().join("copy"), folder.path().join("restored"));
        backup(&store.config(), &copy).await.unwrap();
        std::fs::write(copy.join("directory.sqlite"), [7_u8; 8_192]).unwrap();
        assert!(restore(&copy, &restored).is_err());
        assert!(!restored.join("directory.sqlite").exists());
    });
}

#[test]
fn a_restore_that_was_cut_short_is_run_again() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let (copy, restored) = (folder.path().join("copy"), folder.path().join("restored"));
        let workspace = workspace(&store).await;
        add(&workspace, "kept").await.unwrap();
        backup(&store.config(), &copy).await.unwrap();

        // Cut short with half a file written, and then with everything but the directory in place.
        let partial = restored.join("restore.partial/workspaces");
        std::fs::create_dir_all(&partial).unwrap();
        std::fs::write(partial.join("half.sqlite"), [7_u8; 100]).unwrap();
        let config = StoreConfig::new(&restored);
        let late = Store::restore(&config, &copy, || Err(std::io::Error::other("cut short")));
        assert!(late.is_err() && restored.join("workspaces").exists());
        let early = Store::open(config.clone(), Environment::system()).await.err().unwrap();
        assert!(early.to_string().contains("run it again"), "{early}");
        assert!(!restored.join("directory.sqlite").exists());

        restore(&copy, &restored).unwrap();
        let names: Vec<_> =
            std::fs::read_dir(&restored).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name == "restore.partial"), "{names:?}");
        let again = Store::open(config, Environment::system()).await.unwrap();
        assert_eq!(notes(&again.workspace(workspace.id().unwrap()).await.unwrap()).await, 1);
        again.close().await;
    });
}

#[test]
fn workspaces_without_a_directory_are_no_rest_of_a_restore() {
    kontor_store::testing::run(Dialect::Sqlite, |store: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let (copy, kept) = (folder.path().join("copy"), folder.path().join("kept"));
        backup(&store.config(), &copy).await.unwrap();
        std::fs::create_dir_all(kept.join("workspaces")).unwrap();
        std::fs::write(kept.join("workspaces/somebody.sqlite"), "data").unwrap();
        assert!(restore(&copy, &kept).unwrap_err().to_string().contains("holds data already"));
        assert!(kept.join("workspaces/somebody.sqlite").exists());
    });
}

#[test]
fn a_folder_without_data_is_not_backed_up() {
    kontor_store::testing::run(Dialect::Sqlite, |_: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let (missing, copy) = (folder.path().join("missing"), folder.path().join("copy"));
        let refused = backup(&StoreConfig::new(&missing), &copy).await.unwrap_err();
        assert!(refused.to_string().contains("holds no data"), "{refused}");
        assert!(!missing.exists() && !copy.exists());
    });
}

#[test]
fn on_postgres_a_backup_says_which_tool_makes_it() {
    kontor_store::testing::run(Dialect::Postgres, |store: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let refused = backup(&store.config(), &folder.path().join("copy")).await.unwrap_err();
        assert!(refused.to_string().contains("pg_dump"), "{refused}");
        let refused = Store::restore(&store.config(), folder.path(), || Ok(())).unwrap_err();
        assert!(refused.to_string().contains("pg_restore"), "{refused}");
    });
}
