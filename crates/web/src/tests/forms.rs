//! Forms that lose nothing of what was written, and write nothing that was not meant.

use super::*;

/// The record on the page that a form led to.
async fn made(server: &Server, object: &str, answer: &Answer) -> Json {
    let page = answer.header("location").split('?').next().unwrap();
    held(server, object, page.rsplit('/').next().unwrap()).await
}

async fn held(server: &Server, object: &str, id: &str) -> Json {
    let caller = Caller::system(server.workspace);
    let id = id.parse().unwrap();
    server.services.crm.get(&caller, object, id, None, Vec::new()).await.unwrap().to_json()
}

async fn count(server: &Server, object: &str) -> u64 {
    let query = kontor_crm::records::ListQuery { total: true, ..Default::default() };
    let page = server.services.crm.list(&Caller::system(server.workspace), object, query).await.unwrap();
    page.total.unwrap()
}

fn key(page: &Answer) -> String {
    let start = page.body.split("name=\"key\" value=\"").nth(1).unwrap();
    start.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_name_that_is_written_and_not_picked_is_taken_where_it_is_one_records() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let acme = server.create("account", json!({"name": "Ångström AB"})).await;
    let other = server.create("account", json!({"name": "Ångström Nord"})).await;
    let contact = server.create("contact", json!({"name": {"first": "Jane", "last": "Roe"}})).await;
    let form = [
        ("name", "Crane"),
        ("account", ""),
        ("account.picked", ""),
        ("account.label", " angstrom ab "),
        ("contact", ""),
        ("contact.label", "jane roe"),
    ];
    let deal = made(&server, "deal", &ada.post("/records/deals", &form).await.expect(303)).await;
    assert_eq!((&deal["account"]["id"], &deal["contact"]["id"]), (&json!(acme), &json!(contact)));

    // On an edit form, too, what is written counts and not the id that an older text was picked by.
    let page = format!("/records/deals/{}", deal["id"].as_str().unwrap());
    let changed = [
        ("version", "1"),
        ("account", acme.as_str()),
        ("account.picked", "Ångström AB"),
        ("account.label", "Ångström Nord"),
    ];
    let deal = made(&server, "deal", &ada.post(&page, &changed).await.expect(303)).await;
    assert_eq!(deal["account"]["id"], json!(other));
    // The text that the id was picked by stands for it, whatever the record is called by now.
    let same = [
        ("version", "2"),
        ("account", other.as_str()),
        ("account.picked", "Former name"),
        ("account.label", "Former name"),
    ];
    let unchanged = ada.post(&page, &same).await.expect(303);
    assert!(unchanged.header("location").ends_with("unchanged"), "{:?}", unchanged.headers);
    // An emptied text empties the field.
    let emptied = [
        ("version", "2"),
        ("account", other.as_str()),
        ("account.picked", "Ångström Nord"),
        ("account.label", ""),
    ];
    let deal = made(&server, "deal", &ada.post(&page, &emptied).await.expect(303)).await;
    assert_eq!(deal["account"], Json::Null);
}

#[tokio::test]
async fn a_name_of_no_record_is_refused_and_its_record_can_be_made() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    server.create("account", json!({"name": "Acme"})).await;
    let given = key(&ada.get("/records/deals/new").await.expect(200));
    let mut form =
        vec![("key", given.as_str()), ("name", "Crane"), ("account", ""), ("account.label", "Acme New Co")];
    let refused = ada.post("/records/deals", &form).await.expect(422);
    refused.shows("No account “Acme New Co”.").shows("Create it").shows("value=\"create:Acme New Co\"");
    refused.shows("value=\"Acme New Co\"").shows("aria-describedby=\"account-wrong\" autofocus");
    assert_eq!((count(&server, "deal").await, count(&server, "account").await), (0, 1));
    assert_eq!(key(&refused), given, "what is sent again is to make one record");

    // Another name than the one that was to be made is not made.
    form.push(("account.choice", "create:Other"));
    ada.post("/records/deals", &form).await.expect(422).shows("No account “Acme New Co”.");
    form.pop();
    form.push(("account.choice", "create:Acme New Co"));
    let first = ada.post("/records/deals", &form).await.expect(303);
    let again = ada.post("/records/deals", &form).await.expect(303);
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(made(&server, "deal", &first).await["account"]["label"], "Acme New Co");
    assert_eq!((count(&server, "deal").await, count(&server, "account").await), (1, 2));

    // What is near is offered, and a member is not made by writing a name.
    let near = [("name", "Digger"), ("account", ""), ("account.label", "acm")];
    ada.post("/records/deals", &near).await.expect(422).shows("<span>Acme</span>");
    let owner = [("name", "Digger"), ("owner", ""), ("owner.label", "Nobody Known")];
    ada.post("/records/deals", &owner)
        .await
        .expect(422)
        .shows("No member “Nobody Known”.")
        .hides("Create it");
    assert_eq!(count(&server, "deal").await, 1);
}

#[tokio::test]
async fn of_several_records_of_a_name_one_is_asked_for() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let first = server.create("account", json!({"name": "Acme", "domain": "acme.example"})).await;
    let second = server.create("account", json!({"name": "Acme", "domain": "acme.test"})).await;
    let form = [("name", "Crane"), ("account", ""), ("account.label", "Acme")];
    let asked = ada.post("/records/deals", &form).await.expect(422);
    asked.shows("Several accounts are called “Acme”.").shows("acme.example").shows("acme.test");
    asked.shows(&format!("name=\"account.choice\" value=\"{first}\""));
    asked.shows(&format!("name=\"account.choice\" value=\"{second}\""));
    let chosen =
        [("name", "Crane"), ("account", ""), ("account.label", "Acme"), ("account.choice", second.as_str())];
    let deal = made(&server, "deal", &ada.post("/records/deals", &chosen).await.expect(303)).await;
    assert_eq!(deal["account"]["id"], json!(second));

    let found: Json =
        serde_json::from_str(&ada.get("/records/choices?objects=account&q=acme").await.expect(200).body)
            .unwrap();
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{found}");
    assert!(items.iter().all(|item| item["exact"] == true && item["detail"] != ""), "{found}");
}

#[tokio::test]
async fn a_target_is_named_in_writing_too() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = server.create("deal", json!({"name": "Crane"})).await;
    let form = [("title", "Call"), ("target", ""), ("target.label", "crane")];
    let task = made(&server, "task", &ada.post("/records/tasks", &form).await.expect(303)).await;
    assert_eq!((&task["target"]["object"], &task["target"]["id"]), (&json!("deal"), &json!(deal)));
    let unknown = [("title", "Call"), ("target", ""), ("target.label", "nothing of this name")];
    ada.post("/records/tasks", &unknown).await.expect(422).shows("No record “nothing of this name”.");
}

#[tokio::test]
async fn an_amount_is_read_as_people_write_it() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (typed, currency, amount, expected) in [
        ("10k", "USD", json!(10_000), "USD"),
        ("12,500", "USD", json!(12_500), "USD"),
        // What the form shows until then is what is used most.
        ("20k eur", "USD", json!(20_000), "EUR"),
        ("€5k", "USD", json!(5_000), "EUR"),
        ("10.000,50", "EUR", json!(10_000.5), "EUR"),
        ("1.5 million", "GBP", json!(1_500_000), "GBP"),
    ] {
        let form = [("name", "Crane"), ("amount.amount", typed), ("amount.currency", currency)];
        let deal = made(&server, "deal", &ada.post("/records/deals", &form).await.expect(303)).await;
        assert_eq!(deal["amount"]["amount"].as_f64(), amount.as_f64(), "{typed}: {deal}");
        assert_eq!(deal["amount"]["currency"], expected, "{typed}");
    }
    let two = [("name", "Crane"), ("amount.amount", "5k EUR"), ("amount.currency", "GBP")];
    ada.post("/records/deals", &two).await.expect(422).shows("is in EUR, and GBP is chosen");
    let chance = [("name", "Crane"), ("probability", "60%")];
    let deal = made(&server, "deal", &ada.post("/records/deals", &chance).await.expect(303)).await;
    assert_eq!(deal["probability"], 60);
}

#[tokio::test]
async fn an_amount_with_two_meanings_is_asked_back_with_both() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let form = [("name", "Crane"), ("amount.amount", "12.500"), ("amount.currency", "EUR")];
    let asked = ada.post("/records/deals", &form).await.expect(422);
    asked.shows("can mean 12,500 or 12.5").shows("value=\"12.500\"");
    asked.shows("name=\"amount.choice\" value=\"12500\"").shows("name=\"amount.choice\" value=\"12.5\"");
    assert_eq!(count(&server, "deal").await, 0);
    let chosen = [
        ("name", "Crane"),
        ("amount.amount", "12.500"),
        ("amount.currency", "EUR"),
        ("amount.choice", "12500"),
    ];
    let deal = made(&server, "deal", &ada.post("/records/deals", &chosen).await.expect(303)).await;
    assert_eq!(deal["amount"]["amount"], 12_500);
}

#[tokio::test]
async fn what_a_form_shows_of_a_record_is_read_back_as_no_change() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let field = json!({"name": "ratio", "kind": "number", "settings": {"decimals": 3}});
    let field = serde_json::from_value(field).unwrap();
    server.services.crm.add_field(&Caller::system(server.workspace), "deal", field).await.unwrap();
    for amount in [json!("1.5"), json!("12500.5"), json!("0.01"), json!(12_500), json!("1234.56")] {
        for ratio in [1.234, 12.345, -1.234, 1234.567, 0.125] {
            let deal = server
                .create("deal", json!({"name": "Crane", "ratio": ratio, "amount": {"amount": amount}}))
                .await;
            let page = format!("/records/deals/{deal}");
            let form = ada.get(&format!("{page}/edit")).await.expect(200);
            let shown = |name: &str| {
                let start = form.body.find(&format!(" name=\"{name}\"")).unwrap();
                let rest = &form.body[start..];
                rest[rest.find("value=\"").unwrap() + 7..].split('"').next().unwrap().to_owned()
            };
            let (amount, ratio) = (shown("amount.amount"), shown("ratio"));
            let sent = [
                ("version", "1"),
                ("amount.amount", amount.as_str()),
                ("amount.currency", "USD"),
                ("ratio", ratio.as_str()),
            ];
            let answer = ada.post(&page, &sent).await.expect(303);
            assert!(answer.header("location").ends_with("unchanged"), "{amount} {ratio}");
        }
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_and_everything_written_is_kept() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let form = [
        ("name", " "),
        ("amount.amount", "12.500"),
        ("amount.currency", "EUR"),
        ("close_date", "soonish"),
        ("probability", "400"),
        ("account", ""),
        ("account.label", "Nobody Ltd"),
        ("description", "Several\r\nlines"),
    ];
    let answer = ada.post("/records/deals", &form).await.expect(422);
    for field in ["name", "amount", "close_date", "probability", "account"] {
        answer.shows(&format!("id=\"{field}-wrong\""));
    }
    answer.shows("value=\"12.500\"").shows("value=\"soonish\"").shows("value=\"400\"");
    answer.shows("value=\"Nobody Ltd\"").shows("<option selected>EUR</option>");
    assert_eq!(answer.body.matches(" autofocus").count(), 1);
    assert_eq!(count(&server, "deal").await, 0);
}

#[tokio::test]
async fn a_moment_means_the_instant_that_the_browsers_zone_makes_of_it() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (typed, expected) in [
        // Without a script it is in UTC, as the form says; a script sends the instant.
        ("2026-11-30T09:00", "2026-11-30T09:00:00Z"),
        ("2026-11-30T17:00Z", "2026-11-30T17:00:00Z"),
    ] {
        let form = [("title", "Call"), ("due_at", typed)];
        let task = made(&server, "task", &ada.post("/records/tasks", &form).await.expect(303)).await;
        assert_eq!(task["due_at"], expected, "{typed}");
        let edit = ada.get(&format!("/records/tasks/{}/edit", task["id"].as_str().unwrap())).await;
        edit.expect(200).shows(&format!("value=\"{}\"", &expected[..16])).shows("data-zone>In UTC.");
    }
    // A form that comes back shows UTC again, so that the script makes the same local time of it.
    let wrong = [("title", " "), ("due_at", "2026-11-30T17:00Z")];
    ada.post("/records/tasks", &wrong).await.expect(422).shows("value=\"2026-11-30T17:00\"");
    let never = [("title", "Call"), ("due_at", "2026-02-30T10:00")];
    ada.post("/records/tasks", &never).await.expect(422).shows("id=\"due_at-wrong\"");
}

#[tokio::test]
async fn a_filter_reads_what_a_form_reads_and_says_what_it_cannot() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (name, amount, currency) in
        [("Small", 9_000, "USD"), ("Large", 12_000, "USD"), ("Euro", 30_000, "EUR")]
    {
        let amount = json!({"amount": amount, "currency": currency});
        server.create("deal", json!({"name": name, "amount": amount})).await;
    }
    let list = async |typed: &str| {
        let value: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        ada.get(&format!("/records/deals?f=amount&o=least&v={value}")).await.expect(200)
    };
    list("10k").await.shows(">Large</a>").hides(">Small</a>").shows("value=\"10k\"");
    list("10.000,50").await.shows(">Large</a>").hides(">Small</a>");
    list("10k eur").await.shows(">Euro</a>").hides(">Large</a>");
    let asked = list("12.500").await;
    asked.shows("can mean 12,500 or 12.5").shows("id=\"v0-wrong\"").shows("value=\"12.500\"");
    asked.shows("v=12500").shows("v=12.5\"").hides(">Euro</a>").shows("Nothing is listed");
    list("lots").await.shows("“lots” is not").shows("role=\"alert\"");
}

#[tokio::test]
async fn a_record_begun_from_another_leads_back_to_it() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = server.create("deal", json!({"name": "Crane"})).await;
    let (about, page) = (format!("deal:{deal}"), format!("/records/deals/{deal}"));
    let form = ada.get(&format!("/records/activities/new?target={about}")).await.expect(200);
    form.shows(&format!("name=\"from\" value=\"{about}\"")).shows(&format!("href=\"{page}\">Cancel"));
    let fields =
        [("type", "CALL"), ("subject", "Renewal"), ("target", about.as_str()), ("from", about.as_str())];
    let made = ada.post("/records/activities", &fields).await.expect(303);
    assert_eq!(made.header("location"), format!("{page}?done=added"));
    ada.get(&page).await.expect(200).shows("Renewal");
    let elsewhere = [("type", "CALL"), ("subject", "Renewal"), ("from", "//evil.test")];
    let made = ada.post("/records/activities", &elsewhere).await.expect(303);
    assert!(made.header("location").starts_with("/records/activities/"), "{:?}", made.headers);
}

#[tokio::test]
async fn who_has_a_value_already_is_named_and_led_to() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let jane = json!({"name": {"first": "Jane", "last": "Roe"}, "emails": {"primary": "jane@example.com"}});
    let id = server.create("contact", jane).await;
    let form = [("name.first", "Janet"), ("name.last", "Roe"), ("emails.primary", "jane@example.com")];
    let answer = ada.post("/records/contacts", &form).await.expect(409);
    answer
        .shows("id=\"emails-wrong\"")
        .shows(&format!("href=\"/records/contacts/{id}\""))
        .shows("Open Jane Roe");
    answer.hides(&format!("({id})"));
}

#[tokio::test]
async fn currencies_are_chosen_from_those_there_are_the_used_ones_first() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    server.create("deal", json!({"name": "Crane", "amount": {"amount": 1, "currency": "SEK"}})).await;
    let form = ada.get("/records/deals/new").await.expect(200);
    form.shows("<optgroup label=\"In use\"><option selected>SEK</option>").shows("<option>KWD</option>");
    let unknown = [("name", "Crane"), ("amount.amount", "1"), ("amount.currency", "EURO")];
    ada.post("/records/deals", &unknown).await.expect(422).shows("<option selected>EURO</option>");
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_still_there_to_be_sent() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let long = "x".repeat(server.services.agents.limits().message_characters + 1);
    let form = [("agent", "analyst"), ("message", long.as_str())];
    let begun = ada.post("/chat", &form).await.expect(422);
    begun.shows(&format!(">{long}</textarea>")).shows("A message has at most");
    begun.shows("value=\"analyst\" form=\"composer\" checked");
    let page = ada.post("/chat", &[("agent", "analyst"), ("message", "help")]).await.expect(303);
    let page = page.header("location").to_owned();
    let again = ada.post(&format!("{page}/turns"), &[("message", long.as_str())]).await.expect(422);
    again.shows(&format!(">{long}</textarea>")).shows("A message has at most").shows("id=\"transcript\"");
}

/// The value of a hidden field on a page.
fn hidden(page: &Answer, name: &str) -> String {
    let start = page.body.find(&format!("name=\"{name}\" value=\"")).unwrap();
    page.body[start..].split('"').nth(3).unwrap().to_owned()
}

#[tokio::test]
async fn what_was_written_outlives_the_session_it_was_written_in() {
    let server = Server::start().await;
    let mut ada = server.sign_in("ada").await;
    ada.post("/sign-out", &[]).await.expect(303);
    let form = [("name", "Crane"), ("amount.amount", "10k"), ("amount.currency", "EUR")];
    let kept = ada.post("/records/deals", &form).await.expect(401);
    kept.shows("You are signed out")
        .shows("action=\"/records/deals\"")
        .shows("name=\"name\" value=\"Crane\"");
    kept.hides(&ada.csrf);
    let message = [("agent", "analyst"), ("message", "help me")];
    ada.post("/chat", &message).await.expect(401).shows("value=\"help me\"");

    // Signed in again: shown, and not saved before the person says so.
    let again = server.sign_in("ada").await;
    ada.cookie.clone_from(&again.cookie);
    let shown = ada.post("/records/deals", &form).await.expect(403);
    shown.shows("You have signed in again").shows("value=\"Crane\"").shows("value=\"10k\"");
    assert_eq!(count(&server, "deal").await, 0);
    ada.post("/chat", &message).await.expect(403).shows(">help me</textarea>").shows("signed in again");
    ada.csrf = hidden(&shown, "csrf");
    ada.post("/records/deals", &form).await.expect(303);
    assert_eq!(count(&server, "deal").await, 1);
}

#[tokio::test]
async fn who_is_there_already_is_named_beside_the_one_that_was_just_made() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let first = server.create("contact", json!({"name": {"first": "Jane", "last": "Roe"}})).await;
    let form = [("name.first", "jane"), ("name.last", "Roe")];
    let made = ada.post("/records/contacts", &form).await.expect(303);
    let page = made.header("location").to_owned();
    let link = format!("href=\"/records/contacts/{first}\"");
    ada.get(&page).await.expect(200).shows("There already is one like it").shows(&link);
    ada.get(page.split('?').next().unwrap()).await.expect(200).hides("like it");
    let other = [("name.first", "Nobody"), ("name.last", "Else")];
    let made = ada.post("/records/contacts", &other).await.expect(303);
    ada.get(made.header("location")).await.expect(200).hides("like it");
}
