//! Addresses with the id of a member, an invitation or a sign-in in them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::routes::{Attempt, Prey, attempt};

/// The requests of a program.
pub(super) fn of_programs(prey: &Prey) -> Vec<Attempt> {
    let Prey { member, invitation, link, sign_in, key, delegation, .. } = prey;
    let one = format!("/api/members/{member}");
    let password = || Some(json!({"name": "Otto", "password": "correct horse battery"}));
    vec![
        attempt("GET /api/members/{id}", one.clone(), None, &[404]),
        attempt("PATCH /api/members/{id}", one.clone(), Some(json!({"role": "Viewer"})), &[404]),
        attempt(
            "PATCH /api/members/{id}",
            one.clone(),
            Some(json!({"status": "inactive", "hand_over_to": member})),
            &[404],
        ),
        attempt("GET /api/members/{id}/sign-ins", format!("{one}/sign-ins"), None, &[404]),
        attempt("DELETE /api/members/{id}/sign-ins", format!("{one}/sign-ins"), None, &[404]),
        attempt(
            "DELETE /api/members/{id}/sign-ins/{sign_in}",
            format!("{one}/sign-ins/{sign_in}"),
            None,
            &[404],
        ),
        attempt("POST /api/members/{id}/reset-link", format!("{one}/reset-link"), None, &[404]),
        attempt("DELETE /api/me/sign-ins/{sign_in}", format!("/api/me/sign-ins/{sign_in}"), None, &[404]),
        attempt("GET /api/invitations/{invitation}", format!("/api/invitations/{link}"), None, &[404]),
        attempt(
            "DELETE /api/invitations/{invitation}",
            format!("/api/invitations/{invitation}"),
            None,
            &[404],
        ),
        attempt(
            "POST /api/invitations/{invitation}/accept",
            format!("/api/invitations/{link}/accept"),
            password(),
            &[404],
        ),
        // Links of passwords belong to people and to no workspace: one that is none opens nothing.
        attempt("GET /api/password-resets/{token}", format!("/api/password-resets/{link}"), None, &[404]),
        attempt(
            "POST /api/password-resets/{token}",
            format!("/api/password-resets/{link}"),
            Some(json!({"password": "correct horse battery"})),
            &[404],
        ),
        attempt("GET /api/members", "/api/members".into(), None, &[200]),
        attempt(
            "DELETE /api/me/delegations/{delegation}",
            format!("/api/me/delegations/{delegation}"),
            None,
            &[404],
        ),
        attempt("GET /api/me/delegations", "/api/me/delegations".into(), None, &[200]),
        attempt("GET /api/keys", "/api/keys".into(), None, &[200]),
        attempt("GET /api/keys/{id}", format!("/api/keys/{key}"), None, &[404]),
        attempt("DELETE /api/keys/{id}", format!("/api/keys/{key}"), None, &[404]),
        attempt("GET /api/invitations", "/api/invitations".into(), None, &[200]),
    ]
}

/// The requests of a person's browser.
pub(super) fn of_people(prey: &Prey) -> Vec<Attempt> {
    let Prey { member, invitation, link, sign_in, key, delegation, .. } = prey;
    let one = format!("/settings/members/{member}");
    let form = || Some(json!({}));
    vec![
        attempt(
            "POST /settings/programs/{id}/withdraw",
            format!("/settings/programs/{delegation}/withdraw"),
            form(),
            &[404],
        ),
        attempt("POST /settings/keys/{id}/revoke", format!("/settings/keys/{key}/revoke"), form(), &[404]),
        attempt("GET /settings/members/{id}", one.clone(), None, &[404]),
        attempt(
            "POST /settings/members/{id}",
            one.clone(),
            Some(json!({"name": "x", "role": "Viewer"})),
            &[404],
        ),
        attempt("POST /settings/members/{id}/deactivate", format!("{one}/deactivate"), form(), &[404]),
        attempt("POST /settings/members/{id}/activate", format!("{one}/activate"), form(), &[404]),
        attempt(
            "POST /settings/members/{id}/hand-over",
            format!("{one}/hand-over"),
            Some(json!({"hand_over_to": member})),
            &[404],
        ),
        attempt("POST /settings/members/{id}/reset-link", format!("{one}/reset-link"), form(), &[404]),
        attempt("POST /settings/members/{id}/sign-ins/end", format!("{one}/sign-ins/end"), form(), &[404]),
        attempt(
            "POST /settings/members/{id}/sign-ins/{sign_in}/end",
            format!("{one}/sign-ins/{sign_in}/end"),
            form(),
            &[404],
        ),
        attempt(
            "POST /settings/members/invitations/{id}/revoke",
            format!("/settings/members/invitations/{invitation}/revoke"),
            form(),
            &[404],
        ),
        attempt(
            "POST /settings/sign-ins/{id}/end",
            format!("/settings/sign-ins/{sign_in}/end"),
            form(),
            &[404],
        ),
        attempt("GET /invitations/{token}", format!("/invitations/{link}"), None, &[404]),
        attempt(
            "POST /invitations/{token}",
            format!("/invitations/{link}"),
            Some(json!({"name": "Otto", "password": "correct horse battery"})),
            &[404],
        ),
        // Links of passwords belong to people and to no workspace: one that is none opens nothing.
        attempt("GET /reset/{token}", format!("/reset/{link}"), None, &[404]),
        attempt(
            "POST /reset/{token}",
            format!("/reset/{link}"),
            Some(json!({"password": "correct horse battery"})),
            &[404],
        ),
        attempt("GET /settings/members", "/settings/members".into(), None, &[200]),
    ]
}

/// The token of an invitation with another workspace in it.
pub(super) fn led_elsewhere(token: &str, workspace: &str) -> String {
    const PREFIX: &str = "kontor_invite_";
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX).unwrap()).unwrap();
    let workspace: uuid::Uuid = workspace.parse().unwrap();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([workspace.as_bytes().as_slice(), &bytes[16..]].concat()))
}
