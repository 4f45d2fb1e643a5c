//! A few records that answer calls as the operations of a workspace do.

use std::cmp::Ordering;

use kontor_core::text::{fold, tokens};
use serde_json::{Map, Value, json};

use super::super::ADA;

const DATA: &str = include_str!("workspace.json");

pub(super) struct Workspace(Map<String, Value>);

impl Workspace {
    pub(super) fn new() -> Self {
        Self(serde_json::from_str(DATA).unwrap())
    }

    pub(super) fn run(&self, tool: &str, arguments: &Value) -> Value {
        let (object, verb) = tool.split_once('.').unwrap_or(("", "search"));
        match verb {
            "search" => self.search(arguments),
            "find" => self.find(object, arguments),
            "group" => self.group(object, arguments),
            "timeline" => {
                json!({"object": object, "id": "x", "label": "x", "entries": [], "has_more": false})
            }
            "get" => self.shown(object, self.by_id(object, arguments)),
            "update" => self.updated(object, arguments),
            "delete" | "restore" => self.shown(object, self.by_id(object, arguments)),
            _ => {
                let name = ["name", "title", "subject"].iter().find_map(|key| arguments.get(key)).unwrap();
                let label = match name {
                    Value::String(text) => text.clone(),
                    parts => format!(
                        "{} {}",
                        parts["first"].as_str().unwrap(),
                        parts["last"].as_str().unwrap_or("")
                    ),
                };
                let object = if verb == "log" { "activity" } else { object };
                json!({"object": object, "path": path(object), "record": {"id": "new", "label": label}})
            }
        }
    }

    fn rows(&self, object: &str) -> Vec<Value> {
        self.0.get(object).and_then(Value::as_array).into_iter().flatten().cloned().collect()
    }

    fn by_id(&self, object: &str, arguments: &Value) -> Value {
        let id = &arguments["id"];
        self.rows(object)
            .into_iter()
            .find(|row| row["id"] == *id)
            .unwrap_or_else(|| panic!("no {object} {id}"))
    }

    fn shown(&self, object: &str, row: Value) -> Value {
        json!({"object": object, "path": path(object), "record": self.with_relations(row)})
    }

    /// Related records as an id and a label.
    fn with_relations(&self, mut row: Value) -> Value {
        for (name, object) in RELATIONS {
            if let Some(label) = row[*name].as_str().map(str::to_owned) {
                row[*name] = json!({"id": self.id_of(object, &label), "label": label});
            }
        }
        row
    }

    fn id_of(&self, object: &str, label: &str) -> Value {
        let row = self.rows(object).into_iter().find(|row| row["label"] == label);
        row.unwrap_or_else(|| panic!("no {object} {label}"))["id"].clone()
    }

    fn updated(&self, object: &str, arguments: &Value) -> Value {
        let row = self.by_id(object, arguments);
        let mut changes = Map::new();
        for (name, after) in arguments.as_object().unwrap().iter().filter(|(name, _)| *name != "id") {
            changes.insert(name.clone(), json!({"before": row[name], "after": after}));
        }
        let mut result = self.shown(object, row);
        result["changes"] = Value::Object(changes);
        result
    }

    fn find(&self, object: &str, arguments: &Value) -> Value {
        let mut rows = self.matching(object, &arguments["filter"]);
        if arguments["deleted"] == true {
            rows.clear();
        }
        if let Some(search) = arguments["search"].as_str() {
            rows.retain(|row| has_words(row, search));
        }
        for part in arguments["sort"].as_str().unwrap_or_default().split(',').rev() {
            let name = part.trim_start_matches('-');
            rows.sort_by(|a, b| {
                let (a, b) = (self.cell(object, a, name), self.cell(object, b, name));
                let order = compare(&a, &b);
                match (a.is_null(), b.is_null()) {
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    _ if part.starts_with('-') => order.reverse(),
                    _ => order,
                }
            });
        }
        let total = rows.len();
        let limit = arguments["limit"].as_u64().unwrap_or(20) as usize;
        rows.truncate(limit);
        let records: Vec<Value> = rows.into_iter().map(|row| self.with_relations(row)).collect();
        json!({"object": object, "path": path(object), "has_more": total > limit, "total": total, "records": records})
    }

    fn search(&self, arguments: &Value) -> Value {
        let wanted = arguments["objects"].as_array();
        let query = arguments["query"].as_str().unwrap();
        let mut results = Vec::new();
        for object in self.0.keys() {
            if wanted.is_none_or(|wanted| wanted.contains(&json!(object))) {
                for row in self.rows(object).iter().filter(|row| has_words(row, query)) {
                    results.push(json!({"object": object, "id": row["id"], "label": row["label"], "path": path(object)}));
                }
            }
        }
        results.truncate(arguments["limit"].as_u64().unwrap_or(10) as usize);
        json!({"results": results})
    }

    fn group(&self, object: &str, arguments: &Value) -> Value {
        let by: Vec<&str> =
            arguments["by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for row in self.matching(object, &arguments["filter"]) {
            let key: Map<String, Value> = by
                .iter()
                .map(|name| ((*name).to_owned(), self.with_relations(row.clone())[*name].clone()))
                .collect();
            let key = Value::Object(key);
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        if groups.is_empty() && by.is_empty() {
            groups.push((json!({}), Vec::new()));
        }
        let told: Vec<Value> = groups
            .iter()
            .map(|(key, rows)| {
                let mut group = json!({"by": key, "count": rows.len()});
                for aggregate in arguments["aggregates"].as_array().unwrap().iter().skip(1) {
                    let (function, field) =
                        (aggregate["function"].as_str().unwrap(), aggregate["field"].as_str().unwrap());
                    group[function][field] = reckoned(rows, function, field);
                }
                group
            })
            .collect();
        json!({"object": object, "groups": told})
    }

    fn matching(&self, object: &str, filter: &Value) -> Vec<Value> {
        self.rows(object).into_iter().filter(|row| self.holds(object, row, filter)).collect()
    }

    fn holds(&self, object: &str, row: &Value, filter: &Value) -> bool {
        filter.as_object().into_iter().flatten().all(|(path, condition)| match path.as_str() {
            "and" => condition.as_array().unwrap().iter().all(|part| self.holds(object, row, part)),
            "or" => condition.as_array().unwrap().iter().any(|part| self.holds(object, row, part)),
            "not" => !self.holds(object, row, condition),
            path => {
                let cell = self.cell(object, row, path);
                condition
                    .as_object()
                    .unwrap()
                    .iter()
                    .all(|(operator, operand)| is_met(&cell, operator, operand))
            }
        })
    }

    fn cell(&self, object: &str, row: &Value, path: &str) -> Value {
        let (name, part) = path.split_once('.').unwrap_or((path, ""));
        let relation = RELATIONS.iter().find(|(relation, _)| *relation == name && !object.is_empty());
        if let Some((_, related)) = relation {
            let Some(label) = row[name].as_str() else { return Value::Null };
            return match part {
                "" => self.id_of(related, label),
                "name" | "subject" => json!(label),
                part => {
                    let rows = self.rows(related);
                    rows.iter().find(|row| row["label"] == label).map_or(Value::Null, |row| row[part].clone())
                }
            };
        }
        match (name, part) {
            ("name" | "title" | "subject", _) => row["label"].clone(),
            ("amount" | "annual_recurring_revenue", "") => row[name]["amount"].clone(),
            ("address", "") => row[name]["city"].clone(),
            ("emails" | "phones", _) => row[name]["primary"].clone(),
            (_, "") => row[name].clone(),
            (_, part) => row[name][part].clone(),
        }
    }
}

const RELATIONS: &[(&str, &str)] = &[
    ("owner", "member"),
    ("assignee", "member"),
    ("performed_by", "member"),
    ("account", "account"),
    ("contact", "contact"),
    ("deal", "deal"),
];

fn path(object: &str) -> String {
    format!("/records/{object}s")
}

/// Each word begins a word of the record's texts.
fn has_words(row: &Value, words: &str) -> bool {
    let mut texts = vec![row["label"].as_str().unwrap()];
    texts.extend(["body", "company", "job_title", "industry"].iter().filter_map(|name| row[*name].as_str()));
    texts.extend(row["emails"]["primary"].as_str());
    let known = tokens(&texts.join(" "), 100);
    tokens(words, 50).iter().all(|word| known.iter().any(|known| known.starts_with(word)))
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().unwrap().total_cmp(&b.as_f64().unwrap()),
        (Value::String(a), Value::String(b)) => fold(a).cmp(&fold(b)),
        _ => Ordering::Equal,
    }
}

fn is_met(cell: &Value, operator: &str, operand: &Value) -> bool {
    let same = |operand: &Value| match (cell, operand) {
        (Value::String(_), Value::String(me)) if me == "$me" => *cell == json!(ADA),
        (Value::String(cell), Value::String(operand)) => fold(cell) == fold(operand),
        (cell, operand) => !cell.is_null() && compare(cell, operand) == Ordering::Equal && cell.is_number(),
    };
    let is_one = |operands: &Value| operands.as_array().unwrap().iter().any(same);
    let beside = |orders: &[Ordering]| !cell.is_null() && orders.contains(&compare(cell, operand));
    match operator {
        "eq" => same(operand),
        "neq" => !same(operand),
        "in" => is_one(operand),
        "not_in" => !is_one(operand),
        "gt" => beside(&[Ordering::Greater]),
        "gte" => beside(&[Ordering::Greater, Ordering::Equal]),
        "lt" => beside(&[Ordering::Less]),
        "lte" => beside(&[Ordering::Less, Ordering::Equal]),
        "contains" => cell.as_str().is_some_and(|cell| fold(cell).contains(&fold(operand.as_str().unwrap()))),
        "is_empty" => Some(cell.is_null()) == operand.as_bool(),
        other => panic!("{other} is no operator"),
    }
}

fn reckoned(rows: &[Value], function: &str, field: &str) -> Value {
    let mut by_currency: Vec<(String, Vec<f64>)> = Vec::new();
    for row in rows {
        let cell = &row[field];
        let (amount, currency) = match cell {
            Value::Object(parts) => (parts["amount"].as_f64(), parts["currency"].as_str().unwrap()),
            cell => (cell.as_f64(), ""),
        };
        let Some(amount) = amount else { continue };
        match by_currency.iter_mut().find(|(known, _)| known == currency) {
            Some((_, amounts)) => amounts.push(amount),
            None => by_currency.push((currency.to_owned(), vec![amount])),
        }
    }
    let figure = |amounts: &[f64]| match function {
        "avg" => amounts.iter().sum::<f64>() / amounts.len() as f64,
        "max" => amounts.iter().copied().fold(f64::MIN, f64::max),
        "min" => amounts.iter().copied().fold(f64::MAX, f64::min),
        _ => amounts.iter().sum(),
    };
    let told: Vec<Value> = by_currency
        .iter()
        .map(|(currency, amounts)| {
            let figure = figure(amounts);
            let figure = if figure.fract() == 0.0 { json!(figure as i64) } else { json!(figure) };
            if currency.is_empty() { figure } else { json!({"amount": figure, "currency": currency}) }
        })
        .collect();
    match told.as_slice() {
        [only] if only.is_number() => only.clone(),
        _ => json!(told),
    }
}
