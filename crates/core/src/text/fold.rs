use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Lower case, compatibility-decomposed, without accents, and with plain letters for those that Unicode does
/// not decompose: `"Ångström"` becomes `"angstrom"`, `"Łódź"` `"lodz"`, `"Straße"` `"strasse"`, `"O’Brien"` `"o'brien"`.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    // Decomposition took Hangul syllables apart into letters.
    if folded.is_ascii() { folded } else { folded.nfc().collect() }
}

/// What is written for a letter by people who do not have it on their keyboard.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        // Signs that are drawn in several ways, and those that are not drawn at all.
        '‘' | '’' | 'ʼ' | '′' => "'",
        '‐' | '‑' | '‒' | '–' => "-",
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => "",
        'ø' | 'ɵ' | 'ɔ' => "o",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'ł' | 'ƚ' | 'ɫ' => "l",
        'đ' | 'ð' | 'ɖ' | 'ɗ' => "d",
        'þ' => "th",
        'ı' | 'ɨ' => "i",
        'ħ' => "h",
        'ŧ' | 'ƭ' => "t",
        'ŋ' | 'ɲ' => "n",
        'ĸ' | 'ƙ' => "k",
        'ƀ' | 'ɓ' => "b",
        'ƈ' | 'ȼ' => "c",
        'ǥ' | 'ɠ' => "g",
        'ɟ' | 'ȷ' => "j",
        'ɍ' => "r",
        'ʉ' => "u",
        'ƶ' | 'ȥ' => "z",
        'ɏ' | 'ƴ' => "y",
        'ə' | 'ɛ' | 'ɇ' => "e",
        'ƒ' => "f",
        'ς' => "σ",
        _ => return None,
    })
}

/// A word as it is written where its umlauts are spelt out, folded: `"mueller"` of `"Müller"`; nothing where
/// that is how it is folded anyway.
pub(super) fn spelt_out(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut changed = false;
    let mut spelt = String::with_capacity(text.len() + 2);
    for c in text.nfc().flat_map(char::to_lowercase) {
        let letters = match c {
            'ä' => "ae",
            'ö' | 'ø' => "oe",
            'ü' => "ue",
            'å' => "aa",
            other => {
                spelt.push(other);
                continue;
            }
        };
        changed = true;
        spelt.push_str(letters);
    }
    changed.then(|| fold(&spelt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_removes_case_and_accents() {
        assert_eq!(fold("Ångström & Co"), "angstrom & co");
        assert_eq!(fold("ACME"), "acme");
        assert_eq!(fold("İstanbul"), "istanbul");
    }

    #[test]
    fn letters_that_do_not_decompose_become_plain_ones() {
        for (text, folded) in [
            ("Søren", "soren"),
            ("Łódź", "lodz"),
            ("Straße GROẞ", "strasse gross"),
            ("Siobhán O’Connor", "siobhan o'connor"),
            ("Jean‑Luc", "jean-luc"),
            ("Gre\u{200b}ta", "greta"),
            ("Ærø Œuvre", "aero oeuvre"),
            ("Đorđe", "dorde"),
            ("Þórður Eiríksson", "thordur eiriksson"),
            ("Ħal Għaxaq", "hal ghaxaq"),
            ("Yıldız", "yildiz"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn hangul_stays_in_syllables() {
        assert_eq!(fold("김민수 ABC"), "김민수 abc");
    }

    #[test]
    fn umlauts_can_be_spelt_out() {
        assert_eq!(spelt_out("Müller").as_deref(), Some("mueller"));
        assert_eq!(spelt_out("Mu\u{308}ller").as_deref(), Some("mueller"));
        assert_eq!(spelt_out("Søren Åse").as_deref(), Some("soeren aase"));
        assert_eq!(spelt_out("Straße"), None);
    }
}
