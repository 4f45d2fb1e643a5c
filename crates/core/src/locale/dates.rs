//! In which language dates are written: the medium forms of the Unicode CLDR, for the languages that are listed here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{text, time::Date};

/// A language, with a country's habits, in which dates are written: `en-GB` where none is set.
#[derive(Debug, Clone, Copy)]
pub struct DateLanguage(&'static Form);

/// How a language writes dates.
#[derive(Debug)]
struct Form {
    /// Of BCP 47.
    tag: &'static str,
    label: &'static str,
    /// Of January to December; where there is none, months are numbers.
    months: Option<[&'static str; 12]>,
    /// With the year and without it, of `{d}`, `{m}` and `{y}`; `{dd}` and `{mm}` have two digits.
    full: &'static str,
    short: &'static str,
    /// Whether the day has twice twelve hours.
    halves: bool,
}

const fn form(
    tag: &'static str,
    label: &'static str,
    months: Option<[&'static str; 12]>,
    full: &'static str,
    short: &'static str,
) -> Form {
    Form { tag, label, months, full, short, halves: false }
}

const ENGLISH: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

static FORMS: [Form; 12] = [
    form("en-GB", "English (United Kingdom)", Some(ENGLISH), "{d} {m} {y}", "{d} {m}"),
    Form {
        halves: true,
        ..form("en-US", "English (United States)", Some(ENGLISH), "{m} {d}, {y}", "{m} {d}")
    },
    form("de-DE", "Deutsch", None, "{dd}.{mm}.{y}", "{dd}.{mm}."),
    form(
        "es-ES",
        "Español",
        Some(["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"]),
        "{d} {m} {y}",
        "{d} {m}",
    ),
    form(
        "fr-FR",
        "Français",
        Some([
            "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
        ]),
        "{d} {m} {y}",
        "{d} {m}",
    ),
    form(
        "it-IT",
        "Italiano",
        Some(["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"]),
        "{d} {m} {y}",
        "{d} {m}",
    ),
    form("ja-JP", "日本語", None, "{y}/{mm}/{dd}", "{mm}/{dd}"),
    form(
        "nl-NL",
        "Nederlands",
        Some(["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]),
        "{d} {m} {y}",
        "{d} {m}",
    ),
    form(
        "pl-PL",
        "Polski",
        Some(["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"]),
        "{d} {m} {y}",
        "{d} {m}",
    ),
    form(
        "pt-BR",
        "Português (Brasil)",
        Some([
            "jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez.",
        ]),
        "{d} de {m} de {y}",
        "{d} de {m}",
    ),
    form(
        "sv-SE",
        "Svenska",
        Some(["jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."]),
        "{d} {m} {y}",
        "{d} {m}",
    ),
    form("zh-CN", "中文", None, "{y}年{m}月{d}日", "{m}月{d}日"),
];

/// The text given where the language of dates was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no language in which dates are written here, such as en-GB")]
pub struct InvalidDateLanguage(String);

impl DateLanguage {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMS.iter().map(Self)
    }

    /// As BCP 47 names it.
    pub fn tag(self) -> &'static str {
        self.0.tag
    }

    /// As its speakers name it.
    pub fn label(self) -> &'static str {
        self.0.label
    }

    /// A date with its year: `30 Nov 2026`.
    pub fn date(self, date: Date) -> String {
        self.written(self.0.full, date)
    }

    /// A date without its year: `30 Nov`.
    pub fn day(self, date: Date) -> String {
        self.written(self.0.short, date)
    }

    /// A time of day: `14:05`, `2:05 PM`.
    pub fn time(self, hour: u8, minute: u8) -> String {
        if !self.0.halves {
            return format!("{hour:02}:{minute:02}");
        }
        let half = if hour < 12 { "AM" } else { "PM" };
        let hour = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
        format!("{hour}:{minute:02} {half}")
    }

    fn written(self, pattern: &str, date: Date) -> String {
        let (year, month, day) = (date.inner().year(), u8::from(date.inner().month()), date.inner().day());
        let name = self.0.months.and_then(|months| months.get(usize::from(month) - 1).copied());
        pattern
            .replace("{dd}", &format!("{day:02}"))
            .replace("{mm}", &format!("{month:02}"))
            .replace("{d}", &day.to_string())
            .replace("{m}", &name.map_or_else(|| month.to_string(), str::to_owned))
            .replace("{y}", &year.to_string())
    }
}

impl Default for DateLanguage {
    fn default() -> Self {
        Self(&FORMS[0])
    }
}

impl PartialEq for DateLanguage {
    fn eq(&self, other: &Self) -> bool {
        self.tag() == other.tag()
    }
}

impl Eq for DateLanguage {}

impl fmt::Display for DateLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for DateLanguage {
    type Err = InvalidDateLanguage;

    fn from_str(tag: &str) -> Result<Self, InvalidDateLanguage> {
        let found = Self::all().find(|language| language.tag().eq_ignore_ascii_case(tag));
        found.ok_or_else(|| InvalidDateLanguage(text::excerpt(tag, 60)))
    }
}

impl Serialize for DateLanguage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

impl<'de> Deserialize<'de> for DateLanguage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_dates_in_its_own_way() {
        let date: Date = "2026-03-05".parse().unwrap();
        let written: Vec<_> = DateLanguage::all()
            .map(|language| format!("{language}: {} | {}", language.date(date), language.day(date)))
            .collect();
        assert_eq!(
            written,
            [
                "en-GB: 5 Mar 2026 | 5 Mar",
                "en-US: Mar 5, 2026 | Mar 5",
                "de-DE: 05.03.2026 | 05.03.",
                "es-ES: 5 mar 2026 | 5 mar",
                "fr-FR: 5 mars 2026 | 5 mars",
                "it-IT: 5 mar 2026 | 5 mar",
                "ja-JP: 2026/03/05 | 03/05",
                "nl-NL: 5 mrt 2026 | 5 mrt",
                "pl-PL: 5 mar 2026 | 5 mar",
                "pt-BR: 5 de mar. de 2026 | 5 de mar.",
                "sv-SE: 5 mars 2026 | 5 mars",
                "zh-CN: 2026年3月5日 | 3月5日",
            ]
        );
    }

    #[test]
    fn times_have_twenty_four_hours_or_twice_twelve() {
        let language = |tag: &str| tag.parse::<DateLanguage>().unwrap();
        let american = [(0, 5), (9, 30), (12, 0), (23, 59)].map(|(h, m)| language("en-us").time(h, m));
        assert_eq!(american, ["12:05 AM", "9:30 AM", "12:00 PM", "11:59 PM"]);
        assert_eq!(language("de-DE").time(9, 5), "09:05");
        for wrong in ["", "en", "English", "tlh"] {
            assert!(wrong.parse::<DateLanguage>().is_err(), "{wrong}");
        }
    }
}
