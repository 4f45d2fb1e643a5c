//! A person's browser without a script: the pages over HTTP.

use kontor_testkit::server::PASSWORD;
use reqwest::{Client, Method, redirect::Policy};

/// Somebody signed in to the pages.
pub(crate) struct Pages {
    http: Client,
    url: String,
    cookie: String,
    csrf: String,
}

/// A page as it came.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Where it leads.
    pub(crate) location: String,
}

impl Pages {
    pub(crate) async fn sign_in(url: &str, name: &str) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let form = [("email", format!("{name}@demo.test")), ("password", PASSWORD.to_owned())];
        let answer = http.post(format!("{url}/sign-in")).body(encoded(&form)).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut pages = Self { http, url: url.to_owned(), cookie, csrf: String::new() };
        let page = pages.get("/chat").await;
        let (_, rest) = page.body.split_once("<meta name=\"csrf\" content=\"").unwrap();
        pages.csrf = rest.split('"').next().unwrap().to_owned();
        pages
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, String::new()).await
    }

    /// Sends a form as a page does.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, String)]) -> Page {
        let form: Vec<_> = form.iter().cloned().chain([("csrf", self.csrf.clone())]).collect();
        self.send(Method::POST, path, encoded(&form)).await
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Page {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Page {
            status: answer.status().as_u16(),
            location: location.unwrap_or_default(),
            body: answer.text().await.unwrap(),
        }
    }
}

fn encoded(form: &[(&str, String)]) -> String {
    let part = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    form.iter().map(|(name, value)| format!("{}={}", part(name), part(value))).collect::<Vec<_>>().join("&")
}
