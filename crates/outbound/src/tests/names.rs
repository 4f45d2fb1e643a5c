use kontor_core::error::{Chain, ErrorKind, Fault as _};

use super::{client, client_with, get, limits, server::Server, text};
use crate::{Allowed, Error, Outbound, Steered, tests::Names};

#[tokio::test]
async fn a_server_on_this_machine_is_reached_only_when_the_operator_allows_it() {
    let server = Server::greeting().await;
    for host in ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"] {
        let refused = get(&client("", limits()), &server.url(host, "/")).await.err().unwrap();
        assert!(matches!(&refused, Error::Refused { kind: "loopback", .. }), "{host}: {refused:?}");
    }
    assert_eq!(server.heads(), Vec::<String>::new());
    for (allowed, host) in [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", "0x7f.1"),
        ("127.0.0.1", "localhost"),
        ("localhost", "localhost"),
    ] {
        let answer = get(&client(allowed, limits()), &server.url(host, "/")).await;
        assert_eq!(text(answer).await, "hello", "{allowed} {host}");
    }
}

#[tokio::test]
async fn an_operators_own_url_is_reached_wherever_it_is_and_nothing_beside_it() {
    let server = Server::greeting().await;
    for host in ["127.0.0.1", "localhost"] {
        let url = server.url(host, "/v1").parse().unwrap();
        let client = Outbound::default().client(Steered::ByOperator(&url), limits()).unwrap();
        assert_eq!(text(get(&client, url.as_str()).await).await, "hello");
        let beside = get(&client, &server.url("127.0.0.2", "/")).await.err().unwrap();
        assert!(matches!(beside, Error::Refused { .. }), "{beside:?}");
    }
    let wrong = "ftp://127.0.0.1/".parse().unwrap();
    let refused = Outbound::default().client(Steered::ByOperator(&wrong), limits()).err().unwrap();
    assert!(matches!(refused, Error::Scheme { .. }));
}

#[tokio::test]
async fn a_public_name_with_a_private_address_is_refused_and_nobody_is_told_the_address() {
    let names = Names::answering(&[&["10.20.30.40", "127.0.0.1"]]);
    let refused = get(&client_with("", &names, limits()), "http://files.example:8080/a?key=secret").await;
    let refused = refused.err().unwrap();
    assert!(matches!(&refused, Error::Refused { host, kind: "private" } if host == "files.example:8080"));
    let problem = refused.problem();
    assert_eq!((problem.kind, &*problem.code), (ErrorKind::Forbidden, "outbound_refused"));
    assert!(problem.message.contains("files.example") && problem.message.contains("outbound.allow"));
    for told in [problem.message, Chain(&refused).to_string(), format!("{refused:?}")] {
        assert!(!told.contains("10.20.30.40") && !told.contains("secret"), "{told}");
    }
    let names = Names::answering(&[&["169.254.169.254"]]);
    let refused =
        get(&client_with("169.254.0.0/16, files.example", &names, limits()), "http://files.example/").await;
    assert!(matches!(refused.err().unwrap(), Error::Refused { kind: "metadata service", .. }));
}

#[tokio::test]
async fn of_a_name_with_several_addresses_those_that_may_be_reached_are_connected_to() {
    let server = Server::greeting().await;
    // Of the two that would answer, one is allowed; 127.0.0.2 would be refused by nobody but the guard.
    let names = Names::answering(&[&["10.0.0.1", "127.0.0.2", "127.0.0.1"]]);
    let client = client_with("127.0.0.1", &names, limits());
    assert_eq!(text(get(&client, &server.url("files.example", "/")).await).await, "hello");
    assert_eq!(names.asked(), ["files.example"]);
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_a_connection_and_judged_with_each() {
    let server = Server::greeting().await;
    let names = Names::answering(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let client = client_with("127.0.0.1", &names, limits());
    let url = server.url("files.example", "/");
    assert_eq!(text(get(&client, &url).await).await, "hello", "at the first answer");
    assert_eq!(names.asked().len(), 1, "what was judged is what was connected to");
    let refused = get(&client, &url).await.err().unwrap();
    assert!(matches!(refused, Error::Refused { kind: "private", .. }), "{refused:?}");
    assert_eq!((names.asked().len(), server.heads().len()), (2, 1));
}

#[tokio::test]
async fn a_name_without_addresses_and_a_port_without_a_server_are_told_apart() {
    let names = Names::answering(&[&[]]);
    let missing = get(&client_with("", &names, limits()), "http://files.example/").await.err().unwrap();
    assert!(matches!(&missing, Error::NameNotFound { .. }), "{missing:?}");
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let closed = get(&client("127.0.0.1", limits()), &format!("http://{closed}/")).await.err().unwrap();
    assert!(matches!(&closed, Error::Connect { .. }), "{closed:?}");
    assert_eq!(closed.problem().kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_server_without_tls_is_told_as_such() {
    let server = Server::greeting().await;
    let allowed = Allowed::parse("127.0.0.1").unwrap();
    let client = Outbound::new(allowed).client(Steered::ByWorkspace, limits()).unwrap();
    let refused = get(&client, &server.url("127.0.0.1", "/").replace("http:", "https:")).await.err().unwrap();
    assert!(matches!(&refused, Error::Tls { .. }), "{refused:?}");
}
