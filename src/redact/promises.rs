//! What holds for every text, as the tests and the fuzz target `redact` ask for it.

use super::{REDACTED, pieces, start, text};

/// What is to be seen nowhere.
const CANARY: &str = "cAnaRy7";

/// How a secret is written in a text; `$` stands for the canary.
const PLANTS: [&str; 29] = [
    "password=$",
    "db.password = $",
    "?access_token=$&a=b",
    "/a?b=c&sig=$",
    "user[password]=$",
    "next=%2Fa%3Ftoken%3D$%26b",
    "password: $, a: b",
    "X-Api-Key: $",
    "Authorization: Bearer $",
    "authorization=Basic $",
    "Cookie: a=$; b=$",
    "{\"password\":\"$\",\"a\":1}",
    "{'secret': 'a $'}",
    "Login { password: \"a $\", a: 1 }",
    "password: Some(\"a $\"), a: 1",
    "secret: Secret(\"$\")",
    "email: \"$\"",
    "Bearer $",
    "basic $==",
    "Digest a=\"$\"",
    "https://a:$@host/b",
    "https://$@host",
    "redis://:a@$@host",
    "$@example.org",
    "<a.$+b@mail.example.org>",
    "/users/$%40example.org/a",
    "ghp_16C7e42F292c6912E7710$",
    "eyJhbGciOiJIUzI1NiJ9.eyJ$.$",
    "-----BEGIN PRIVATE KEY-----\n$\n$\n-----END PRIVATE KEY-----",
];

/// The same with quotes that say what belongs to what: before these no other quote may be open.
const QUOTED: [&str; 5] = [
    "Authorization: Digest a=\"b\", c=\"$\"",
    "{\"password\": \"a b \\\" $\"}",
    "{\\\"password\\\":\\\"a \\\\\\\" $\\\"}",
    "{\"tokens\":[\"a\",\"$\"]}",
    "(\"password\", \"a $\")",
];

/// Numbers of cards that are planted as they are.
const CARDS: [&str; 4] = [
    "4111 1111 1111 1111",
    "5555555555554444",
    "3782-822463-10005",
    "6011 0009 9013 9424",
];

/// Says by the first three bytes what is planted where, and with the others in what text.
pub(crate) fn hold(data: &[u8]) {
    let [plant, place, between, text @ ..] = data else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    hold_for(&text);
    let [plant, place] = [plant, place].map(|byte| usize::from(*byte));
    let place = (0..=text.len() * place / 255)
        .rev()
        .find(|place| text.is_char_boundary(*place));
    let (before, after) = text.split_at(place.unwrap_or_default());
    let between = ["\n", "\n", "\r\n", " "][usize::from(*between) % 4];
    let is_quoted = before.contains(['"', '\'', '`']);
    let quoted = if is_quoted { &[][..] } else { &QUOTED };
    let plants = [&PLANTS[..], &CARDS, quoted].concat();
    let planted = plants[plant % plants.len()].replace('$', CANARY);
    hides(before, between, &planted, after);
}

/// What holds for a text of any kind.
pub(crate) fn hold_for(given: &str) {
    let told = text(given);
    assert_eq!(pieces(given).collect::<String>(), told, "{given:?}");
    assert_eq!(text(&told), told, "twice: {given:?}");
    assert!(told.len() <= 3 * given.len() + REDACTED.len(), "{given:?}");
    for longest in [0, 1, 10, given.len() / 2, given.len()] {
        let begin = start(given, longest);
        assert!(begin.len() <= longest, "{given:?}");
        assert!(told.starts_with(&*begin), "{given:?}");
    }
}

/// What is planted is not told.
fn hides(before: &str, between: &str, planted: &str, after: &str) {
    let given = [before, between, planted, between, after].concat();
    hold_for(&given);
    let secret = match CARDS.contains(&planted) {
        true => planted,
        false => CANARY,
    };
    if [before, after].iter().any(|text| text.contains(secret)) {
        return;
    }
    let told = text(&given);
    assert!(!told.contains(secret), "{given:?} -> {told:?}");
}

#[cfg(test)]
mod tests;
