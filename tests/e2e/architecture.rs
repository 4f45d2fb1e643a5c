//! The arrows between the crates run one way.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};
use kontor_core::grants::Permission;

/// What the faces may name: those for programs and for people are alike.
const FACES: &[&str] = &[
    "kontor-core",
    "kontor-operations",
    "kontor-crm",
    "kontor-identity",
    "kontor-models",
    "kontor-agents",
    "kontor-evals",
    "kontor-http",
];

/// What each crate may name, as the architecture document draws it. A crate's own tests may name more.
const ARROWS: [(&str, &[&str]); 17] = [
    ("kontor-core", &[]),
    ("kontor-store", &["kontor-core"]),
    ("kontor-identity", &["kontor-core", "kontor-store"]),
    ("kontor-operations", &["kontor-core", "kontor-store"]),
    ("kontor-crm", &["kontor-core", "kontor-store", "kontor-operations"]),
    ("kontor-outbound", &["kontor-core"]),
    ("kontor-models", &["kontor-core", "kontor-outbound"]),
    ("kontor-builtin", &["kontor-core", "kontor-models"]),
    (
        "kontor-agents",
        &[
            "kontor-core",
            "kontor-store",
            "kontor-operations",
            "kontor-crm",
            "kontor-identity",
            "kontor-models",
        ],
    ),
    (
        "kontor-evals",
        &[
            "kontor-core",
            "kontor-store",
            "kontor-operations",
            "kontor-crm",
            "kontor-identity",
            "kontor-models",
            "kontor-builtin",
            "kontor-agents",
        ],
    ),
    (
        "kontor-http",
        &[
            "kontor-core",
            "kontor-store",
            "kontor-operations",
            "kontor-crm",
            "kontor-identity",
            "kontor-outbound",
            "kontor-models",
            "kontor-agents",
            "kontor-evals",
        ],
    ),
    ("kontor-api", FACES),
    ("kontor-mcp", FACES),
    ("kontor-web", FACES),
    (
        "kontor",
        &[
            "kontor-core",
            "kontor-store",
            "kontor-crm",
            "kontor-operations",
            "kontor-identity",
            "kontor-outbound",
            "kontor-models",
            "kontor-builtin",
            "kontor-agents",
            "kontor-evals",
            "kontor-http",
            "kontor-api",
            "kontor-mcp",
            "kontor-web",
        ],
    ),
    ("kontor-testkit", &["kontor-core"]),
    (
        "kontor-bench",
        &["kontor-core", "kontor-store", "kontor-identity", "kontor-crm", "kontor-agents", "kontor-testkit"],
    ),
];

/// Which drivers and engines of other crates only one crate may name.
const KEPT: [(&str, &[&str]); 12] = [
    ("rusqlite", &["kontor-store", "kontor-bench"]),
    ("sqlx", &["kontor-store", "kontor-bench"]),
    ("croner", &["kontor-store"]),
    ("chrono", &["kontor-core", "kontor-store"]),
    ("reqwest", &["kontor-outbound", "kontor-models", "kontor", "kontor-testkit", "kontor-bench"]),
    ("rustls", &["kontor-outbound", "kontor-testkit"]),
    ("rustls-native-certs", &["kontor-outbound"]),
    ("argon2", &["kontor-identity"]),
    ("jsonwebtoken", &["kontor-identity"]),
    ("rmcp", &["kontor-mcp"]),
    ("comrak", &["kontor-web"]),
    ("ammonia", &["kontor-web"]),
];

/// The layers of `agents`, the lowest first. What is in one may name its neighbours and what stands below.
const LAYERS_OF_AGENTS: [&[&str]; 7] = [
    &["error", "limits", "observer", "account", "definition", "gate", "stored"],
    &["rows"],
    &["log"],
    &["machine", "prompts", "history", "stream", "running", "titles", "assignment", "choice"],
    &["veil"],
    &["engine", "driver", "worker", "workspace_models", "workspace_budgets", "colleagues"],
    &[
        "access",
        "sessions",
        "session_agent",
        "session_list",
        "sharing",
        "following",
        "fork",
        "deletion",
        "export",
        "feedback",
        "trace",
        "trace_steps",
        "open_turns",
        "turns",
        "approvals",
        "client_calls",
        "authority",
        "model_providers",
        "budgets",
        "usage",
        "model_settings",
        "definitions",
        "prompt_versions",
        "labels",
        "publishing",
        "evaluated",
        "preview",
        "copy",
        "service",
        "window_warnings",
        "data_steps",
        "workspace_setup",
        "hand_over",
    ],
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    metadata
        .packages
        .iter()
        .map(|package| {
            let named = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal)
                .map(|dependency| dependency.name.to_string())
                .collect();
            (package.name.to_string(), named)
        })
        .collect()
}

#[test]
fn every_crate_names_only_what_stands_below_it() {
    let arrows: BTreeMap<_, _> = ARROWS.into_iter().collect();
    for (package, named) in dependencies().into_iter().filter(|(package, _)| package != "xtask") {
        let allowed =
            arrows.get(package.as_str()).unwrap_or_else(|| panic!("{package} is not in the picture"));
        for ours in named.iter().filter(|name| name.starts_with("kontor")) {
            assert!(allowed.contains(&ours.as_str()), "{package} must not name {ours}");
        }
    }
}

#[test]
fn heavy_dependencies_stay_where_they_serve() {
    let keepers: BTreeMap<_, _> = KEPT.into_iter().collect();
    for (package, named) in dependencies() {
        for name in &named {
            if let Some(allowed) = keepers.get(name.as_str()) {
                assert!(allowed.contains(&package.as_str()), "{package} must not name {name}");
            }
        }
    }
}

/// The Rust files below a folder, with how many lines each has.
fn files(folder: &std::path::Path, found: &mut Vec<(String, usize)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            found.push((path.display().to_string(), lines));
        }
    }
}

/// The text of every source file of the crates.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut found);
    let is_source = |path: &&String| path.contains("/src/") && !path.contains("/tests");
    found
        .iter()
        .map(|(path, _)| path)
        .filter(is_source)
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// The word that a text begins with.
fn first_word(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len());
    &text[..end]
}

/// What a source names of its crate: the first words of `crate::word::…` and `crate::{word::…, word}`.
fn named_of_its_crate(source: &str) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for (at, path) in source.match_indices("crate::") {
        let rest = &source[at + path.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            named.insert(first_word(rest));
            continue;
        };
        let (mut depth, mut item) = (0, 0);
        for (place, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' | ',' if depth == 0 => {
                    named.insert(first_word(list[item..place].trim_start()));
                    item = place + 1;
                    if letter == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    named.remove("");
    named
}

#[test]
fn the_modules_of_agents_name_nothing_above_their_layer() {
    let folder = format!("{}/../agents/src", env!("CARGO_MANIFEST_DIR"));
    let front_door = std::fs::read_to_string(format!("{folder}/lib.rs")).unwrap();
    // What the front door lends, by the module that has it.
    let lent: BTreeMap<&str, &str> = front_door
        .split("pub use ")
        .skip(1)
        .filter_map(|line| line.split_once(';')?.0.split_once("::"))
        .flat_map(|(module, names)| {
            let words = names.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            words.filter(|word| !word.is_empty()).map(move |word| (word, module))
        })
        .collect();
    let layer_of = |module: &str| {
        let layer = LAYERS_OF_AGENTS.iter().position(|layer| layer.contains(&module));
        layer.unwrap_or_else(|| panic!("the module {module} of agents is in no layer"))
    };
    let mut found = Vec::new();
    files(std::path::Path::new(&folder), &mut found);
    let mut arrows = 0;
    for (path, _) in found.iter().filter(|(path, _)| !path.ends_with("/lib.rs")) {
        let module = first_word(path[folder.len()..].trim_start_matches('/'));
        let source = std::fs::read_to_string(path).unwrap();
        let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for name in named_of_its_crate(&code) {
            let other = lent.get(name).copied().unwrap_or(name);
            assert!(layer_of(other) <= layer_of(module), "{path} names {other}, which stands above it");
            arrows += 1;
        }
    }
    assert!(arrows > 80, "{arrows} arrows");
}

#[test]
fn nothing_that_serves_requests_acts_as_the_operator() {
    for face in ["http", "api", "web", "agents", "operations", "crm"] {
        let mut found = Vec::new();
        let folder = format!("{}/../{face}/src", env!("CARGO_MANIFEST_DIR"));
        files(std::path::Path::new(&folder), &mut found);
        for (path, _) in found.iter().filter(|(path, _)| !path.contains("/test")) {
            let source = std::fs::read_to_string(path).unwrap();
            assert!(!source.contains("of_this_installation"), "{path} makes an operator");
        }
    }
}

#[test]
fn what_leaves_the_server_goes_through_the_one_client() {
    // The commands ask the server that whoever runs them names.
    let may_make = ["/outbound/src/client.rs", "/outbound/src/request.rs", "/kontor/src/client.rs"];
    let others = ["/testkit/src/", "/bench/src/", "/tests"];
    let mut found = Vec::new();
    files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut found);
    let is_bound = |path: &String| {
        path.contains("/src/") && !may_make.iter().chain(&others).any(|part| path.contains(part))
    };
    for path in found.into_iter().map(|(path, _)| path).filter(is_bound) {
        let source = std::fs::read_to_string(&path).unwrap();
        if !source.contains("reqwest") {
            continue;
        }
        // Whoever has no client of the library's can send nothing by it.
        for other in ["Client::builder()", "Client::new()", "reqwest::get"] {
            assert!(!source.contains(other), "{path} sends past the guard: {other}");
        }
    }
}

#[test]
fn every_permission_is_asked_for_somewhere() {
    let sources = sources();
    for permission in Permission::ALL {
        let asked = format!("require(Permission::{permission:?})");
        assert!(sources.iter().any(|source| source.contains(&asked)), "nothing asks for {permission:?}");
    }
}

#[test]
fn field_kinds_are_told_apart_in_their_tables_alone() {
    const LINT: &str = "warn(clippy::wildcard_enum_match_arm)]";
    let mut found = Vec::new();
    files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut found);
    let mut tables = 0;
    for (path, _) in found.iter().filter(|(path, _)| path.contains("/src/") && !path.contains("/tests")) {
        let source = std::fs::read_to_string(path).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        // What core knows of them; each crate's table of its own; the standard fields, which are made of them.
        let is_core = path.contains("/core/src/kind/");
        let is_room =
            ["/src/kind.rs", "/src/kinds.rs", "/surface/kinds.rs"].iter().any(|room| path.ends_with(room));
        let is_table = is_room || path.contains("/src/kinds/");
        if !(is_core || is_table || path.contains("/crm/src/standard/")) {
            assert!(
                !code.contains("FieldKind::"),
                "{path} tells field kinds apart: ask the kind, or a table"
            );
        }
        // A match that names every kind is what leads whoever adds one; the lint refuses any other.
        if is_table {
            let is_disguise = |line: &&str| {
                line.contains("FieldKind::") && (line.contains("matches!(") || line.contains("let "))
            };
            assert_eq!(code.lines().find(is_disguise), None, "{path} tells kinds apart outside a match");
        }
        if is_room || path.ends_with("/core/src/kind/mod.rs") || path.ends_with("/src/kinds/mod.rs") {
            assert!(code.contains(LINT), "{path} lets matches over kinds end in a wildcard");
            tables += 1;
        }
    }
    assert!(tables >= 3, "{tables} tables");
}

#[test]
fn no_file_has_500_lines() {
    let mut found = Vec::new();
    for folder in ["crates", "tests", "xtask"] {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        files(&root.join(folder), &mut found);
    }
    assert!(found.len() > 300, "{} files", found.len());
    let long: Vec<_> = found.into_iter().filter(|(_, lines)| *lines >= 500).collect();
    assert_eq!(long, []);
}
