//! The variables of the environment whose names begin with `KONTOR_`: which are settings, which belong to others,
//! and which are most likely misspelt.

use kontor_core::text;

/// What the names begin with.
pub(crate) const PREFIX: &str = "KONTOR_";

/// Variables of the commands that ask a server, of the demonstration and of the log.
pub(crate) const OTHERS: [&str; 7] =
    ["server", "email", "password", "workspace", "token", "demo_password", "log"];

/// Known, and of no effect: nothing is kept in Redis.
const REDIS: &str = "redis_url";

/// Variables that were found, by what becomes of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What the log is to say of those that are ignored.
    pub(crate) remarks: Vec<String>,
    /// Names, in lower case and without the prefix, that are no settings.
    pub(crate) ignored: Vec<String>,
}

/// Whether a variable's name begins as ours do, in whichever case.
pub(crate) fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(PREFIX))
}

/// Sorts the variables of these names (with the prefix); `settings` are the names that can be set.
///
/// # Errors
/// A sentence that names the first that is near to a setting without being one.
pub(crate) fn sort(names: impl IntoIterator<Item = String>, settings: &[&str]) -> Result<Found, String> {
    let mut found = Found::default();
    let mut unknown = Vec::new();
    for variable in names {
        let Some(name) = variable.get(PREFIX.len()..).map(str::to_ascii_lowercase) else { continue };
        // `models.default` is KONTOR_MODELS__DEFAULT.
        let first = name.split("__").next().unwrap_or_default();
        if settings.contains(&first) {
            continue;
        }
        let is_others = OTHERS.contains(&name.as_str()) || name.starts_with("test_");
        if name == REDIS {
            found.remarks.push(format!(
                "{variable} has no effect: this version keeps nothing in Redis, and servers that share a PostgreSQL \
                 database need none"
            ));
        } else if !is_others {
            let mut known = settings.iter().chain(&OTHERS).copied();
            if let Some(near) = known.find(|known| is_near(first, known)) {
                let meant = format!("{PREFIX}{}", near.to_ascii_uppercase());
                return Err(format!(
                    "{variable} is no setting; did you mean {meant}? Rename it or remove it from the environment"
                ));
            }
            unknown.push(variable);
        }
        found.ignored.push(name);
    }
    if !unknown.is_empty() {
        unknown.sort();
        let shown = text::excerpt(&unknown.join(", "), 600);
        found.remarks.push(format!(
            "these variables are no settings and are ignored (a cluster sets such for a service called kontor): {shown}"
        ));
    }
    Ok(found)
}

/// Whether a name is so near to a known one that it was most likely meant: one or two letters differ, or its last
/// words are missing.
fn is_near(name: &str, known: &str) -> bool {
    let shortened = name.len() >= 4 && known.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    let bound = if known.len().min(name.len()) < 6 { 1 } else { 2 };
    shortened || strsim::osa_distance(name, known) <= bound
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: [&str; 7] =
        ["listen", "public_url", "data_dir", "database_url", "secret", "models", "log_format"];

    fn sorted(names: &[&str]) -> Result<Found, String> {
        sort(names.iter().map(|name| (*name).to_owned()), &SETTINGS)
    }

    #[test]
    fn what_a_cluster_sets_for_a_service_of_this_name_is_ignored_and_told_of_once() {
        let found = sorted(&[
            "KONTOR_PORT",
            "KONTOR_SERVICE_HOST",
            "KONTOR_SERVICE_PORT",
            "KONTOR_SERVICE_PORT_HTTP",
            "KONTOR_PORT_8080_TCP",
            "KONTOR_PORT_8080_TCP_ADDR",
            "KONTOR_PORT_8080_TCP_PORT",
            "KONTOR_PORT_8080_TCP_PROTO",
            "KONTOR_LISTEN",
        ])
        .unwrap();
        assert_eq!(found.ignored.len(), 8);
        let [remark] = &found.remarks[..] else { panic!("{:?}", found.remarks) };
        assert!(remark.contains("KONTOR_PORT, ") && remark.contains("KONTOR_SERVICE_HOST"), "{remark}");
    }

    #[test]
    fn what_is_near_to_a_setting_is_refused_with_the_setting() {
        for (wrong, meant) in [
            ("KONTOR_LISTN", "KONTOR_LISTEN"),
            ("KONTOR_LITSEN", "KONTOR_LISTEN"),
            ("KONTOR_DATABASEURL", "KONTOR_DATABASE_URL"),
            ("KONTOR_DATABASE", "KONTOR_DATABASE_URL"),
            ("KONTOR_DATA", "KONTOR_DATA_DIR"),
            ("KONTOR_PUBLIC_URI", "KONTOR_PUBLIC_URL"),
            ("KONTOR_SECRETS", "KONTOR_SECRET"),
            ("KONTOR_MODEL__DEFAULT", "KONTOR_MODELS"),
            ("KONTOR_PASWORD", "KONTOR_PASSWORD"),
        ] {
            let refused = sorted(&[wrong]).unwrap_err();
            assert!(
                refused.contains(wrong) && refused.contains(&format!("did you mean {meant}?")),
                "{refused}"
            );
        }
    }

    #[test]
    fn settings_and_the_variables_of_other_commands_pass_and_redis_is_told_to_have_no_effect() {
        let found =
            sorted(&["KONTOR_MODELS__PROVIDERS__X__API_KEY", "KONTOR_EMAIL", "KONTOR_TEST_DATABASE_URL"]);
        let ignored = ["email", "test_database_url"].map(str::to_owned).to_vec();
        assert_eq!(found, Ok(Found { remarks: vec![], ignored }));
        let redis = sorted(&["KONTOR_REDIS_URL"]).unwrap();
        assert!(redis.remarks[0].contains("KONTOR_REDIS_URL has no effect"), "{:?}", redis.remarks);
    }
}
