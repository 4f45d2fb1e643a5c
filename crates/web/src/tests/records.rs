use super::*;

#[tokio::test]
async fn a_record_is_created_changed_deleted_and_restored_by_hand() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let account = server.create("account", json!({"name": "Acme"})).await;
    ada.get("/records/deals/new").await.expect(200).shows("name=\"amount.amount\"");

    let form = [
        ("name", "Crane <big>"),
        ("amount.amount", "12500.50"),
        ("amount.currency", "eur"),
        ("stage", "PROPOSAL"),
        ("close_date", "2027-02-03"),
        ("account", account.as_str()),
    ];
    let made = ada.post("/records/deals", &form).await.expect(303);
    let page = made.header("location").split('?').next().unwrap().to_owned();
    let shown = ada.get(&page).await.expect(200);
    shown.shows("Crane &#60;big&#62;").shows("12,500.50 EUR").shows("Deal created").shows("Ada Brandt");
    shown.shows(&format!("href=\"/records/accounts/{account}\">Acme</a>"));
    ada.get(&format!("/records/accounts/{account}")).await.expect(200).shows("Crane &#60;big&#62;");

    let edit = ada.get(&format!("{page}/edit")).await.expect(200);
    edit.shows("value=\"12500.5\"").shows("value=\"2027-02-03\"").shows("name=\"version\" value=\"1\"");
    let saved = ada.post(&page, &[("version", "1"), ("stage", "NEGOTIATION")]).await.expect(303);
    assert!(saved.header("location").ends_with("?done=saved"));
    ada.get(&page).await.expect(200).shows("Proposal</span></del>").shows("12,500.50 EUR");
    let same = ada.post(&page, &[("version", "2"), ("stage", "NEGOTIATION")]).await.expect(303);
    assert!(same.header("location").ends_with("?done=unchanged"));
    let again = ada.post(&page, &[("version", "1"), ("stage", "NEGOTIATION")]).await.expect(303);
    assert!(again.header("location").ends_with("?done=saved"));
    ada.post(&page, &[("version", "1"), ("stage", "LEAD")]).await.expect(409).shows("changed meanwhile");

    ada.post(&format!("{page}/delete"), &[]).await.expect(303);
    ada.post(&format!("{page}/delete"), &[]).await.expect(303);
    ada.get("/records/deals").await.expect(200).hides("Crane");
    ada.get("/records/deals?deleted=yes").await.expect(200).shows("Crane");
    ada.get("/records/deals?deleted=yes&q=cra").await.expect(200).shows("Crane");
    ada.get("/records/deals?deleted=yes&q=other").await.expect(200).hides("Crane");
    ada.get(&page).await.expect(200).shows("Restore");
    ada.post(&format!("{page}/restore"), &[]).await.expect(303);
    ada.post(&format!("{page}/restore"), &[]).await.expect(303);
    ada.get("/records/deals").await.expect(200).shows("Crane");
}

#[tokio::test]
async fn a_default_that_is_taken_out_of_the_form_does_not_come_back() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let caller = Caller::system(server.workspace);
    let assignee = async |form: &[(&str, &str)]| {
        let made = ada.post("/records/tasks", form).await.expect(303);
        let page = made.header("location").split('?').next().unwrap().to_owned();
        let id = page.rsplit('/').next().unwrap().parse().unwrap();
        server.services.crm.get(&caller, "task", id, None, Vec::new()).await.unwrap().to_json()["assignee"]
            .clone()
    };
    assert_ne!(assignee(&[("title", "Call")]).await, Json::Null);
    assert_eq!(assignee(&[("title", "Call"), ("assignee", "")]).await, Json::Null);
    // What has to be there cannot be taken out.
    let deal = [("name", "Crane"), ("stage", "")];
    ada.post("/records/deals", &deal).await.expect(422).shows("id=\"stage-wrong\"");
}

#[tokio::test]
async fn a_field_added_at_run_time_is_on_the_next_page() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = server.create("deal", json!({"name": "Northern lights"})).await;
    let page = format!("/records/deals/{deal}");
    ada.get(&format!("{page}/edit")).await.expect(200).hides("Region");
    let field = json!({"name": "region", "kind": "select", "settings": {"options": ["NORTH", "SOUTH"]}});
    let caller = Caller::system(server.workspace);
    server.services.crm.add_field(&caller, "deal", serde_json::from_value(field).unwrap()).await.unwrap();
    ada.get(&format!("{page}/edit")).await.expect(200).shows("Region").shows("SOUTH");
    ada.post(&page, &[("version", "1"), ("region", "SOUTH")]).await.expect(303);
    ada.get(&page).await.expect(200).shows("Region").shows("South");
    let listed = ada.get("/records/deals?c=region&f=region&o=is&v=SOUTH").await.expect(200);
    listed.shows("Northern lights").shows("Region");
    ada.get("/records/deals?c=region&f=region&o=is&v=NORTH").await.expect(200).hides("Northern lights");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_record() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let key = |page: &Answer| {
        let start = page.body.split("name=\"key\" value=\"").nth(1).unwrap();
        start.split('"').next().unwrap().to_owned()
    };
    let given = key(&ada.get("/records/deals/new").await.expect(200));
    let form = [("key", given.as_str()), ("name", "Crane")];
    let first = ada.post("/records/deals", &form).await.expect(303);
    let again = ada.post("/records/deals", &form).await.expect(303);
    assert_eq!(first.header("location"), again.header("location"));
    let other = ada.post("/records/deals", &[("key", given.as_str()), ("name", "Digger")]).await.expect(409);
    other.shows("made a record already").shows("value=\"Digger\"");
    ada.get("/records/deals").await.expect(200).shows("Crane").hides("Digger");
    let fresh = key(&other);
    ada.post("/records/deals", &[("key", fresh.as_str()), ("name", "Digger")]).await.expect(303);
    ada.get("/records/deals").await.expect(200).shows("Digger");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_written_is_kept() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.post("/records/deals", &[("name", " ")]).await.expect(422).shows("id=\"name-wrong\"");
    let form =
        [("name", "Crane"), ("amount.amount", "12"), ("amount.currency", "EURO"), ("probability", "400")];
    let answer = ada.post("/records/deals", &form).await.expect(422);
    answer.hides("id=\"name-wrong\"").shows("id=\"amount-wrong\"").shows("id=\"probability-wrong\"");
    answer.shows("<option selected>EURO</option>").shows("value=\"400\"");
    ada.get("/records/deals").await.expect(200).shows("No deals yet");
}

#[tokio::test]
async fn a_change_made_meanwhile_is_shown_before_it_is_overwritten() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let page = format!("/records/deals/{deal}");
    ada.post(&page, &[("version", "1"), ("stage", "QUALIFIED")]).await.expect(303);
    let stale =
        ada.post(&page, &[("version", "1"), ("stage", "PROPOSAL"), ("name", "Crane")]).await.expect(409);
    stale.shows("changed meanwhile").shows("Now: <span class=\"badge blue\">Qualified</span>");
    stale.shows("<option value=\"PROPOSAL\" selected>").shows("name=\"version\" value=\"2\"");
    ada.post(&page, &[("version", "2"), ("stage", "PROPOSAL"), ("name", "Crane")]).await.expect(303);
}

#[tokio::test]
async fn a_list_is_searched_filtered_sorted_and_paged() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for number in 1..=120 {
        let stage = if number % 2 == 0 { "LEAD" } else { "PROPOSAL" };
        let amount = json!({"amount": number * 1000, "currency": "USD"});
        server
            .create("deal", json!({"name": format!("Deal {number:03}"), "stage": stage, "amount": amount}))
            .await;
    }
    let first = ada.get("/records/deals?sort=-amount").await.expect(200);
    first.shows(">120</span>").shows("Deal 120").shows("Deal 071").hides("Deal 070");
    first.shows("aria-sort=\"descending\"").shows("sort=account").shows("sort=contact");
    let follow = |answer: &Answer, rel: &str| {
        let end = answer.body.find(&format!("\" rel=\"{rel}\"")).unwrap();
        let start = answer.body[..end].rfind("href=\"").unwrap() + 6;
        answer.body[start..end].replace("&#38;", "&")
    };
    let second = ada.get(&follow(&first, "next")).await.expect(200);
    second.shows("Deal 070").hides("Deal 071");
    let third = ada.get(&follow(&second, "next")).await.expect(200);
    third.shows("Deal 001").hides("rel=\"next\"");
    let back = ada.get(&follow(&third, "prev")).await.expect(200);
    back.shows("Deal 070").hides("Deal 071");
    ada.get(&follow(&back, "prev")).await.expect(200).shows("Deal 120");

    let path = "/records/deals?f=amount&o=least&v=119000&f=stage&o=is&v=LEAD";
    let filtered = ada.get(path).await.expect(200);
    filtered.shows(">1</span>").shows("Deal 120").hides("Deal 119").shows("value=\"119000\"");
    ada.get("/records/deals?q=deal+007").await.expect(200).shows("Deal 007").hides("Deal 008");
    let wrong = ada.get("/records/deals?f=amount&o=least&v=lots").await.expect(200);
    wrong.shows("role=\"alert\"").shows("Nothing is listed");
    ada.get("/records/deals?after=nonsense").await.expect(200).shows("role=\"alert\"");
    ada.get("/records/unicorns").await.expect(404);
    ada.get("/records/deals/nonsense").await.expect(404);
}

#[tokio::test]
async fn a_viewer_is_offered_no_change_and_makes_none() {
    let server = Server::start().await;
    let deal = server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let vera = server.sign_in("vera").await;
    let page = format!("/records/deals/{deal}");
    vera.get("/records/deals").await.expect(200).shows("Crane").hides("New deal");
    vera.get(&page).await.expect(200).hides("/edit\"").hides("/delete\"");
    vera.get(&format!("{page}/edit")).await.expect(403);
    vera.get("/records/deals/new").await.expect(403);
    vera.post("/records/deals", &[("name", "Mine")]).await.expect(403);
    vera.post(&page, &[("version", "1"), ("name", "Mine")]).await;
    vera.post(&format!("{page}/delete"), &[]).await.expect(403);
    vera.get(&page).await.expect(200).shows("Crane").hides("Mine");
}

#[tokio::test]
async fn an_activity_is_written_down_about_the_record_it_was_begun_from() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let about = format!("deal:{deal}");
    let form = ada.get(&format!("/records/activities/new?target={about}")).await.expect(200);
    form.shows(&format!("value=\"{about}\"")).shows("value=\"Crane\"");
    let fields = [("type", "CALL"), ("subject", "Renewal"), ("target", about.as_str())];
    ada.post("/records/activities", &fields).await.expect(303);
    ada.get(&format!("/records/deals/{deal}")).await.expect(200).shows("Activity created").shows("Renewal");
    let found = ada.get("/palette?q=renew").await.expect(200);
    found.shows("\"label\":\"Renewal\"");
}

#[tokio::test]
async fn all_that_is_related_is_listed_by_the_record_and_not_by_its_name() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let account = server.create("account", json!({"name": "Acme"})).await;
    let namesake = server.create("account", json!({"name": "Acme"})).await;
    for number in 0..8 {
        server.create("deal", json!({"name": format!("Mine {number}"), "account": account})).await;
    }
    server.create("deal", json!({"name": "Theirs", "account": namesake})).await;
    let page = ada.get(&format!("/records/accounts/{account}")).await.expect(200);
    let all = format!("/records/deals?f=account&o=is&v={account}&passing=yes");
    page.shows(&format!("href=\"{}\"", all.replace('&', "&#38;"))).shows("<h2>Deals</h2>");
    let list = ada.get(&all).await.expect(200);
    list.shows(">8</span>").shows("Mine 0").hides("Theirs");
    list.shows(&format!("<option value=\"{account}\" selected>Acme</option>")).shows("Account (record)");
    let others = ada.get(&format!("/records/deals?f=account&o=not&v={account}")).await.expect(200);
    others.shows("Theirs").hides("Mine 0");
    ada.get("/records/deals?f=account&o=is&v=nonsense").await.expect(200).shows("role=\"alert\"");
}

#[tokio::test]
async fn what_is_related_in_two_ways_is_shown_for_each() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let members = ada.get("/records/members").await.expect(200);
    let start = members.body.find("href=\"/records/members/").unwrap() + 6;
    let end = start + members.body[start..].find('"').unwrap();
    let member = members.body[start..end].to_owned();
    let id = member.rsplit('/').next().unwrap();
    server.create("task", json!({"title": "Owned alone", "owner": id})).await;
    server.create("task", json!({"title": "Assigned alone", "owner": null, "assignee": id})).await;
    let page = ada.get(&member).await.expect(200);
    let section = |title: &str| {
        let start = page.body.find(&format!("<h2>{title}</h2>")).unwrap_or_else(|| panic!("no {title}"));
        let end = start + page.body[start..].find("</section>").unwrap();
        page.body[start..end].to_owned()
    };
    let (owned, assigned) = (section("Tasks: Owner"), section("Tasks: Assignee"));
    assert!(owned.contains("Owned alone") && !owned.contains("Assigned alone"), "{owned}");
    assert!(assigned.contains("Assigned alone") && !assigned.contains("Owned alone"), "{assigned}");
}

#[tokio::test]
async fn a_form_says_the_bounds_of_a_number() {
    let server = Server::start().await;
    let field =
        json!({"name": "seats", "kind": "number", "settings": {"decimals": 1, "min": 0.5, "max": 12}});
    let field = serde_json::from_value(field).unwrap();
    server.services.crm.add_field(&Caller::system(server.workspace), "deal", field).await.unwrap();
    let form = server.sign_in("ada").await.get("/records/deals/new").await.expect(200);
    form.shows("From 0.5 to 12.");
}

#[tokio::test]
async fn a_moment_in_a_filter_means_the_whole_minute() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (title, due) in [
        ("Before", "2027-03-01T10:29:59.999999Z"),
        ("First", "2027-03-01T10:30:00Z"),
        ("Within", "2027-03-01T10:30:59.999999Z"),
        ("Behind", "2027-03-01T10:31:00Z"),
    ] {
        server.create("task", json!({"title": title, "due_at": due})).await;
    }
    for (word, expected) in [
        ("from", ["First", "Within", "Behind"].as_slice()),
        ("until", &["Before", "First", "Within"]),
        ("before", &["Before"]),
        ("after", &["Behind"]),
        ("is", &["First", "Within"]),
    ] {
        let path = format!("/records/tasks?f=due_at&o={word}&v=2027-03-01T10:30");
        let shown = ada.get(&path).await.expect(200);
        shown.shows("value=\"2027-03-01T10:30\"").hides("role=\"alert\"");
        for title in ["Before", "First", "Within", "Behind"] {
            assert_eq!(
                shown.body.contains(&format!(">{title}</a>")),
                expected.contains(&title),
                "{word} {title}"
            );
        }
    }
    // A date has no parts.
    for (name, close) in [("Early", "2027-03-01"), ("Same", "2027-03-02"), ("Late", "2027-03-03")] {
        server.create("deal", json!({"name": name, "close_date": close})).await;
    }
    for (word, expected) in [
        ("from", ["Same", "Late"].as_slice()),
        ("until", &["Early", "Same"]),
        ("before", &["Early"]),
        ("after", &["Late"]),
        ("is", &["Same"]),
    ] {
        let shown = ada.get(&format!("/records/deals?f=close_date&o={word}&v=2027-03-02")).await.expect(200);
        for name in ["Early", "Same", "Late"] {
            assert_eq!(
                shown.body.contains(&format!(">{name}</a>")),
                expected.contains(&name),
                "{word} {name}"
            );
        }
    }
}

#[tokio::test]
async fn a_new_record_begins_with_whoever_makes_it_where_that_is_the_default() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let member = server.caller("ada").await.member().unwrap();
    for (path, field) in [("/records/tasks/new", "assignee"), ("/records/activities/new", "performed_by")] {
        let form = ada.get(path).await.expect(200);
        form.shows(&format!("name=\"{field}\" value=\"{member}\""));
        form.shows(&format!("id=\"{field}\" name=\"{field}.label\"")).shows("value=\"Ada Brandt\"");
        form.hides("$me");
    }
    let fields = [("title", "Call back"), ("assignee", &*member.to_string())];
    let made = ada.post("/records/tasks", &fields).await.expect(303);
    ada.get(made.header("location")).await.expect(200).shows("Ada Brandt");
}

#[tokio::test]
async fn the_audit_shows_who_did_what_to_those_who_may_see_it() {
    let server = Server::start().await;
    let deal = server.create("deal", json!({ "name": "Crane <b>" })).await;
    let system = Caller::system(server.workspace);
    let write = RecordWrite::Destroy { id: deal.parse().unwrap(), if_match: None };
    server.services.crm.write_record(&system, "deal", write).await.unwrap();
    let ada = server.sign_in("ada").await;
    let page = ada.get("/audit").await.expect(200);
    page.shows("member.added").shows("deal.destroyed").shows("Crane &#60;b&#62;").shows("Kontor");
    ada.get("/audit?action=member.*").await.expect(200).shows("vera@").hides("deal.destroyed");
    ada.get("/palette?q=audit").await.expect(200).shows("/audit");
    let vera = server.sign_in("vera").await;
    vera.get("/audit").await.expect(403).hides("deal.destroyed");
    vera.get("/chat").await.expect(200).hides("/audit");
}
