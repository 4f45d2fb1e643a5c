//! The pages, one a file, and the requests that they send.

mod account;
mod agents;
mod answers;
mod approvals;
mod audit;
mod board;
mod budgets;
mod calendar;
mod chat;
mod chat_agent;
mod chat_menu;
mod choices;
mod consent;
mod delegations;
mod edit;
mod evaluations;
mod events;
mod feedback;
mod jobs;
mod keys;
mod links;
mod list;
mod list_state;
mod live;
mod members;
mod models;
mod open_turns;
mod palette;
mod record;
mod record_form;
mod roles;
mod settings;
mod setup;
mod sign_in;
mod suggestions;
mod trace;
mod tryouts;
mod turns;
mod usage;
mod view_bar;
mod view_state;
mod views;

use axum::{
    Router,
    response::Redirect,
    routing::{get, post},
};
use kontor_http::Services;

use crate::{assets, error::PageError};

/// What pages load, which costs next to nothing and is kept by browsers.
pub(crate) fn assets() -> Router<Services> {
    Router::new().route("/assets/{digest}/{file}", get(assets::serve))
}

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/", get(async || Redirect::to("/chat")))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/setup", get(setup::show).post(setup::set_up))
        .route("/invitations/{token}", get(links::invitation).post(links::accept))
        .route("/reset/{token}", get(links::reset).post(links::set_password))
        .route("/chat", get(chat::begin).post(turns::begin))
        .route("/chat/{session}", get(chat::show))
        .route("/chat/{session}/turns", post(turns::start))
        .route("/chat/{session}/events", get(events::stream))
        .route("/chat/{session}/resume", post(turns::resume))
        .route("/chat/{session}/rename", post(chat_menu::rename))
        .route("/chat/{session}/agent", post(chat_agent::change))
        .route("/chat/{session}/pin", post(chat_menu::pin))
        .route("/chat/{session}/fork", post(chat_menu::fork))
        .route("/chat/{session}/delete", post(chat_menu::delete))
        .route("/chat/{session}/restore", post(chat_menu::restore))
        .route("/chat/{session}/export", get(chat_menu::export))
        .route("/chat/{session}/share", get(chat_menu::share_page).post(chat_menu::share))
        .route("/chat/{session}/unshare", post(chat_menu::unshare))
        .route("/chat/turns/{turn}/feedback", post(answers::rate))
        .route("/chat/turns/{turn}/resend", post(answers::resend))
        .route("/chat/turns/{turn}/retry", post(answers::retry))
        .route("/turns/{turn}", get(trace::show))
        .route("/turns/{turn}/case", post(trace::make_case))
        .route("/chat/turns/{turn}/cancel", post(turns::cancel))
        .route("/chat/turns/{turn}/go_on", post(turns::go_on))
        .route("/chat/approvals/{approval}", post(turns::resolve))
        .route("/approvals", get(approvals::show))
        .route("/audit", get(audit::show))
        .route("/jobs", get(jobs::show))
        .route("/jobs/{id}/run", post(jobs::run))
        .route("/settings", get(settings::show))
        .route("/settings/own", post(settings::change_own))
        .route("/settings/workspace", post(settings::change_workspace))
        .route("/settings/zone", post(settings::offer_zone))
        .route("/settings/password", get(account::password).post(account::change_password))
        .route("/settings/sign-ins", get(account::sign_ins))
        .route("/settings/sign-ins/end-others", post(account::end_others))
        .route("/settings/sign-ins/{id}/end", post(account::end_sign_in))
        .route("/settings/members", get(members::list::show))
        .route("/settings/members/invite", post(members::list::invite))
        .route("/settings/members/invitations/{id}/revoke", post(members::list::revoke))
        .route("/settings/members/{id}", get(members::member::show).post(members::member::change))
        .route("/settings/members/{id}/deactivate", post(members::member::deactivate))
        .route("/settings/members/{id}/activate", post(members::member::activate))
        .route("/settings/members/{id}/hand-over", post(members::member::hand_over))
        .route("/settings/members/{id}/reset-link", post(members::member::reset_link))
        .route("/settings/members/{id}/sign-ins/end", post(members::member::end_sign_ins))
        .route("/settings/members/{id}/sign-ins/{sign_in}/end", post(members::member::end_sign_in))
        .route("/settings/agents", get(agents::list::show))
        .route("/settings/agents/new", get(agents::form::new).post(agents::form::create))
        .route("/settings/agents/protected", post(agents::list::protect))
        .route("/settings/agents/{name}", get(agents::form::show).post(agents::form::change))
        .route("/settings/agents/{name}/active", post(agents::list::activate))
        .route("/settings/agents/{name}/reset", post(agents::list::reset))
        .route("/settings/agents/{name}/delete", post(agents::list::delete))
        .route("/settings/agents/{name}/restore", post(agents::list::restore))
        .route("/settings/agents/{name}/prompt", get(agents::prompt::show).post(agents::prompt::save))
        .route("/settings/agents/{name}/prompt/draft", post(agents::drafts::keep))
        .route("/settings/agents/{name}/prompt/discard", post(agents::drafts::discard))
        .route("/settings/agents/{name}/prompt/preview", post(agents::prompt::preview))
        .route("/settings/agents/{name}/prompt/try", post(tryouts::begin))
        .route("/settings/agents/{name}/tryouts/{tryout}", get(tryouts::show))
        .route("/settings/agents/{name}/tryouts/{tryout}/turns", post(tryouts::start))
        .route("/settings/agents/{name}/tryouts/{tryout}/events", get(tryouts::stream))
        .route("/settings/agents/{name}/tryouts/{tryout}/end", post(tryouts::end))
        .route("/settings/agents/{name}/tryouts/{tryout}/turns/{turn}/cancel", post(tryouts::cancel))
        .route("/settings/agents/{name}/tryouts/{tryout}/turns/{turn}/go_on", post(tryouts::go_on))
        .route("/settings/agents/{name}/tryouts/{tryout}/turns/{turn}/retry", post(tryouts::retry))
        .route("/settings/agents/{name}/tryouts/{tryout}/approvals/{approval}", post(tryouts::resolve))
        .route("/settings/agents/{name}/prompt/label", post(agents::reviews::move_label))
        .route("/settings/agents/{name}/prompt/reviews", post(agents::reviews::request))
        .route("/settings/agents/{name}/prompt/reviews/{id}", post(agents::reviews::answer))
        .route("/settings/agents/{name}/prompt/evaluate", post(evaluations::list::evaluate))
        .route("/settings/agents/{name}/prompt/gates/{label}", post(evaluations::gate::set))
        .route("/settings/evaluations", get(evaluations::list::show))
        .route("/settings/evaluations/shipped", post(evaluations::list::add_shipped))
        .route(
            "/settings/evaluations/datasets/new",
            get(evaluations::dataset::new).post(evaluations::dataset::add),
        )
        .route(
            "/settings/evaluations/datasets/{name}",
            get(evaluations::dataset::show).post(evaluations::dataset::change),
        )
        .route("/settings/evaluations/datasets/{name}/remove", post(evaluations::dataset::remove))
        .route("/settings/evaluations/runs", post(evaluations::list::start))
        .route("/settings/evaluations/runs/{id}", get(evaluations::run::show))
        .route("/settings/evaluations/runs/{id}/cancel", post(evaluations::run::cancel))
        .route("/settings/evaluations/runs/{id}/events", get(evaluations::run::stream))
        .route("/settings/evaluations/compare", get(evaluations::compare::show))
        .route("/settings/models", get(models::show))
        .route("/settings/models/use", post(models::choose))
        .route("/settings/models/facts", get(models::facts::show).post(models::facts::change))
        .route("/settings/models/facts/forget", post(models::facts::forget))
        .route("/settings/models/new", get(models::new).post(models::add))
        .route("/settings/models/providers/{name}", get(models::edit).post(models::change))
        .route("/settings/models/providers/{name}/remove", post(models::remove))
        .route("/settings/models/providers/{name}/test", post(models::test))
        .route("/settings/usage", get(usage::show))
        .route("/settings/budgets", get(budgets::show).post(budgets::set))
        .route("/settings/budgets/remove", post(budgets::remove))
        .route("/oauth/authorize", get(consent::ask).post(consent::decide))
        .route("/settings/programs", get(delegations::show))
        .route("/settings/programs/{id}/withdraw", post(delegations::withdraw))
        .route("/settings/keys", get(keys::show).post(keys::create))
        .route("/settings/keys/{id}/revoke", post(keys::revoke))
        .route("/settings/roles", get(roles::show_all).post(roles::create))
        .route("/settings/roles/{name}", get(roles::show).post(roles::change))
        .route("/settings/roles/{name}/reset", post(roles::reset))
        .route("/settings/roles/{name}/delete", post(roles::delete))
        .route("/settings/authority", get(roles::authority))
        .route("/settings/turns", get(open_turns::show))
        .route("/settings/turns/{turn}/stop", post(open_turns::stop))
        .route("/settings/feedback", get(feedback::show))
        .route("/live", get(live::follow))
        .route("/palette", get(palette::find))
        .route("/records/choices", get(choices::find))
        .route("/records/{plural}", get(list::show).post(edit::create))
        .route("/records/{plural}/new", get(edit::new))
        .route("/records/{plural}/reset", post(list_state::reset))
        .route("/records/{plural}/views", post(views::create))
        .route("/records/{plural}/views/{view}", post(views::change))
        .route("/records/{plural}/views/{view}/delete", post(views::delete))
        .route("/records/{plural}/views/{view}/move", post(board::move_cards))
        .route("/records/{plural}/{id}", get(record::show).post(edit::update))
        .route("/records/{plural}/{id}/edit", get(edit::show))
        .route("/records/{plural}/{id}/delete", post(record::delete))
        .route("/records/{plural}/{id}/restore", post(record::restore))
        .fallback(async || PageError::not_found())
}
