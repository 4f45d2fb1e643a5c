//! What models have used up, and what they may.

use kontor_core::ids::WorkspaceId;
use kontor_testkit::waiting::eventually;
use sea_query::{Expr, Query};

use super::*;

/// A server on which Ada and Vera have each had an answer of 1,010 tokens for 3,150 millionths of a dollar.
async fn used() -> Server {
    let server = Server::with_priced_model().await;
    tokio_util::task::TaskTracker::new()
        .spawn(server.services.agents.worker().run(server.services.shutdown.clone()));
    for name in ["ada", "vera"] {
        assert_eq!(ends(&server.sign_in(name).await).await["status"], "completed", "{name}");
    }
    server
}

/// A turn that has ended.
async fn ends(client: &Client<'_>) -> Value {
    let session = client.post("/api/sessions", json!({"agent": "sales-assistant"})).await.expect(201);
    let turns = format!("/api/sessions/{}/turns", session.id());
    let turn = client.post(&turns, json!({"message": "hello"})).await.expect(202);
    let path = format!("/api/turns/{}", turn.id());
    let ended = eventually(Duration::from_secs(20), || async {
        let told = client.get(&path).await.expect(200).body;
        (!told["ended_at"].is_null()).then_some(told)
    });
    ended.await.expect("the turn does not end")
}

#[tokio::test]
async fn usage_is_added_up_by_what_is_asked_for() {
    let server = used().await;
    let ada = server.sign_in("ada").await;
    let by_member = ada.get("/api/usage?by=member").await.expect(200).body;
    assert_eq!(by_member["data"].as_array().unwrap().len(), 2);
    assert_eq!(by_member["total"]["cost_micros"], 6_300);
    assert_eq!(by_member["page"], json!({"has_more": false, "next": null}));
    let first = &by_member["data"][0];
    assert_eq!((&first["steps"], &first["input_tokens"]), (&json!(1), &json!(1_000)));
    let member = first["member"]["id"].as_str().unwrap();
    let narrowed = ada.get(&format!("/api/usage?by=model&member={member}")).await.expect(200).body;
    assert_eq!(narrowed["data"][0]["model"], "=priced/greeter");
    assert_eq!(narrowed["total"]["steps"], 1);
    let day = &ada.get("/api/usage?by=day").await.expect(200).body;
    assert_eq!(day["data"][0]["day"], day["to"]);
    assert_eq!(ada.get("/api/usage?by=day&to=2020-01-01").await.expect(200).body["data"], json!([]));

    // Others see their own.
    let vera = server.sign_in("vera").await;
    let own = vera.get("/api/usage?by=member").await.expect(200).body;
    assert_eq!((own["data"].as_array().unwrap().len(), &own["total"]["steps"]), (1, &json!(1)));
    assert_eq!(own["data"][0]["member"]["label"], "Vera Voss");
    let of_ada =
        by_member["data"].as_array().unwrap().iter().find(|group| group["member"]["label"] == "Ada Brandt");
    let of_ada = of_ada.unwrap()["member"]["id"].as_str().unwrap();
    let refused = vera.get(&format!("/api/usage?by=day&member={of_ada}")).await.expect(403);
    assert_eq!(refused.code(), "not_permitted");
    server.services.shutdown.cancel();
}

#[tokio::test]
async fn usage_is_a_table_for_spreadsheets_where_that_is_asked_for() {
    let server = used().await;
    let ada = server.sign_in("ada").await;
    let by_format = ada.get("/api/usage?by=model&format=csv").await.expect(200);
    assert!(by_format.header("content-type").starts_with("text/csv"));
    assert!(by_format.header("content-disposition").starts_with("attachment; filename=\"usage-by-model-20"));
    let table = by_format.body.as_str().unwrap();
    let (heads, rest) = table.split_once("\r\n").unwrap();
    assert!(heads.starts_with("model,name,steps,input_tokens,"), "{heads}");
    assert!(rest.starts_with("'=priced/greeter,'=priced/greeter,2,2000,0,0,20,0,6300,0,"), "{rest}");
    let accepted = ada.request(Method::GET, "/api/usage?by=model").header("accept", "text/csv");
    let accepted = server.send(accepted.body(Body::empty()).unwrap()).await.expect(200);
    assert_eq!(accepted.body, by_format.body);
    let json = ada.request(Method::GET, "/api/usage?by=model&format=json").header("accept", "text/csv");
    assert!(server.send(json.body(Body::empty()).unwrap()).await.expect(200).body["data"].is_array());
    server.services.shutdown.cancel();
}

/// Doubles the models that there is usage of, so many times.
async fn doubled(server: &Server, workspace: WorkspaceId, times: std::ops::Range<u32>) {
    let columns = [
        "session_id",
        "turn_id",
        "step",
        "agent_id",
        "member_id",
        "day",
        "at",
        "input_tokens",
        "cached_input_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cost_micros",
        "latency_ms",
    ];
    let namespace = server.store.workspace(workspace).await.unwrap();
    let written: Result<(), kontor_store::Error> = namespace
        .write(times, move |tx, times| {
            Box::pin(async move {
                for time in times.clone() {
                    let more = Query::select()
                        .columns(columns)
                        .expr(Expr::cust(format!("seq + {}", 1_000_u64 << time)))
                        .expr(Expr::cust(format!("model || '.{time}'")))
                        .from(tx.table("usage"))
                        .take();
                    let mut insert = Query::insert();
                    insert.into_table(tx.table("usage")).columns(columns.into_iter().chain(["seq", "model"]));
                    insert.select_from(more).unwrap();
                    tx.execute(&insert).await?;
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
}

#[tokio::test]
async fn a_table_is_whole_or_refused_and_a_list_says_that_it_is_cut() {
    let server = used().await;
    let ada = server.sign_in("ada").await;
    let me = ada.get("/api/me").await.expect(200).body;
    let workspace = me["workspace"]["id"].as_str().unwrap().parse().unwrap();
    let rows = |answer: &Answer| answer.body.as_str().unwrap().lines().count() - 1;
    doubled(&server, workspace, 0..10).await;
    let table = "/api/usage?by=model&format=csv";
    assert_eq!(rows(&ada.get(table).await.expect(200)), 1_024);
    let list = ada.get("/api/usage?by=model").await.expect(200).body;
    assert_eq!(list["data"].as_array().unwrap().len(), 500);
    assert_eq!(list["page"], json!({"has_more": true, "next": null}));
    assert_eq!(list["total"]["steps"], 2_048);

    doubled(&server, workspace, 10..16).await;
    let refused = ada.get(table).await.expect(400);
    let issue = &refused.body["errors"][0];
    assert_eq!((&issue["path"], &issue["code"]), (&json!("limit"), &json!("too_many")));
    assert!(issue["message"].as_str().unwrap().contains("50000 rows"), "{issue}");
    assert_eq!(rows(&ada.get(&format!("{table}&limit=7")).await.expect(200)), 7);
    server.services.shutdown.cancel();
}

#[tokio::test]
async fn what_is_wrong_with_a_request_for_usage_is_told_at_its_place() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (query, path, code) in [
        ("", "by", "required"),
        ("by=week", "by", "invalid_value"),
        ("by=day&from=yesterday", "from", "wrong_type"),
        ("by=day&from=2026-02-02&to=2026-02-01", "from", "out_of_range"),
        ("by=day&from=2020-01-01&to=2026-02-01", "from", "out_of_range"),
        ("by=day&agent=me", "agent", "wrong_type"),
        ("by=day&format=xml", "format", "invalid_value"),
        ("by=day&limit=501", "limit", "out_of_range"),
        ("by=day&until=2026-02-01", "until", "unknown_parameter"),
    ] {
        let refused = ada.get(&format!("/api/usage?{query}")).await.expect(400);
        let issue = &refused.body["errors"][0];
        assert_eq!((&issue["path"], &issue["code"]), (&json!(path), &json!(code)), "{query}");
    }
    server.send(Request::get("/api/usage?by=day").body(Body::empty()).unwrap()).await.expect(401);
}

#[tokio::test]
async fn budgets_are_set_told_and_taken_back_and_end_turns() {
    let server = used().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let limit = json!({"cost_micros": 5_000});
    for method in [Method::PUT, Method::DELETE] {
        let refused = vera.send(method, "/api/budgets/workspace", limit.clone(), &[]).await.expect(403);
        assert_eq!(refused.code(), "not_permitted");
    }
    vera.get("/api/budgets").await.expect(403);
    let set = ada.send(Method::PUT, "/api/budgets/workspace", limit, &[]).await.expect(200).body;
    assert_eq!((&set["scope"], &set["cost_micros"]), (&json!("workspace"), &json!(5_000)));
    assert_eq!(set["used"], json!({"tokens": 2_020, "cost_micros": 6_300}));
    let ended = ends(&vera).await;
    assert_eq!((&ended["status"], &ended["problem"]["code"]), (&json!("failed"), &json!("budget_reached")));
    ada.delete("/api/budgets/workspace").await.expect(204);
    ada.delete("/api/budgets/workspace").await.expect(404);
    assert_eq!(ends(&vera).await["status"], "completed");

    let me = ada.get("/api/me").await.expect(200).body;
    let of_ada = format!("/api/budgets/member/{}", me["member"]["id"].as_str().unwrap());
    ada.send(Method::PUT, &of_ada, json!({"tokens": 0}), &[]).await.expect(200);
    assert_eq!(ends(&ada).await["problem"]["code"], "budget_reached");
    assert_eq!(ada.get("/api/budgets").await.expect(200).body["data"][0]["subject"]["label"], "Ada Brandt");
    ada.delete(&of_ada).await.expect(204);

    let wrong = ada.send(Method::PUT, "/api/budgets/turn", json!({}), &[]).await.expect(400);
    assert_eq!(wrong.body["errors"][0]["path"], "cost_micros");
    let wrong = ada.send(Method::PUT, "/api/budgets/turn", json!({"tokens": -1}), &[]).await.expect(400);
    assert_eq!(wrong.body["errors"][0]["path"], "tokens");
    let wrong = ada.send(Method::PUT, "/api/budgets/agent/me", json!({"tokens": 1}), &[]).await.expect(400);
    assert_eq!(wrong.body["errors"][0]["path"], "subject");
    ada.send(Method::PUT, "/api/budgets/month", json!({"tokens": 1}), &[]).await.expect(404);
    server.services.shutdown.cancel();
}
