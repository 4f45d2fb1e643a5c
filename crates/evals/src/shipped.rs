//! The datasets in `evals/` hold together: each is read without a fault, and they prove what they are there for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use crate::dataset::{Case, Dataset, Format, Source, TrajectoryMode, names, read, refs};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals")
}

pub(crate) fn datasets() -> &'static [Dataset] {
    static READ: LazyLock<Vec<Dataset>> = LazyLock::new(read_all);
    &READ
}

fn read_all() -> Vec<Dataset> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let load = |file: &str| fs::read_to_string(file).map_err(|error| error.to_string());
    let one = |path: &PathBuf| {
        let file = path.to_str().unwrap();
        let text = load(file).unwrap();
        read(Source { file, text: &text, format: Format::Yaml }, &load)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    files.iter().map(one).collect()
}

pub(crate) fn cases_tagged(tag: &str) -> Vec<Case> {
    let all = datasets();
    let cases = all.iter().flat_map(|dataset| dataset.cases.iter().map(|case| dataset.effective(case)));
    cases.filter(|case| case.tags.iter().any(|known| known == tag)).collect()
}

#[test]
fn names_of_datasets_are_different() {
    let all = datasets();
    let names: BTreeSet<_> = all.iter().map(|dataset| &dataset.name).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn objects_fields_and_filters_are_there() {
    let schema = names::standard();
    for dataset in datasets() {
        let issues: Vec<_> = names::unknown(dataset, &schema).iter().map(ToString::to_string).collect();
        assert_eq!(issues, [""; 0], "{}", dataset.name);
    }
}

#[test]
fn each_skill_has_its_cases() {
    assert!(cases_tagged("skills").len() >= 80);
    for skill in ["querying", "finding", "workflow", "policy"] {
        let cases = cases_tagged(skill);
        assert!(cases.len() >= 25, "{skill} has {} cases", cases.len());
        let on_builtin = cases.iter().filter(|case| case.models.iter().any(|model| model == "builtin"));
        assert!(on_builtin.count() >= 15, "{skill} has too few cases within the built-in commands");
    }
}

#[test]
fn cases_of_the_scripted_model_have_a_script_and_others_none() {
    for case in cases_tagged("skills") {
        let is_scripted = case.models.iter().any(|model| model == "scripted");
        assert_eq!(is_scripted, !case.script.is_empty(), "{}", case.name);
    }
}

#[test]
fn a_judge_is_asked_only_where_a_language_model_answers() {
    for case in cases_tagged("skills").iter().filter(|case| case.expect.rubric.is_some()) {
        assert_eq!(case.models, ["language"], "{}", case.name);
    }
}

#[test]
fn every_local_id_leads_somewhere() {
    for dataset in datasets() {
        let members = dataset.fixture.members.iter().map(|member| member.id.clone());
        let records = dataset.fixture.all_records().into_iter().filter_map(|record| record.id);
        let mut ids: BTreeMap<_, _> =
            members.chain(records).map(|id| (id.clone(), format!("the id of {id}"))).collect();
        for case in &dataset.cases {
            let own = case.records.iter().filter_map(|record| record.id.clone());
            let made =
                case.expect.state.iter().flat_map(|state| &state.same_as).filter_map(|call| call.id.clone());
            let before = ids.clone();
            ids.extend(own.chain(made).map(|id| (id.clone(), format!("the id of {id}"))));
            let resolved =
                refs::resolved(case, &ids).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            assert!(!serde_json::to_string(&resolved).unwrap().contains("$ref("), "{}", case.name);
            ids = before;
        }
    }
}

#[test]
fn the_company_is_of_believable_size_and_small_enough_to_be_read() {
    let text = fs::read_to_string(folder().join("fixtures/company.yaml")).unwrap();
    assert!(text.len() < 400_000);
    let all = datasets();
    let dataset = all.iter().find(|dataset| dataset.name == "skills-querying").unwrap();
    let mut sizes = BTreeMap::<_, usize>::new();
    for record in dataset.fixture.all_records() {
        *sizes.entry(record.object).or_default() += 1;
    }
    for object in ["account", "contact", "deal", "lead", "activity", "task", "note"] {
        assert!(sizes.get(object).is_some_and(|size| *size >= 40), "{object}: {sizes:?}");
    }
    assert!(sizes.values().sum::<usize>() >= 500, "{sizes:?}");
}

#[test]
fn every_kind_of_expectation_is_used() {
    let cases = cases_tagged("skills");
    let uses =
        |what: &str, does: &dyn Fn(&Case) -> bool| assert!(cases.iter().any(does), "no case uses {what}");
    let state = |does: fn(&crate::dataset::State) -> bool| {
        move |case: &Case| case.expect.state.as_ref().is_some_and(does)
    };
    uses("state.unchanged", &state(|state| state.unchanged));
    uses("state.records", &state(|state| !state.records.is_empty()));
    uses("state.same_as", &state(|state| !state.same_as.is_empty()));
    uses("state.ignore", &state(|state| !state.ignore.is_empty()));
    let reply = |does: fn(&crate::dataset::Reply) -> bool| {
        move |case: &Case| case.expect.reply.as_ref().is_some_and(does)
    };
    uses("reply.contains", &reply(|reply| !reply.contains.is_empty()));
    uses("reply.contains_any", &reply(|reply| !reply.contains_any.is_empty()));
    uses("reply.not_contains", &reply(|reply| !reply.not_contains.is_empty()));
    uses("reply.matches", &reply(|reply| !reply.matches.is_empty()));
    uses("reply.not_matches", &reply(|reply| !reply.not_matches.is_empty()));
    uses("reply.numbers", &reply(|reply| !reply.numbers.is_empty()));
    uses("reply.json_schema", &reply(|reply| reply.json_schema.is_some()));
    uses("reply.must_not_reveal", &reply(|reply| !reply.must_not_reveal.is_empty()));
    uses("rubric", &|case| case.expect.rubric.is_some());
    use TrajectoryMode::{AnyOrder, Exact, InOrder, Subset, Superset};
    for mode in [Exact, InOrder, AnyOrder, Subset, Superset] {
        uses(&format!("{mode:?}"), &|case| {
            case.expect.trajectory.as_ref().is_some_and(|used| used.mode == mode)
        });
    }
    uses("trajectory.forbidden", &|case| {
        case.expect.trajectory.as_ref().is_some_and(|used| !used.forbidden.is_empty())
    });
    uses("trajectory.never_tried", &|case| {
        case.expect.trajectory.as_ref().is_some_and(|used| !used.never_tried.is_empty())
    });
    let limits = |does: fn(&crate::dataset::Limits) -> bool| {
        move |case: &Case| case.expect.limits.as_ref().is_some_and(does)
    };
    uses("limits.steps", &limits(|limits| limits.steps.is_some()));
    uses("limits.calls", &limits(|limits| limits.calls.is_some()));
    uses("limits.tokens", &limits(|limits| limits.tokens.is_some()));
    uses("limits.cost", &limits(|limits| limits.cost.is_some()));
    uses("limits.latency_ms", &limits(|limits| limits.latency_ms.is_some()));
    uses("a scripted user", &|case| case.user.is_some());
    uses("approvals", &|case| !case.approvals.is_empty());
    uses("a role of its own", &|case| case.role.is_some());
    uses("a record in view", &|case| case.in_view.is_some());
}
