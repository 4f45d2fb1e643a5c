//! An admin invites somebody, who joins by the link.

use kontor_testkit::server::PASSWORD;

use super::{browser, click, go, go_by_palette, picture, shown, sign_in};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_invites_somebody_who_joins_by_the_link_and_sees_what_their_role_shows() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;

    go_by_palette(&page, "invit", "/settings/members").await;
    shown(&page, "#email").await.send_keys("nina@demo.test").await.unwrap();
    shown(&page, "#name").await.send_keys("Nina Sand").await.unwrap();
    shown(&page, "#role option[value='Viewer']").await.click().await.unwrap();
    click(&page, "form[action='/settings/members/invite'] .button.primary").await;
    let link = shown(&page, "#link").await.prop("value").await.unwrap().unwrap();
    assert!(link.contains("/invitations/kontor_invite_"), "{link}");
    picture(&page, "members-invited-light").await;
    click(&page, "form[action='/sign-out'] button").await;
    shown(&page, "form[action='/sign-in']").await;

    page.goto(&link).await.unwrap();
    let name = shown(&page, "#name").await;
    assert_eq!(name.prop("value").await.unwrap().as_deref(), Some("Nina Sand"));
    shown(&page, "#password").await.send_keys(PASSWORD).await.unwrap();
    picture(&page, "invitation-light").await;
    click(&page, ".door .button.primary").await;
    shown(&page, "#composer").await;
    let person = shown(&page, ".rail .person").await.text().await.unwrap();
    assert!(person.contains("Nina Sand") && person.contains("Viewer"), "{person}");
    go(&page, &fixture, "/settings").await;
    shown(&page, "a[href='/settings/sign-ins']").await;
    assert!(!page.source().await.unwrap().contains("/settings/members"));

    // The link is used up.
    page.goto(&link).await.unwrap();
    let said = shown(&page, "#failure").await.text().await.unwrap();
    assert!(said.contains("Ask for a new one"), "{said}");
    page.close().await.unwrap();
}
