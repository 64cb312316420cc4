//! Texts with places for names.

/// A text with what belongs into its places. What was put in is not looked through again: a name may look like a place.
pub(crate) fn filled(text: &str, places: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let found = places
            .iter()
            .filter_map(|(place, value)| Some((rest.find(place)?, place, value)));
        let Some((at, place, value)) = found.min_by_key(|(at, ..)| *at) else {
            return filled + rest;
        };
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + place.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn what_was_put_in_stays() {
        let places = [("A", "B"), ("B", "A"), ("C", "")];
        for (text, expected) in [("", ""), ("x", "x"), ("A-B-C-AB", "B-A--BA"), ("C", "")] {
            assert_eq!(filled(text, &places), expected);
        }
    }
}
