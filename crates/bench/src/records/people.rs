//! People and businesses as plausible as a benchmark needs them: varied names, the same on every run.

use serde_json::{Value, json};

const FIRST: [&str; 40] = [
    "Anna", "Ben", "Carla", "David", "Elif", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Katja", "Liam",
    "Mia", "Noah", "Olga", "Paul", "Quentin", "Rosa", "Samir", "Tilda", "Uwe", "Vera", "Wanda", "Xenia",
    "Yusuf", "Zoë", "Amélie", "Björn", "Chiara", "Dmitri", "Esther", "Farid", "Greta", "Henrik", "Iris",
    "Jasper", "Kim", "Leonie", "Marek", "Nadia",
];
const LAST: [&str; 60] = [
    "Albrecht",
    "Baker",
    "Castillo",
    "Dubois",
    "Eriksson",
    "Fischer",
    "Garcia",
    "Hartmann",
    "Ivanov",
    "Jansen",
    "Kowalski",
    "Lindgren",
    "Moreau",
    "Nguyen",
    "Okafor",
    "Petrov",
    "Quinn",
    "Rossi",
    "Schneider",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zimmermann",
    "Andersen",
    "Bianchi",
    "Costa",
    "Demir",
    "Evans",
    "Ferrari",
    "Gruber",
    "Haddad",
    "Ito",
    "Johansson",
    "Keller",
    "Lopez",
    "Müller",
    "Novak",
    "Olsen",
    "Patel",
    "Quist",
    "Romero",
    "Santos",
    "Tóth",
    "Ulrich",
    "Varga",
    "Wagner",
    "Young",
    "Zhang",
    "Becker",
    "Clarke",
    "Díaz",
    "Eklund",
    "Fontaine",
    "Grant",
    "Huber",
    "Ivory",
    "Jung",
];
const TITLES: [&str; 16] = [
    "Account manager",
    "Buyer",
    "Chief executive",
    "Controller",
    "Data engineer",
    "Developer",
    "Head of sales",
    "Head of IT",
    "Marketing manager",
    "Office manager",
    "Operations lead",
    "Partner",
    "Product manager",
    "Project manager",
    "Purchasing agent",
    "Team lead",
];
const TRADES: [&str; 12] = [
    "Bakery",
    "Biotech",
    "Construction",
    "Consulting",
    "Education",
    "Energy",
    "Finance",
    "Health care",
    "Logistics",
    "Machinery",
    "Retail",
    "Software",
];
const FORMS: [&str; 6] = ["Works", "Group", "Labs", "Partners", "Systems", "Trading"];
const LIFECYCLES: [&str; 5] = ["LEAD", "MQL", "SQL", "CUSTOMER", "CHURNED"];
const SOURCES: [&str; 5] = ["WEB", "REFERRAL", "CAMPAIGN", "EVENT", "PARTNER"];
const SEGMENTS: [&str; 3] = ["ENTERPRISE", "MID_MARKET", "SMB"];

/// Choices that depend on a number alone (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// The account with this number.
pub(super) fn account(number: u64) -> Value {
    let mut dice = Dice(number);
    let (last, form) = (dice.of(&LAST), dice.of(&FORMS));
    json!({
        "name": format!("{last} {form} {number}"),
        "domain": format!("account-{number}.test"),
        "industry": dice.of(&TRADES),
        "segment": dice.of(&SEGMENTS),
        "employees": dice.below(5_000) + 1,
        "annual_recurring_revenue": {"amount": dice.below(1_000_000), "currency": "EUR"},
        "health_score": dice.below(101),
    })
}

/// The contact with this number, of one of the accounts.
pub(super) fn contact(number: u64, accounts: &[String]) -> Value {
    let mut dice = Dice(number ^ 0x5eed);
    let (first, last) = (dice.of(&FIRST), dice.of(&LAST));
    let account = accounts.get(dice.below(accounts.len() as u64) as usize);
    json!({
        "name": {"first": first, "last": last},
        "emails": {"primary": format!("contact-{number}@mail.test"), "additional": []},
        "phones": {"primary": format!("+49 30 {:07}", dice.below(10_000_000)), "additional": []},
        "job_title": dice.of(&TITLES),
        "account": account,
        "lifecycle": lifecycle(dice.next()),
        "source": dice.of(&SOURCES),
        "lead_score": dice.below(101),
        "engagement_score": dice.below(101),
    })
}

/// The contact with this number, living in one of a few hundred cities.
pub(super) fn with_city(number: u64, mut contact: Value) -> Value {
    let mut dice = Dice(number ^ 0xc17e);
    let (stem, ending) = (dice.of(&LAST), dice.of(&["burg", "dorf", "field", "port", "ville"]));
    contact["address"] = json!({ "city": format!("{stem}{ending}") });
    contact
}

/// One of the lifecycles, for any number.
pub(super) fn lifecycle(number: u64) -> &'static str {
    LIFECYCLES[(number % LIFECYCLES.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_always_makes_the_same_contact_and_another_a_different_one() {
        let accounts = ["a".to_owned(), "b".to_owned()];
        assert_eq!(contact(7, &accounts), contact(7, &accounts));
        assert_ne!(contact(7, &accounts)["emails"], contact(8, &accounts)["emails"]);
    }

    #[test]
    fn every_lifecycle_and_the_searched_name_appear_among_a_thousand() {
        let contacts: Vec<_> = (0..1_000).map(|number| contact(number, &[])).collect();
        for lifecycle in LIFECYCLES {
            assert!(contacts.iter().any(|contact| contact["lifecycle"] == lifecycle), "{lifecycle}");
        }
        assert!(contacts.iter().any(|contact| contact["name"]["last"] == "Hartmann"));
    }
}
