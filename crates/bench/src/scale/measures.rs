//! What is measured: a request, and the statement beside it.

/// What a request is for, which says what it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The 20 best of a search over all objects, beside the 20 newest documents that the index has.
    Search,
    /// A page of a list by indexed fields.
    List,
    /// Figures of groups, beside the same figures.
    Group,
}

impl Kind {
    /// The median that is aimed at, in milliseconds, of what the raw statement takes `raw`.
    pub fn aim(self, is_sqlite: bool, raw: f64) -> f64 {
        match self {
            Self::Search if is_sqlite => 25.0,
            Self::Search => 40.0,
            Self::List => 20.0,
            Self::Group => 1.3 * raw,
        }
    }
}

/// A request and the statement beside it, for each engine.
#[derive(Debug, Clone)]
pub struct Measure {
    pub kind: Kind,
    pub name: &'static str,
    /// Path and query parameters.
    pub path: &'static str,
    pub parameters: Vec<(&'static str, String)>,
    pub sqlite: String,
    pub postgres: String,
}

/// The searches: the words, and what they are in the index's own languages.
const SEARCHES: [(&str, &str, &str); 12] = [
    ("hartmann", r#""0hartmann""#, "'ct0hartmann'"),
    ("mia", r#""0mia""#, "'ct0mia'"),
    ("ma", r#""0ma" *"#, "'ct0ma':*"),
    ("co", r#""1co" *"#, "'ct1co':*"),
    ("zi", r#""0zi" *"#, "'ct0zi':*"),
    ("schnei", r#""0schnei" *"#, "'ct0schnei':*"),
    ("mail", r#""1mail""#, "'ct1mail'"),
    ("contac", r#""1contac" *"#, "'ct1contac':*"),
    ("mia hartmann", r#""0mia" AND "0hartmann""#, "'ct0mia' & 'ct0hartmann'"),
    ("vera ve", r#""0vera" AND "0ve" *"#, "'ct0vera' & 'ct0ve':*"),
    ("mia hugo", r#""0mia" AND "0hugo""#, "'ct0mia' & 'ct0hugo'"),
    ("qqzz", r#""0qqzz" *"#, "'ct0qqzz':*"),
];

/// Everything that is measured. `schema` stands before PostgreSQL's tables.
pub fn measures(schema: &str) -> Vec<Measure> {
    let mut measures: Vec<_> = SEARCHES
        .iter()
        .map(|(words, fts5, tsquery)| Measure {
            kind: Kind::Search,
            name: words,
            path: "/api/search",
            parameters: vec![("q", (*words).to_owned())],
            sqlite: format!(
                "SELECT d.record_id FROM (SELECT rowid AS id FROM search_index WHERE search_index MATCH '{fts5}' \
                 ORDER BY rowid DESC LIMIT 20) s JOIN search_documents d ON d.id = s.id"
            ),
            postgres: format!(
                "SELECT record_id FROM {schema}.search_documents WHERE tokens @@ $${tsquery}$$::tsquery \
                 AND object = 'contact' ORDER BY record_id DESC LIMIT 20"
            ),
        })
        .collect();
    let table = format!("{schema}.record_contact");
    let mut add = |kind, name, path, parameters: &[(&'static str, &str)], statement: &str| {
        let parameters = parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        measures.push(Measure {
            kind,
            name,
            path,
            parameters,
            sqlite: statement.replace("contacts", "record_contact"),
            postgres: statement.replace("contacts", &table),
        });
    };
    let list = "/api/records/contacts";
    add(
        Kind::List,
        "a lifecycle, newest first",
        list,
        &[("filter", r#"{"lifecycle":{"eq":"CUSTOMER"}}"#)],
        "SELECT * FROM contacts WHERE lifecycle = 'CUSTOMER' AND deleted_at IS NULL ORDER BY id DESC LIMIT 61",
    );
    add(
        Kind::List,
        "a lifecycle, by name",
        list,
        &[("filter", r#"{"lifecycle":{"eq":"CUSTOMER"}}"#), ("sort", "name")],
        "SELECT * FROM contacts WHERE lifecycle = 'CUSTOMER' AND deleted_at IS NULL \
         ORDER BY name_full_folded, id LIMIT 61",
    );
    add(
        Kind::List,
        "lead scores from 50, highest first",
        list,
        &[("filter", r#"{"lead_score":{"gte":50}}"#), ("sort", "-lead_score")],
        "SELECT * FROM contacts WHERE lead_score >= 50 AND deleted_at IS NULL \
         ORDER BY lead_score DESC, id DESC LIMIT 61",
    );
    add(
        Kind::List,
        "by name",
        list,
        &[("sort", "name")],
        "SELECT * FROM contacts WHERE deleted_at IS NULL ORDER BY name_full_folded, id LIMIT 61",
    );
    let group = "/api/records/contacts/group";
    add(
        Kind::Group,
        "by lifecycle",
        group,
        &[("by", "lifecycle")],
        "SELECT lifecycle, count(*) FROM contacts WHERE deleted_at IS NULL GROUP BY lifecycle \
         ORDER BY 2 DESC, 1 LIMIT 101",
    );
    add(
        Kind::Group,
        "average engagement by city",
        group,
        &[("by", "address.city"), ("aggregates", "avg:engagement_score")],
        "SELECT address_city, count(*), avg(engagement_score) FROM contacts WHERE deleted_at IS NULL \
         GROUP BY address_city ORDER BY 2 DESC, 1 LIMIT 101",
    );
    measures
}
