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
    "kontor-http",
];

/// What each crate may name, as the architecture document draws it. A crate's own tests may name more.
const ARROWS: [(&str, &[&str]); 13] = [
    ("kontor-core", &[]),
    ("kontor-store", &["kontor-core"]),
    ("kontor-identity", &["kontor-core", "kontor-store"]),
    ("kontor-operations", &["kontor-core", "kontor-store"]),
    ("kontor-crm", &["kontor-core", "kontor-store", "kontor-operations"]),
    ("kontor-models", &["kontor-core"]),
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
    ("kontor-http", &["kontor-core"]),
    ("kontor-api", FACES),
    ("kontor-web", FACES),
    (
        "kontor",
        &[
            "kontor-core",
            "kontor-store",
            "kontor-crm",
            "kontor-operations",
            "kontor-identity",
            "kontor-models",
            "kontor-agents",
            "kontor-http",
            "kontor-api",
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
const KEPT: [(&str, &[&str]); 9] = [
    ("rusqlite", &["kontor-store", "kontor-bench"]),
    ("sqlx", &["kontor-store", "kontor-bench"]),
    ("croner", &["kontor-store"]),
    ("chrono", &["kontor-core", "kontor-store"]),
    ("async-openai", &["kontor-models"]),
    ("argon2", &["kontor-identity"]),
    ("jsonwebtoken", &["kontor-identity"]),
    ("comrak", &["kontor-web"]),
    ("ammonia", &["kontor-web"]),
];

/// The layers of `agents`, the lowest first. What is in one may name its neighbours and what stands below.
const LAYERS_OF_AGENTS: [&[&str]; 6] = [
    &["error", "limits", "definition", "stored"],
    &["rows"],
    &["log"],
    &["machine", "prompts", "history", "stream", "running"],
    &["engine", "driver", "worker"],
    &["sessions", "turns", "approvals", "service", "data_steps", "workspace_setup"],
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
        for (path, _) in found.iter().filter(|(path, _)| !path.contains("/tests")) {
            let source = std::fs::read_to_string(path).unwrap();
            assert!(!source.contains("of_this_installation"), "{path} makes an operator");
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
fn no_file_has_500_lines() {
    let mut found = Vec::new();
    files(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut found);
    assert!(found.len() > 300, "{} files", found.len());
    let long: Vec<_> = found.into_iter().filter(|(_, lines)| *lines >= 500).collect();
    assert_eq!(long, []);
}
