//! The accounts with their people, and the leads that may join them.

use std::collections::HashSet;

use kontor_core::{ids::RecordId, text::fold};
use serde_json::{Map, Value as Json, json};

use super::{
    data::{ACCOUNTS, AccountData, Country, FIRST_NAMES, JOB_TITLES, LAST_NAMES, LEAD_COMPANIES, LEAD_NOTES},
    dice::Dice,
    filler::{Filler, Person, fields},
    pipeline::{self, DealBook},
};
use crate::Error;

/// The accounts come in groups of five, the first group half a year ago.
const GROUP: usize = 5;
const FIRST_GROUP_DAYS: i64 = 175;
const DAYS_BETWEEN_GROUPS: i64 = 29;
const CONTACTS_EACH: usize = 4;
const SOURCES: [&str; 6] = ["WEB", "REFERRAL", "CAMPAIGN", "EVENT", "OUTBOUND", "PARTNER"];

/// What is in the books so far.
pub(super) struct Book {
    pub accounts: Vec<AccountBook>,
    names: Names,
}

pub(super) struct AccountBook {
    pub data: &'static AccountData,
    pub id: RecordId,
    pub owner: Person,
    /// How many days ago it was entered.
    pub age: i64,
    pub contacts: Vec<ContactBook>,
    pub deals: Vec<DealBook>,
}

pub(super) struct ContactBook {
    pub id: RecordId,
    pub first: &'static str,
    pub last: &'static str,
}

/// Enters accounts and contacts.
pub(super) async fn found(filler: &mut Filler<'_, '_, '_>) -> Result<Book, Error> {
    let mut book = Book { accounts: Vec::new(), names: Names::default() };
    for (number, group) in ACCOUNTS.chunks(GROUP).enumerate() {
        let age = FIRST_GROUP_DAYS - DAYS_BETWEEN_GROUPS * i64::try_from(number).unwrap_or(0);
        let owners: Vec<Person> = (0..group.len()).map(|index| (number + index) % 2).collect();
        let first = book.accounts.len();
        let rows = group
            .iter()
            .zip(&owners)
            .enumerate()
            .map(|(index, (data, owner))| account(filler, data, *owner, first + index))
            .collect();
        let at = filler.moment(age, 9 * 60);
        let ids = filler.create("account", number % 2, at, rows).await?;
        let mut rows = Vec::new();
        let mut people = Vec::new();
        for (index, (data, id)) in group.iter().zip(&ids).enumerate() {
            for _ in 0..CONTACTS_EACH {
                let (first_name, last_name) = book.names.take(&filler.dice);
                people.push((first_name, last_name));
                rows.push(contact(filler, data, *id, owners[index], first + index, (first_name, last_name)));
            }
        }
        let at = filler.moment(age, 10 * 60);
        let contacts = filler.create("contact", number % 2, at, rows).await?;
        let mut contacts =
            contacts.into_iter().zip(people).map(|(id, (first, last))| ContactBook { id, first, last });
        for ((data, id), owner) in group.iter().zip(ids).zip(owners) {
            let contacts = contacts.by_ref().take(CONTACTS_EACH).collect();
            book.accounts.push(AccountBook { data, id, owner, age, contacts, deals: Vec::new() });
        }
    }
    Ok(book)
}

/// Enters leads, three of which have become contacts.
pub(super) async fn gather_leads(filler: &mut Filler<'_, '_, '_>, book: &Book) -> Result<(), Error> {
    const STATUSES: [&str; 4] = ["NEW", "CONTACTED", "QUALIFIED", "UNQUALIFIED"];
    let mut names = book.names.clone();
    for (number, companies) in LEAD_COMPANIES.chunks(4).enumerate() {
        let age = 45 - 15 * i64::try_from(number).unwrap_or(0);
        let mut rows = Vec::new();
        for company in companies {
            for _ in 0..2 {
                let (first, last) = names.take(&filler.dice);
                let host: String = fold(company).chars().filter(char::is_ascii_alphanumeric).collect();
                rows.push(fields(json!({
                    "name": {"first": first, "last": last},
                    "company": company,
                    "emails": {"primary": mail(first, last, &format!("{host}.example"))},
                    "phones": {"primary": Country::UnitedStates.phone(filler.dice.below(100))},
                    "job_title": filler.dice.pick(JOB_TITLES),
                    "status": filler.dice.pick(&STATUSES),
                    "source": filler.dice.pick(&SOURCES),
                    "score": filler.dice.between(5, 95),
                    "notes": filler.dice.pick(LEAD_NOTES),
                    "owner": filler.person(filler.dice.below(2)),
                })));
            }
        }
        let at = filler.moment(age, 11 * 60);
        filler.create("lead", number % 2, at, rows).await?;
    }
    let converted: Vec<_> = book.accounts.iter().rev().take(3).collect();
    let rows = converted.iter().filter_map(|account| converted_lead(filler, account)).collect();
    let at = filler.moment(2, 12 * 60);
    filler.create("lead", 0, at, rows).await.map(drop)
}

fn converted_lead(filler: &Filler<'_, '_, '_>, account: &AccountBook) -> Option<Map<String, Json>> {
    let contact = account.contacts.first()?;
    Some(fields(json!({
        "name": {"first": contact.first, "last": contact.last},
        "company": account.data.name,
        "emails": {"primary": mail(contact.first, contact.last, account.data.domain)},
        "status": "CONVERTED",
        "source": "REFERRAL",
        "score": filler.dice.between(70, 95),
        "converted_at": filler.moment(account.age, 10 * 60),
        "converted_account": account.id,
        "converted_contact": contact.id,
        "owner": filler.person(account.owner),
    })))
}

fn account(
    filler: &Filler<'_, '_, '_>,
    data: &AccountData,
    owner: Person,
    index: usize,
) -> Map<String, Json> {
    let is_customer = pipeline::has_won(index);
    let mut row = fields(json!({
        "name": data.name,
        "domain": data.domain,
        "industry": data.industry,
        "segment": data.segment,
        "employees": data.employees,
        "address": {
            "street": data.street,
            "city": data.city,
            "postal_code": data.postal_code,
            "country": data.country.name(),
        },
        "social_links": {"website": format!("https://www.{}", data.domain)},
        "ideal_customer_profile": data.segment != "SMB" && filler.dice.chance(60),
        "owner": filler.person(owner),
    }));
    if is_customer {
        let revenue = i64::from(data.employees) * filler.dice.between(15, 40);
        row.insert(
            "annual_recurring_revenue".to_owned(),
            json!({"amount": revenue.max(3_000), "currency": data.country.currency()}),
        );
        row.insert("health_score".to_owned(), json!(filler.dice.between(35, 98)));
    }
    row
}

fn contact(
    filler: &Filler<'_, '_, '_>,
    data: &AccountData,
    account: RecordId,
    owner: Person,
    index: usize,
    (first, last): (&str, &str),
) -> Map<String, Json> {
    let lifecycle = match pipeline::furthest(index) {
        _ if filler.dice.chance(4) => "CHURNED",
        "CLOSED_WON" => "CUSTOMER",
        "NEGOTIATION" | "PROPOSAL" => "SQL",
        "QUALIFIED" => "MQL",
        _ => "LEAD",
    };
    fields(json!({
        "name": {"first": first, "last": last},
        "emails": {"primary": mail(first, last, data.domain)},
        "phones": {"primary": data.country.phone(filler.dice.below(100))},
        "job_title": filler.dice.pick(JOB_TITLES),
        "account": account,
        "lifecycle": lifecycle,
        "source": filler.dice.pick(&SOURCES),
        "lead_score": filler.dice.between(10, 98),
        "engagement_score": filler.dice.between(5, 95),
        "address": {"city": data.city, "country": data.country.name()},
        "owner": filler.person(owner),
    }))
}

fn mail(first: &str, last: &str, domain: &str) -> String {
    let plain = |name: &str| fold(name).chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    format!("{}.{}@{domain}", plain(first), plain(last))
}

/// Full names, each given once.
#[derive(Clone, Default)]
struct Names(HashSet<usize>);

impl Names {
    fn take(&mut self, dice: &Dice) -> (&'static str, &'static str) {
        let all = FIRST_NAMES.len() * LAST_NAMES.len();
        let mut index = dice.below(all);
        while !self.0.insert(index) {
            index = (index + 1) % all;
        }
        (FIRST_NAMES[index / LAST_NAMES.len()], LAST_NAMES[index % LAST_NAMES.len()])
    }
}
