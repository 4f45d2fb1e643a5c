//! What may be used up in a turn and in a day, for those who may change the workspace's settings.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_agents::{Budget, BudgetScope, NewBudget, UsageBy, UsageQuery};
use kontor_core::{
    caller::Caller,
    currency::Currency,
    error::Issue,
    grants::Permission,
    reading::{readable, whole_amount, whole_number},
    usage::dollars,
};
use kontor_http::Services;
use kontor_identity::Csrf;

use crate::{
    assets,
    error::{PageError, Result, page, refused},
    form::{Fields, Wrong},
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact, share},
};

/// Budgets that are for one or for each, as the form names them.
const GENERAL: [(&str, &str); 4] = [
    ("turn", "One message"),
    ("workspace", "The workspace, a day"),
    ("agent", "Each agent, a day"),
    ("member", "Each member, a day"),
];

#[derive(Template)]
#[template(path = "budgets.html")]
struct BudgetsPage {
    assets: &'static str,
    shell: Shell,
    budgets: Vec<BudgetView>,
    form: BudgetForm,
    agents: Vec<(String, String)>,
    members: Vec<(String, String)>,
    /// Models whose price is not known, of those used lately.
    unpriced: String,
    done: &'static str,
    wrong: Wrong,
}

impl BudgetsPage {
    fn general(&self) -> [(&'static str, &'static str); 4] {
        GENERAL
    }
}

struct BudgetView {
    /// As the form names it: `agent/<id>`.
    key: String,
    what: String,
    limits: String,
    used: String,
    /// Of a hundred; nothing where it is not counted for one alone.
    share: Option<u64>,
    set_by: String,
    set_at: Shown,
}

#[derive(Default)]
struct BudgetForm {
    of: String,
    dollars: String,
    tokens: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let done = match query.get("done") {
        "saved" => "Saved.",
        "removed" => "Removed.",
        _ => "",
    };
    let budgets = state.agents.budgets(&caller).await?;
    let chosen = budgets.iter().find(|budget| key(budget) == query.get("of"));
    let form = chosen.map(form_of).unwrap_or_default();
    page(&budgets_page(&state, &caller, &csrf, budgets, form, done).await?)
}

pub(crate) async fn set(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let text = |name: &str| sent.fields.get(name).to_owned();
    let form = BudgetForm { of: text("of"), dollars: text("dollars"), tokens: text("tokens") };
    let input = |path: &str| match path {
        "cost_micros" => "dollars".to_owned(),
        "subject" => "of".to_owned(),
        other => other.to_owned(),
    };
    let (status, wrong) = match read(&form) {
        Ok((scope, subject, new)) => {
            let Err(error) = state.agents.set_budget(&sent.caller, scope, subject, new).await else {
                return Ok(Redirect::to("/settings/budgets?done=saved").into_response());
            };
            let (status, problem) = refused(error)?;
            (status, Wrong::of_problem(&problem, input))
        }
        Err(issues) => (StatusCode::UNPROCESSABLE_ENTITY, Wrong::of(&issues, input)),
    };
    let budgets = state.agents.budgets(&sent.caller).await?;
    let mut again = budgets_page(&state, &sent.caller, &sent.csrf, budgets, form, "").await?;
    again.wrong = wrong;
    Ok((status, page(&again)?).into_response())
}

pub(crate) async fn remove(State(state): State<Services>, sent: Sent) -> Result<Redirect> {
    let (scope, subject) = scope_of(sent.fields.get("of")).ok_or_else(PageError::not_found)?;
    state.agents.remove_budget(&sent.caller, scope, subject).await?;
    Ok(Redirect::to("/settings/budgets?done=removed"))
}

async fn budgets_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    budgets: Vec<Budget>,
    form: BudgetForm,
    done: &'static str,
) -> Result<BudgetsPage> {
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(state, caller, csrf, &schema, "Budgets", "settings/budgets").await?;
    let agents = state.agents.agents(caller).await?;
    let members = if caller.grants.permits(Permission::Members) {
        state.identity.members(caller).await?
    } else {
        Vec::new()
    };
    let by_model = state.agents.usage(caller, UsageQuery::by(UsageBy::Model)).await?.groups;
    let unpriced = by_model.into_iter().filter(|group| group.figures.unpriced_steps > 0);
    let unpriced: Vec<String> = unpriced.filter_map(|group| group.model).collect();
    let clock = Clock::of(&state.environment, caller);
    Ok(BudgetsPage {
        assets: &assets::BASE,
        shell,
        budgets: budgets.into_iter().map(|budget| view(budget, clock)).collect(),
        form,
        agents: agents
            .into_iter()
            .map(|agent| (format!("agent/{}", agent.id), agent.definition.label))
            .collect(),
        members: members.into_iter().map(|member| (format!("member/{}", member.id), member.name)).collect(),
        unpriced: unpriced.join(", "),
        done,
        wrong: Wrong::default(),
    })
}

/// The scope and the subject that the form names.
fn scope_of(of: &str) -> Option<(BudgetScope, Option<&str>)> {
    let (scope, subject) = of.split_once('/').map_or((of, None), |(scope, subject)| (scope, Some(subject)));
    Some((BudgetScope::from_word(scope)?, subject))
}

fn key(budget: &Budget) -> String {
    let scope = budget.scope.word();
    budget.subject.as_ref().map_or_else(|| scope.to_owned(), |named| format!("{scope}/{}", named.id))
}

fn form_of(budget: &Budget) -> BudgetForm {
    let plain = |micros: u64| {
        let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
        if rest == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{rest:06}").trim_end_matches('0').to_owned()
        }
    };
    BudgetForm {
        of: key(budget),
        dollars: budget.cost_micros.map(plain).unwrap_or_default(),
        tokens: budget.tokens.map(|tokens| tokens.to_string()).unwrap_or_default(),
    }
}

/// What the form asks for, or what is wrong with it.
fn read(form: &BudgetForm) -> std::result::Result<(BudgetScope, Option<&str>, NewBudget), Vec<Issue>> {
    let mut issues = Vec::new();
    let of = scope_of(&form.of);
    if of.is_none() {
        issues.push(Issue::new("of", "required", "choose what it is for"));
    }
    let mut limit = |path: &str, text: &str, read: fn(&str) -> std::result::Result<Option<u64>, String>| {
        if text.is_empty() {
            return None;
        }
        read(text).unwrap_or_else(|wrong| {
            issues.push(Issue::new(path, "not_understood", wrong));
            None
        })
    };
    let cost_micros = limit("dollars", &form.dollars, |text| {
        let amount = whole_amount(text).map_err(|wrong| wrong.to_string())?;
        if amount.currency.is_some_and(|currency| currency != Currency::USD) {
            return Err("prices of models are in US dollars, and so are budgets".to_owned());
        }
        let micros = amount.number.millionths().and_then(|micros| u64::try_from(micros).ok());
        micros
            .map(Some)
            .ok_or_else(|| "expected an amount that is not negative, such as 5 or 0.50".to_owned())
    });
    let tokens = limit("tokens", &form.tokens, |text| {
        let number = whole_number(text).map_err(|wrong| wrong.to_string())?;
        let tokens = number.as_integer().and_then(|tokens| u64::try_from(tokens).ok());
        tokens.map(Some).ok_or_else(|| "expected a whole number such as 100,000".to_owned())
    });
    match of {
        Some((scope, subject)) if issues.is_empty() => {
            Ok((scope, subject, NewBudget { cost_micros, tokens }))
        }
        _ => Err(issues),
    }
}

fn view(budget: Budget, clock: Clock) -> BudgetView {
    let key = key(&budget);
    let tokens = |count: u64| format!("{} tokens", readable(&count.to_string()));
    let what = match &budget.subject {
        Some(named) => {
            let name = named.label.clone().unwrap_or_else(|| "Gone".to_owned());
            let kind = if budget.scope == BudgetScope::Agent { "agent" } else { "member" };
            format!("{name} ({kind}), a day")
        }
        None => {
            let general = GENERAL.iter().find(|(word, _)| *word == budget.scope.word());
            general.map(|(_, what)| (*what).to_owned()).unwrap_or_default()
        }
    };
    let limits = [budget.cost_micros.map(dollars), budget.tokens.map(tokens)];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let used = budget.used.map(|used| {
        let of_cost = budget.cost_micros.map(|limit| (dollars(used.cost_micros), used.cost_micros, limit));
        let of_tokens = budget.tokens.map(|limit| (tokens(used.tokens), used.tokens, limit));
        let both: Vec<_> = [of_cost, of_tokens].into_iter().flatten().collect();
        let words: Vec<String> = both.iter().map(|(words, ..)| words.clone()).collect();
        // Of nothing, all is used up.
        let shares =
            both.iter().map(|(_, used, limit)| if *limit == 0 { 100 } else { share(*used, *limit, 100) });
        (words.join(", "), shares.max().unwrap_or(0))
    });
    BudgetView {
        key,
        what,
        limits: limits.join(" or "),
        used: used.as_ref().map(|(words, _)| words.clone()).unwrap_or_default(),
        share: used.map(|(_, share)| share),
        set_by: budget.set_by.to_string(),
        set_at: exact(budget.set_at, clock),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(of: &str, dollars: &str, tokens: &str) -> BudgetForm {
        BudgetForm { of: of.into(), dollars: dollars.into(), tokens: tokens.into() }
    }

    #[test]
    fn a_form_is_read_as_people_write_amounts_and_numbers() {
        let workspace = form("workspace", "$2.50", "100k");
        let (scope, subject, new) = read(&workspace).unwrap();
        assert_eq!((scope, subject), (BudgetScope::Workspace, None));
        assert_eq!((new.cost_micros, new.tokens), (Some(2_500_000), Some(100_000)));
        let agent = form("agent/x", "0.000001", "");
        let (_, subject, new) = read(&agent).unwrap();
        assert_eq!((subject, new.cost_micros, new.tokens), (Some("x"), Some(1), None));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_input() {
        let wrong = read(&form("", "-5", "1.5")).unwrap_err();
        let paths: Vec<_> = wrong.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["of", "dollars", "tokens"]);
        for dollars in ["5 EUR", "0.0000001", "much"] {
            assert_eq!(read(&form("turn", dollars, "")).unwrap_err()[0].path, "dollars", "{dollars}");
        }
    }
}
