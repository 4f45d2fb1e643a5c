//! What members and workspaces set, and the days and currencies that follow from it.

use super::*;

#[tokio::test]
async fn a_member_sets_their_time_zone_and_pages_and_filters_mean_their_days() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.get("/chat").await.expect(200).hides("data-time-zone");
    ada.get("/settings").await.expect(200).shows("name=\"time_zone\"").shows("value=\"Europe/Berlin\"");
    // Where their day has begun when it has not in UTC, or the other way round.
    let ahead = "Pacific/Kiritimati";
    ada.post("/settings/own", &[("time_zone", ahead)]).await.expect(303);
    ada.get("/chat").await.expect(200).shows(&format!("<html lang=\"en\" data-time-zone=\"{ahead}\">"));
    let now = server.services.environment.now();
    let today = ahead.parse::<kontor_core::locale::TimeZone>().unwrap().date(now);
    server.create("deal", json!({ "name": "Crane", "close_date": today })).await;
    ada.get("/records/deals?f=close_date&o=is&v=today").await.expect(200).shows("Crane");
    ada.get("/records/deals?f=close_date&o=is&v=tomorrow").await.expect(200).hides("Crane");
    ada.get("/records/members?c=name&c=time_zone").await.expect(200).shows(ahead);

    // A browser's zone takes the place of none, not of another.
    ada.post("/settings/zone", &[("time_zone", "Asia/Tokyo")]).await.expect(204);
    ada.get("/chat").await.expect(200).shows(ahead);
    let wrong = ada.post("/settings/own", &[("time_zone", "Europe/Berln")]).await;
    wrong
        .expect(422)
        .shows("Did you mean Europe/Berlin?")
        .shows("value=\"Europe/Berln\"")
        .shows("aria-invalid");
    ada.post("/settings/own", &[("time_zone", "")]).await.expect(303);
    ada.post("/settings/zone", &[("time_zone", "Asia/Tokyo")]).await.expect(204);
    ada.get("/settings").await.expect(200).shows("value=\"Asia/Tokyo\"");
}

#[tokio::test]
async fn the_workspaces_settings_are_changed_by_those_who_may() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let set = [("time_zone", "Europe/Berlin"), ("currency", "chf"), ("audit", "365"), ("events", "")];
    vera.get("/settings").await.expect(200).hides("/settings/workspace");
    vera.post("/settings/workspace", &set).await.expect(403);
    ada.post("/settings/workspace", &set).await.expect(303);
    ada.get("/settings?done=saved")
        .await
        .expect(200)
        .shows("Saved")
        .shows("value=\"CHF\"")
        .shows("value=\"365\"");
    vera.get("/settings").await.expect(200).shows("Europe/Berlin").shows("data-time-zone=\"Europe/Berlin\"");
    ada.get("/records/deals/new").await.expect(200).shows("<option selected>CHF</option>");
    let wrong = [("time_zone", "Mars"), ("currency", "EURO"), ("audit", "soon")];
    let refused = ada.post("/settings/workspace", &wrong).await;
    refused
        .expect(422)
        .shows("time_zone-wrong")
        .shows("currency-wrong")
        .shows("audit-wrong")
        .shows("value=\"soon\"");
    ada.get("/settings").await.expect(200).shows("value=\"CHF\"");
}
