//! Currencies by ISO 4217: which codes there are, how many decimals their amounts have, which signs stand for
//! them.

use iso_currency::Currency as Iso;

/// A currency of ISO 4217 that amounts are paid in. Codes of funds, metals and tests are none; a code that
/// another has replaced (`HRK`) still is one, since old records have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency(Iso);

impl Currency {
    pub const USD: Self = Self(Iso::USD);

    /// The currency with this code of three letters, in any case.
    pub fn of(code: &str) -> Option<Self> {
        Iso::from_code(&code.to_ascii_uppercase()).filter(|iso| !iso.is_fund() && !iso.is_special()).map(Self)
    }

    /// The currency that a sign before or after an amount stands for. `$` is the US dollar; signs that several
    /// currencies share and none owns (`kr`) are none.
    pub fn of_sign(sign: &str) -> Option<Self> {
        SIGNS.iter().find(|(known, _)| *known == sign).and_then(|(_, code)| Self::of(code))
    }

    /// The currency with this name in English, in lower case.
    pub fn of_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).and_then(|(_, code)| Self::of(code))
    }

    /// The code in upper case.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The name in English.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// How many decimals an amount may have.
    pub fn decimals(self) -> u8 {
        self.0.exponent().and_then(|exponent| u8::try_from(exponent).ok()).unwrap_or(2)
    }

    /// The currencies in use now, by their codes.
    pub fn current() -> Vec<Self> {
        // The crate's data call the bolívar superseded, and the standard's list of current codes has it.
        let is_current = |iso: &Iso| iso.is_superseded().is_none() || *iso == Iso::VES;
        // A number of ISO 4217 has three digits.
        let all = (0..1_000).filter_map(Iso::from_numeric).filter(is_current);
        let mut current: Vec<_> = all.filter_map(|iso| Self::of(iso.code())).collect();
        current.sort_by_key(|currency| currency.code());
        current
    }
}

/// The signs that are read, longer ones before those that they begin with.
pub(crate) const SIGNS: [(&str, &str); 19] = [
    ("us$", "USD"),
    ("ca$", "CAD"),
    ("au$", "AUD"),
    ("nz$", "NZD"),
    ("hk$", "HKD"),
    ("r$", "BRL"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₪", "ILS"),
    ("฿", "THB"),
    ("₫", "VND"),
    ("zł", "PLN"),
];

const NAMES: [(&str, &str); 14] = [
    ("dollar", "USD"),
    ("dollars", "USD"),
    ("bucks", "USD"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("pound", "GBP"),
    ("pounds", "GBP"),
    ("quid", "GBP"),
    ("yen", "JPY"),
    ("yuan", "CNY"),
    ("rupee", "INR"),
    ("rupees", "INR"),
    ("franc", "CHF"),
    ("francs", "CHF"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_iso_4217_are_known_and_others_are_not() {
        for (code, decimals) in [("usd", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("HUF", 2), ("XCG", 2)] {
            assert_eq!(Currency::of(code).map(Currency::decimals), Some(decimals), "{code}");
        }
        for unknown in ["EUO", "ZZZ", "XYZ", "", "E", "EURO", "XAU", "XXX", "CHE"] {
            assert_eq!(Currency::of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_is_read_names_currencies_that_exist() {
        for (sign, code) in SIGNS {
            assert_eq!(Currency::of_sign(sign).map(Currency::code), Some(code));
        }
        for (name, code) in NAMES {
            assert_eq!(Currency::of_name(name).map(Currency::code), Some(code));
        }
    }

    #[test]
    fn the_current_ones_leave_out_what_was_replaced() {
        let codes: Vec<_> = Currency::current().into_iter().map(Currency::code).collect();
        assert!(codes.is_sorted() && codes.len() > 140, "{}", codes.len());
        assert!(codes.contains(&"EUR") && codes.contains(&"VES") && !codes.contains(&"HRK"));
        assert!(Currency::of("HRK").is_some());
    }
}
