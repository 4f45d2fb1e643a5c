//! Where a member lets a program in (RFC 6749, section 4.1.1): what it asks for in words, and what of that they choose.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _, Problem},
    grants::{Action, verbs_of},
    metadata::{Object, Schema},
    scope::{CHAT, Patterns},
};
use kontor_http::Services;
use kontor_identity::{Consent, Csrf, Error, OAuthClient};

use crate::{
    assets,
    error::{PageError, Result, page},
    form::Fields,
    link,
    security::LeadsTo,
    session::{Sent, SignedIn},
    shell::Shell,
};

/// What a program sends, and what is sent along with the choice.
const SENT: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
];
/// The characters of a challenge by S256 (RFC 7636, section 4.2).
const CHALLENGE: usize = 43;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    assets: &'static str,
    shell: Shell,
    client: String,
    /// Where the browser goes then.
    host: String,
    workspace: String,
    member: String,
    /// Sent along as it came.
    hidden: Vec<(&'static str, String)>,
    columns: [&'static str; 5],
    objects: Vec<ObjectOffer>,
    tools: Vec<(&'static str, Offer)>,
    problem: &'static str,
}

struct ObjectOffer {
    label: String,
    /// In the order of the columns; none where nothing may be chosen.
    offers: Vec<(&'static str, Option<Offer>)>,
}

/// Something that may be chosen.
struct Offer {
    /// The scopes that it stands for, separated by blanks.
    scopes: String,
    is_chosen: bool,
}

/// What may be done with records, as it is offered, and whether it is chosen where a program asks for nothing.
const COLUMNS: [(Action, &str, bool); 5] = [
    (Action::Read, "Read", true),
    (Action::Create, "Create", true),
    (Action::Update, "Change", true),
    (Action::Delete, "Delete", false),
    (Action::Restore, "Restore", false),
];

/// What a program asks for.
struct Asked {
    client: OAuthClient,
    redirect_uri: String,
    state: Option<String>,
}

/// A request whose sender cannot be led back: it is told here, and nowhere else.
fn refusal(message: &str) -> PageError {
    PageError::Problem(Problem::new(ErrorKind::Invalid, "invalid_request", message))
}

impl Asked {
    async fn of(services: &Services, sent: &Fields) -> Result<Self> {
        let known = services.oauth_client(sent.get("client_id")).await?;
        let client =
            known.ok_or_else(|| refusal("The program that sent you here is not known. Connect it anew."))?;
        let redirect_uri = sent.get("redirect_uri").to_owned();
        if !client.may_be_led_to(&redirect_uri) {
            return Err(refusal(
                "The program that sent you here wants you led to an address that is not its own.",
            ));
        }
        Ok(Self { client, redirect_uri, state: sent.find("state").map(str::to_owned) })
    }

    /// Back to the program, with an answer and who gives it (RFC 9207).
    fn back(&self, services: &Services, answer: [(&str, &str); 2]) -> Redirect {
        let issuer = ("iss", &*services.public_url);
        let state = self.state.as_deref().map(|state| ("state", state));
        let parts = answer.into_iter().filter(|(name, _)| !name.is_empty()).chain([issuer]).chain(state);
        Redirect::to(&link::with_more(&self.redirect_uri, parts))
    }

    fn refused(&self, services: &Services, code: &str, description: &str) -> Response {
        self.back(services, [("error", code), ("error_description", description)]).into_response()
    }

    /// What is wrong with what is asked for, as an error code and its description.
    fn wrong(sent: &Fields) -> Option<(&'static str, &'static str)> {
        if sent.get("response_type") != "code" {
            return Some(("unsupported_response_type", "Only response_type code is supported."));
        }
        if sent.get("code_challenge_method") != "S256" || sent.get("code_challenge").len() != CHALLENGE {
            return Some(("invalid_request", "A code_challenge by the method S256 is needed."));
        }
        None
    }
}

/// The scope that is asked for; everything where none is.
fn wanted(sent: &Fields) -> Option<Patterns> {
    let words: Vec<String> = sent.get("scope").split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then(|| Patterns::new(words))
}

pub(crate) async fn ask(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Response> {
    let sent = Fields::of_query(&request);
    let asked = Asked::of(&state, &sent).await?;
    if let Some((code, description)) = Asked::wrong(&sent) {
        return Ok(asked.refused(&state, code, description));
    }
    show(&state, &caller, &csrf, &sent, &asked, "").await
}

async fn show(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    sent: &Fields,
    asked: &Asked,
    problem: &'static str,
) -> Result<Response> {
    let schema = state.crm.schema(caller.workspace).await?;
    let me = state.identity.me(caller).await?;
    let wanted = wanted(sent);
    let shown = ConsentPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Let a program in", "oauth/authorize").await?,
        client: asked.client.client_name.clone(),
        host: link::host(&asked.redirect_uri).to_owned(),
        workspace: me.workspace.name,
        member: me.member.name,
        hidden: SENT
            .iter()
            .map(|name| (*name, sent.get(name).to_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        columns: COLUMNS.map(|(_, label, _)| label),
        objects: objects(caller, &schema, wanted.as_ref()),
        tools: tools(caller, wanted.as_ref()),
        problem,
    };
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut response = (status, page(&shown)?).into_response();
    // A browser follows what a form is answered with only where the page may send forms.
    response.extensions_mut().insert(LeadsTo::of(&asked.redirect_uri));
    Ok(response)
}

/// What may be done with the records of each object, by whoever consents.
fn objects(caller: &Caller, schema: &Schema, wanted: Option<&Patterns>) -> Vec<ObjectOffer> {
    let offers = |object: &Object| {
        let actions = caller.actions_on(object);
        COLUMNS.map(|(action, label, is_usual)| {
            let verbs = verbs_of(action).filter(|verb| *verb != "log");
            let scopes = verbs.map(|verb| format!("{}.{verb}", object.name)).collect();
            (label, actions.contains(&action).then(|| offer(scopes, wanted, is_usual)).flatten())
        })
    };
    let all = schema
        .objects()
        .iter()
        .map(|object| ObjectOffer { label: object.label_plural.clone(), offers: offers(object).into() });
    all.filter(|object| object.offers.iter().any(|(_, offer)| offer.is_some())).collect()
}

fn tools(caller: &Caller, wanted: Option<&Patterns>) -> Vec<(&'static str, Offer)> {
    let logs = caller.grants.allows("activity", Action::Create);
    let all = [
        ("Search in the records that it may read", "search", true),
        ("Log calls, meetings and messages", "activity.log", true),
        ("Talk to agents in your name", CHAT, false),
    ];
    let offered = all.into_iter().filter(|(_, scope, _)| *scope != "activity.log" || logs);
    offered
        .filter_map(|(label, scope, is_usual)| {
            Some((label, offer(vec![scope.to_owned()], wanted, is_usual)?))
        })
        .collect()
}

/// What of some scopes is asked for; chosen already where the program asked, or else where it is usual.
fn offer(scopes: Vec<String>, wanted: Option<&Patterns>, is_usual: bool) -> Option<Offer> {
    let is_wanted = |scope: &String| wanted.is_none_or(|wanted| wanted.allow(scope));
    let scopes: Vec<_> = scopes.into_iter().filter(is_wanted).collect();
    (!scopes.is_empty()).then(|| Offer { scopes: scopes.join(" "), is_chosen: wanted.is_some() || is_usual })
}

pub(crate) async fn decide(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let asked = Asked::of(&state, &sent.fields).await?;
    if let Some((code, description)) = Asked::wrong(&sent.fields) {
        return Ok(asked.refused(&state, code, description));
    }
    if sent.fields.get("decision") != "allow" {
        return Ok(asked.refused(&state, "access_denied", "The member did not let the program in."));
    }
    let wanted = wanted(&sent.fields);
    let chosen = sent.fields.all("choice").flat_map(str::split_whitespace).map(str::to_owned);
    let chosen: Vec<String> =
        chosen.filter(|scope| wanted.as_ref().is_none_or(|wanted| wanted.allow(scope))).collect();
    if chosen.is_empty() {
        let problem = "Choose what it may do, or do not let it in.";
        return show(&state, &sent.caller, &sent.csrf, &sent.fields, &asked, problem).await;
    }
    let consent = Consent {
        client: asked.client.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: sent.fields.get("code_challenge").to_owned(),
        scope: Patterns::new(chosen),
        resource: Some(sent.fields.get("resource").to_owned()).filter(|resource| !resource.is_empty()),
    };
    match state.identity.consent(&sent.caller, consent).await {
        Ok(code) => Ok(asked.back(&state, [("code", code.as_str()), ("", "")]).into_response()),
        Err(Error::OAuth(fault)) => Ok(asked.refused(&state, fault.code, &fault.description)),
        Err(error) => Err(PageError::Problem(error.problem())),
    }
}
