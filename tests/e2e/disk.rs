//! A data disk that is full, and has room again.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use kontor_testkit::{
    client::ApiClient,
    server::{Server, ServerOptions},
};
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::binary;

/// A small disk, taken away when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where the machine lets nobody but root mount one.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(at).output().ok()?;
        mount.status.success().then(|| Self(at.to_owned()))
    }

    /// Writes to the disk until it has no room.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = File::create(&ballast).unwrap();
        while file.write_all(&[0; 4_096]).is_ok() {}
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_disk_that_is_full_refuses_writes_and_everything_goes_on_once_it_has_room() {
    let folder = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk")) else {
        println!("skipped: only root may mount a disk");
        return;
    };
    // The log is on the same disk.
    let log = File::create(disk.0.join("log")).unwrap();
    let mut options = ServerOptions::demo(binary(), disk.0.join("data"));
    options.environment.push(("KONTOR_LOG".to_owned(), "debug".to_owned()));
    let server = Server::start_logging_to(&options, log.into()).unwrap();
    let ada = ApiClient::sign_in(&server.url, "ada@demo.test").await.unwrap();
    let session = ada.session("sales-assistant").await.unwrap();
    let text = "words ".repeat(10_000);
    for _ in 0..2 {
        let ballast = disk.fill();
        let mut refused = None;
        // Some writes find room in what the database has already.
        for _ in 0..100 {
            let note = ada.post("/api/records/notes", json!({"title": "Long", "body": text})).await.unwrap();
            assert!(note.status == 201 || note.status == 503, "{}", note.body);
            if note.status == 503 {
                refused = Some(note.body);
                break;
            }
        }
        assert_eq!(refused.expect("a full disk refuses writes")["code"], "storage_full");
        ada.get("/api/records/deals?limit=5").await.unwrap().ok();
        assert_eq!(ada.get("/healthz").await.unwrap().status, 200);
        std::fs::remove_file(ballast).unwrap();
        ada.post("/api/records/notes", json!({"title": "Short"})).await.unwrap().ok();
        let events = ada.chat(&session, "create the account Borealis").await.unwrap();
        assert_eq!(events.last().map(|event| event.name.as_str()), Some("turn.completed"), "{events:?}");
        ada.get("/readyz").await.unwrap().ok();
        ApiClient::sign_in(&server.url, "max@demo.test").await.unwrap();
    }
    assert!(server.stop().unwrap().success());
}
