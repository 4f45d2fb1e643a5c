//! Two admins who change the same at once: whoever is later gets both texts, and nothing is lost in silence.

use fantoccini::{Client, Locator};
use reqwest::Method;
use serde_json::json;

use super::{browser, click, go, holds, picture, says, shown, sign_in, sign_in_as, write};
use crate::fixture::Fixture;

/// Ada and Max, each in a browser of their own, both admins.
async fn two_admins() -> Option<(Client, Client, Fixture)> {
    let (ada, max) = (browser(false).await?, browser(true).await?);
    let fixture = Fixture::builtin().await;
    let api = fixture.sign_in("ada").await;
    let members = api.get("/api/members").await.unwrap().ok();
    let members = members["data"].as_array().unwrap();
    let id = members.iter().find(|one| one["email"] == "max@demo.test").unwrap()["id"].as_str().unwrap();
    api.send(Method::PATCH, &format!("/api/members/{id}"), Some(json!({"role": "Admin"})), &[])
        .await
        .unwrap()
        .ok();
    sign_in(&ada, &fixture).await;
    sign_in_as(&max, &fixture, "max").await;
    Some((ada, max, fixture))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_write_the_same_prompt_and_both_texts_are_kept() {
    let Some((ada, max, fixture)) = two_admins().await else { return };
    let prompt = "/settings/agents/analyst/prompt";
    for page in [&ada, &max] {
        go(page, &fixture, prompt).await;
        shown(page, "#body").await;
    }
    write(&ada, "#body", "Ada wrote this.").await;
    click(&ada, "#editor .button.primary").await;
    shown(&ada, "a[href='/settings/agents/analyst/prompt?version=2']").await;

    write(&max, "#body", "Max wrote that.").await;
    write(&max, "#note", "Mine").await;
    click(&max, "#editor .button.primary").await;
    says(&max, ".notice.warn", "Ada Brandt saved version 2").await;
    // His own text stands in the editor, and hers beside it.
    holds(&max, "#body", "Max wrote that.").await;
    holds(&max, "#note", "Mine").await;
    says(&max, ".diff .removed", "Ada wrote this.").await;
    says(&max, ".diff .added", "Max wrote that.").await;
    picture(&max, "together-prompt-dark").await;
    click(&max, "#editor .button.primary").await;
    shown(&max, "a[href='/settings/agents/analyst/prompt?version=3']").await;
    for (version, text) in [(2, "Ada wrote this."), (3, "Max wrote that.")] {
        go(&max, &fixture, &format!("{prompt}?version={version}")).await;
        holds(&max, "#body", text).await;
    }

    // Both move the label that they saw at the same version: the later one is told, and moves nothing.
    for page in [&ada, &max] {
        go(page, &fixture, prompt).await;
        shown(page, "#labels").await;
    }
    let form = "form[action$='/prompt/label']:has(input[value='production'])";
    click(&ada, &format!("{form} option[value='2']")).await;
    click(&ada, &format!("{form} button")).await;
    says(&ada, ".page-head .badge", "production: version 2").await;
    click(&max, &format!("{form} option[value='3']")).await;
    click(&max, &format!("{form} button")).await;
    says(&max, ".notice.warn", "Ada Brandt").await;
    says(&max, ".page-head .badge", "production: version 2").await;
    for page in [ada, max] {
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_change_the_same_agent_and_see_each_others_work() {
    let Some((ada, max, fixture)) = two_admins().await else { return };
    for page in [&ada, &max] {
        go(page, &fixture, "/settings/agents/analyst").await;
        shown(page, "#label").await;
    }
    write(&ada, "#label", "Analyst of Ada").await;
    write(&ada, "#temperature", "0.5").await;
    click(&ada, ".form .button.primary").await;
    says(&ada, ".notice", "Saved").await;

    write(&max, "#label", "Analyst of Max").await;
    write(&max, "#steps", "7").await;
    click(&max, ".form .button.primary").await;
    says(&max, ".notice.warn", "Ada Brandt changed this agent").await;
    // What only one changed stands as they have it; what both did, as his with hers beside it.
    holds(&max, "#temperature", "0.5").await;
    holds(&max, "#steps", "7").await;
    holds(&max, "#label", "Analyst of Max").await;
    says(&max, ".newer", "Now: Analyst of Ada").await;
    picture(&max, "together-agent-dark").await;
    click(&max, ".form .button.primary").await;
    says(&max, ".notice", "Saved").await;
    for (input, value) in [("#temperature", "0.5"), ("#steps", "7"), ("#label", "Analyst of Max")] {
        holds(&max, input, value).await;
    }
    for page in [ada, max] {
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_change_the_same_role_and_the_later_one_sees_both() {
    let Some((ada, max, fixture)) = two_admins().await else { return };
    for page in [&ada, &max] {
        go(page, &fixture, "/settings/roles/Member").await;
        shown(page, "#agents").await;
    }
    write(&ada, "#agents", "analyst").await;
    write(&ada, "#description", "As Ada has it").await;
    click(&ada, ".form .button.primary").await;
    says(&ada, ".notice", "Saved").await;

    write(&max, "#agents", "sales-*").await;
    click(&max, ".form .button.primary").await;
    says(&max, ".notice.bad", "Ada Brandt").await;
    holds(&max, "#agents", "sales-*").await;
    click(&max, "details.more > summary").await;
    says(&max, "details.more pre", "As Ada has it").await;
    says(&max, "details.more pre", "\"analyst\"").await;
    picture(&max, "together-role-dark").await;
    let agents = max.find(Locator::Css("#agents")).await.unwrap();
    assert!(agents.is_enabled().await.unwrap());
    click(&max, ".form .button.primary").await;
    says(&max, ".notice", "Saved").await;
    holds(&max, "#agents", "sales-*").await;
    for page in [ada, max] {
        page.close().await.unwrap();
    }
}
