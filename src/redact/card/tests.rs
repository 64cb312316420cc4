//! How many cards are found, and how many other numbers are hidden.

use super::super::{REDACTED, text};
use super::is_card_number;

/// Numbers that schemes and payment providers publish for tests.
const CARDS: &[(&str, &[u64])] = &[
    (
        "Visa",
        &[
            4111111111111111,
            4012888888881881,
            4222222222222,
            4242424242424242,
            4000056655665556,
            4005550000000019,
            4462030000000000,
            4917610000000000,
            4844215500115643,
            4111141011111111116,
        ],
    ),
    (
        "Mastercard",
        &[
            5555555555554444,
            5105105105105100,
            5200828282828210,
            5454609899026213,
            2720990000000015,
            2223003122003222,
            2223000000000007,
        ],
    ),
    (
        "American Express",
        &[
            378282246310005,
            371449635398431,
            378734493671000,
            340000000000009,
            370000000000002,
            373953244361001,
        ],
    ),
    (
        "Discover",
        &[
            6011111111111117,
            6011000990139424,
            6011485500000150,
            6445644564456445,
        ],
    ),
    (
        "Diners Club",
        &[
            30569309025904,
            38520000023237,
            36438936438936,
            36110361103612,
            30000000000004,
            3056930009020004,
        ],
    ),
    (
        "JCB",
        &[
            3530111333300000,
            3566002020360505,
            3528000000000007,
            3569990010095841,
        ],
    ),
    (
        "UnionPay",
        &[
            6200000000000005,
            6205500000000000004,
            6243030000000001,
            8171999927660000,
            8171999900000000021,
        ],
    ),
    (
        "Maestro",
        &[
            6304000000000000,
            6759649826438453,
            6799990100000000019,
            5641820000000005,
            5000000000000512,
            6771798021000008,
        ],
    ),
    ("Bancontact", &[67030000000000003, 67034500054620008]),
    ("Switch", &[6331101999990016]),
    ("Dankort", &[5019717010103742, 5019555544445555]),
    ("Mir", &[2200000000000004]),
    ("Elo", &[5066991111111118, 6362970000457013]),
    ("Hipercard", &[6062828888666688, 6062826786276634]),
    ("RuPay", &[6082015309577308]),
    ("Troy", &[9792030394440796]),
    ("Dina", &[6573590000002414]),
    ("Verve", &[5060990580000217499]),
    ("Bankcard", &[5610591081018250]),
];

#[test]
fn cards_of_every_scheme_are_hidden() {
    for (scheme, numbers) in CARDS {
        for number in *numbers {
            assert!(is_card_number(*number), "{scheme} {number}");
            let given = format!("paid with {number}");
            assert_eq!(text(&given), format!("paid with {REDACTED}"), "{scheme}");
        }
    }
}

/// What the documentation says is not found, so that it is corrected where it changes.
#[test]
fn cards_that_are_missed() {
    for number in [
        135410014004955,  // UATP
        180012345678909,  // JCB, old
        76009244561,      // Dankort, old: too short
        9860000000000000, // Humo, whether the check digit fits or not
    ] {
        assert!(!is_card_number(number), "{number}");
    }
}

/// How many of a thousand random numbers of so many digits are taken for cards.
fn hidden(digits: u32) -> f64 {
    const TRIED: u64 = 400_000;
    let mut random = fastrand::Rng::with_seed(u64::from(digits));
    let (least, beyond) = (10u64.pow(digits - 1), 10u64.checked_pow(digits));
    let hidden = (0..TRIED).filter(|_| {
        let number = random.u64(least..beyond.unwrap_or(u64::MAX));
        is_card_number(number)
    });
    hidden.count() as f64 / TRIED as f64 * 1000.0
}

/// The rates that the documentation states.
#[test]
fn ids_that_are_taken_for_cards() {
    for (digits, stated) in [
        (13, 11.0),
        (14, 4.0),
        (15, 2.0),
        (16, 40.0),
        (17, 18.0),
        (18, 18.0),
        (19, 29.0),
    ] {
        let found = hidden(digits);
        assert!((found - stated).abs() < 1.0, "{digits} digits: {found}");
    }
}

/// Numbers that services count time and make ids with.
#[test]
fn ids_of_the_usual_kinds() {
    let mut hidden = 0;
    for n in 0..100_000u64 {
        let milliseconds = 1_790_000_000_000 + n * 997;
        for id in [
            milliseconds,                                            // of Unix
            milliseconds * 1000 + n % 1000,                          // microseconds
            milliseconds * 1_000_000 + n,                            // nanoseconds
            ((milliseconds - 1_420_070_400_000) << 22) | (n % 4096), // a snowflake since 2015
        ] {
            hidden += u32::from(is_card_number(id));
        }
    }
    assert_eq!(hidden, 0);
}
