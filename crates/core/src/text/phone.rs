//! Telephone numbers as they are searched: by their digits, however they are written.

/// The fewest digits that are looked for at the end of a number.
const SHORTEST_END: usize = 4;

/// What stands before the digits of a number from its last to its first, so that an end of it is a beginning.
const BACKWARDS: char = '~';

/// The words by which a number is found: all its digits, those without country code and trunk zero, these from
/// the last to the first, and an extension.
pub fn phone_words(number: &str) -> Vec<String> {
    let (main, extension) = match number.split_once(['x', 'X', '#']) {
        Some((main, extension)) => (main, digits(extension)),
        None => (number, String::new()),
    };
    let Digits { all, national } = Digits::of(main);
    let mut words = vec![backwards(&national), all, national, extension];
    words.retain(|word| word.len() > 1);
    words.dedup();
    words
}

/// The digits by which numbers are compared: all of them, without the zeros that stand for `+` and the zero in
/// brackets that is left out where there is a country code.
pub fn phone_digits(number: &str) -> String {
    Digits::of(number).all
}

/// What a number that was typed, in part perhaps, may be the beginning of.
pub(super) fn phone_beginnings(typed: &str) -> Vec<String> {
    let Digits { all, national } = Digits::of(typed);
    let literal = digits(typed);
    let ends = [&national, &literal]
        .map(|end| if end.len() < SHORTEST_END { String::new() } else { backwards(end) });
    let mut beginnings = vec![all, national];
    beginnings.extend(ends);
    let mut distinct: Vec<String> = Vec::new();
    for beginning in beginnings {
        if beginning.len() > 1 && !distinct.contains(&beginning) {
            distinct.push(beginning);
        }
    }
    distinct
}

/// Whether the text may be a part of a telephone number as people write it.
pub(super) fn is_phone_like(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "+-().,/".contains(c))
}

pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn backwards(digits: &str) -> String {
    std::iter::once(BACKWARDS).chain(digits.chars().rev()).collect()
}

struct Digits {
    /// All, from the country code on where it is written.
    all: String,
    /// Those without country code and leading zeros.
    national: String,
}

impl Digits {
    fn of(number: &str) -> Self {
        let number = number.trim_start();
        // A trunk zero in brackets is dialled within the country only.
        let is_international = number.starts_with('+') || number.starts_with("00");
        let all = if is_international { digits(&number.replace("(0)", "")) } else { digits(number) };
        let all = if is_international { all.trim_start_matches('0').to_owned() } else { all };
        let code = if is_international {
            country_code(&all)
        } else if all.len() == 11 && all.starts_with('1') {
            1
        } else {
            0
        };
        let national = all.get(code..).unwrap_or_default().trim_start_matches('0').to_owned();
        Self { all, national }
    }
}

/// How many digits of an international number are its country code (ITU-T E.164).
fn country_code(digits: &str) -> usize {
    let beginning = |length: usize| digits.get(..length).unwrap_or_default();
    let two: u8 = beginning(2).parse().unwrap_or_default();
    match (beginning(1), two) {
        ("1" | "7", _) => 1,
        (_, 20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86) => 2,
        (_, 90..=95 | 98) => 2,
        _ => digits.len().min(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(typed: &str, number: &str) -> bool {
        let words = phone_words(number);
        phone_beginnings(typed).iter().any(|beginning| words.iter().any(|word| word.starts_with(beginning)))
    }

    #[test]
    fn a_number_is_found_in_any_writing() {
        for typed in [
            "+1 212 555 0161",
            "(212) 555-0161",
            "2125550161",
            "212.555.0161",
            "1 212 555 0161",
            "555 0161",
            "555-0161",
            "0161",
            "+1 (212) 555",
            "001 212 555 0161",
        ] {
            assert!(finds(typed, "+1 212 555 0161"), "{typed}");
            assert!(finds(typed, "+12125550161"), "{typed}");
        }
        for typed in
            ["+49 30 1234567", "030 1234567", "0049 30 1234567", "+49 (0)30 123 45 67", "1234567", "30 123"]
        {
            for number in ["+49 30 1234567", "+49 (0) 30 1234567", "0049301234567"] {
                assert!(finds(typed, number), "{typed} {number}");
            }
        }
        assert!(finds("+49 30 1234567", "030 1234567"));
        assert!(finds("+1 212 555 0161", "(212) 555-0161"));
        assert!(finds("+355 4 123456", "04 123456"));
    }

    #[test]
    fn a_number_has_the_same_digits_in_every_writing() {
        for number in ["+49 30 123456", "0049 30/123456", "+49 (0)30 123456", "49-30-12.34.56"] {
            assert_eq!(phone_digits(number), "4930123456", "{number}");
        }
        assert_eq!(phone_digits("(0)30 123"), "030123");
    }

    #[test]
    fn another_number_is_not_found() {
        for typed in ["555 0162", "213", "161", "5550"] {
            assert!(!finds(typed, "+1 212 555 0161"), "{typed}");
        }
    }

    #[test]
    fn an_extension_is_a_word_of_its_own() {
        assert!(finds("4711", "+1 212 555 0161 x4711"));
        assert!(finds("555 0161", "+1 212 555 0161 x4711"));
    }
}
