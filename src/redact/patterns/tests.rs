use super::super::is_card_number;
use super::*;

/// A web token of nobody.
const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

/// Checks pairs of a text and what is told of it; `§` stands for what is not.
#[track_caller]
fn check(table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (given, expected) in table {
        let expected = expected.replace('§', REDACTED);
        let given = given.replace("JWT", JWT);
        let told = text(&given);
        if told != expected || text(&told) != told {
            wrong += &format!("\n{given}\n-> {told}\n   {}\n", text(&told));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Checks that these are told as they are.
#[track_caller]
fn keeps(texts: &[&str]) {
    for given in texts {
        assert!(
            matches!(text(given), Cow::Borrowed(told) if told == *given),
            "{given}: {}",
            text(given)
        );
    }
}

#[test]
fn card_numbers() {
    check(&[
        ("4111111111111111", "§"),
        ("paid with 4111111111111111.", "paid with §."),
        ("4111 1111 1111 1111", "§"),
        ("4111-1111-1111-1111 ok", "§ ok"),
        ("4111\u{a0}1111\u{a0}1111\u{a0}1111 ok", "§ ok"),
        ("4111\u{202f}1111\u{202f}1111\u{202f}1111", "§"),
        ("/pay?n=4111%201111%201111%201111&x", "/pay?n=§&x"),
        ("n=4111+1111+1111+1111", "n=§"),
        ("4111 1111 1111 1111 123", "§ 123"),
        ("4111 1111 1111 1111 12/27", "§ 12/27"),
        ("order 12345 4111 1111 1111 1111", "order 12345 §"),
        ("4111111111111111 5555555555554444", "§ §"),
        ("3782 822463 10005", "§"),
        ("378282246310005", "§"),
        ("30569309025904", "§"),
        ("6304 0000 0000 0000", "§"),
        ("4222222222222", "§"),
        ("6011000990139424,5105105105105100", "§,§"),
        ("卡号4111111111111111。", "卡号§。"),
        ("ü4111111111111111ü", "ü§ü"),
        (r#"{"n":4111111111111111}"#, r#"{"n":§}"#),
        ("card-4111111111111111", "card-§"),
        ("n_4111111111111111", "n_§"),
        ("/cards/4111111111111111/pay", "/cards/§/pay"),
    ]);
    keeps(&[
        "4111111111111112",
        "411111111111111",
        "1111111111111117",
        "x4111111111111111",
        "4111111111111111x",
        "0.4111111111111111",
        "4111111111111111.25",
        "41111111111111114111111111111111",
        "4111  1111  1111  1111",
        "4111.1111.1111.1111",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "550e8400-e29b-41d4-a716-446655440000",
        "12345678-4532-4716-4532-446655440000",
        "1732400000123456789",
        "2026-11-23T22:32:56.123456Z",
        "2026-11-23 22:32:56",
        "2026-11-23-22-32-56",
        "+49 30 1234567",
        "192.168.100.200:8080",
    ]);
}

#[test]
fn numbers_that_are_cards() {
    for number in [
        4_111_111_111_111_111,
        4_222_222_222_222,
        378_282_246_310_005,
        6_304_000_000_000_000_000,
    ] {
        let is_valid = text(&number.to_string()) == REDACTED;
        assert_eq!(is_card_number(number), is_valid, "{number}");
    }
    assert!(is_card_number(4_111_111_111_111_111));
    for number in [
        0,
        1,
        7,
        u64::MAX,
        4_111_111_111_111_112,
        1_111_111_111_111_117,
        1_732_400_000_123_456_789,
    ] {
        assert!(!is_card_number(number), "{number}");
    }
}

#[test]
fn addresses_of_people() {
    check(&[
        ("anna@example.org", "§"),
        (
            "Anna Smith <anna.smith+shop@mail.example.org>",
            "Anna Smith <§>",
        ),
        ("mailto:anna@example.org?subject=x", "mailto:§?subject=x"),
        ("to anna@example.org.", "to §."),
        ("to anna@example.org, ben@example.org", "to §, §"),
        ("/users/anna%40example.org/orders", "/users/§/orders"),
        ("anna%2Bshop%40example.org", "§"),
        ("jörg@bücher.example", "§"),
        ("анна@пример.рф", "§"),
        ("«anna@example.org»", "«§»"),
        ("“anna@example.org”", "“§”"),
        ("联系anna@example.org谢谢", "联系§谢谢"),
        ("'anna@example.org'", "'§'"),
        ("o'brien@example.org", "§"),
        ("git@github.com:a/b.git", "§:a/b.git"),
        (r#"{"to":"anna@example.org"}"#, r#"{"to":"§"}"#),
        ("anna@example.org\u{0}", "§\u{0}"),
    ]);
    keeps(&[
        "@",
        "a@",
        "@a.bc",
        "a@b",
        "a@b.",
        "a@b.c",
        "@dataclass",
        "tower@0.5.2",
        "npm@1.0.0-1",
        "10 @ 20.5",
        "root@10.0.0.1",
        "a @example.org",
        "image@sha256:abc",
        "100%40",
        "😀@example.org",
    ]);
}

#[test]
fn users_in_addresses() {
    check(&[
        ("postgres://user:pass@host/db", "postgres://§@host/db"),
        (
            "postgres://user:pass@host:5432/db?sslmode=off",
            "postgres://§@host:5432/db?sslmode=off",
        ),
        ("https://user@host", "https://§@host"),
        ("redis://:pass@host", "redis://§@host"),
        ("amqp://u:p@ss@host/", "amqp://§@host/"),
        ("amqp://u:p/a?s#s@host/", "amqp://§@host/"),
        ("to \"mysql://u:p@h\", again", "to \"mysql://§@h\", again"),
        ("postgres://u:p@token:5432/db", "postgres://§@token:5432/db"),
        ("a://b@c://d@e", "a://§@c://§@e"),
    ]);
    keeps(&[
        "http://host/a@b",
        "http://host:8080/a@b",
        "http://[::1]:8080/a@b",
        "http://auth-token:8080/x",
        "http://",
        "://a@b",
        "http://@host",
        "http://host with @",
    ]);
}

#[test]
fn credentials_after_their_scheme() {
    check(&[
        ("Bearer abc123", "Bearer §"),
        ("sent bearer abc, then left", "sent bearer §, then left"),
        ("BEARER  x", "BEARER  §"),
        ("\"Bearer x\"", "\"Bearer §\""),
        ("Bearer \"x y\" z", "Bearer \"§\" z"),
        ("Basic dXNlcjpwYXNz", "Basic §"),
        ("basic dXNlcjpwYXNzdw==", "basic §"),
        (
            "Digest username=\"x\", response=\"y\"\nnext",
            "Digest §\nnext",
        ),
        ("Digest 6629fae49393a05397450978507c4ef1", "Digest §"),
        ("JWT", "§"),
        ("got JWT.", "got §"),
        ("a=JWT&b=1", "a=§&b=1"),
        ("/reset/JWT/x", "/reset/§/x"),
    ]);
    keeps(&[
        "Bearer",
        "Bearer ",
        "Bearer\nx",
        "forbearer x",
        "a bearer token is missing",
        "no Bearer authentication",
        "basic usage",
        "Basic usage:",
        "Basic realm=\"shop\"",
        "Bearer realm=\"shop\"",
        "Digest mismatch.",
        "eyJ",
        "eyJhbGci",
        "keyJoin.value",
        "a.eyJ.b",
        "basics Abc1",
    ]);
}

#[test]
fn keys_of_services() {
    check(&[
        ("AKIAIOSFODNN7EXAMPLE", "§"),
        ("key AKIAIOSFODNN7EXAMPLE, secret", "key §, secret"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "§"),
        ("github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz", "§"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "§"),
        ("sk_test_4eC39HqLyjWDarjtT1zdp7dc。", "§。"),
        ("rk_live_4eC39HqLyjWDarjtT1zdp7dc", "§"),
        ("xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzzqgy", "§"),
        ("glpat-abcdefghij1234567890", "§"),
        ("AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe", "§"),
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb",
            "a\n§\nb",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "§"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nMIIE-----END", "§"),
        (
            "key: -----BEGIN EC PRIVATE KEY-----\\nMIIE==\\n-----END EC PRIVATE KEY-----\\n",
            "key: §\\n",
        ),
        (
            "token=-----BEGIN PRIVATE KEY-----\nM I\n-----END PRIVATE KEY----- x",
            "token=§ x",
        ),
    ]);
    keeps(&[
        "AKIA",
        "AKIAIOSFODNN7EXAMPL",
        "AKIAIOSFODNN7EXAMPLe",
        "xAKIAIOSFODNN7EXAMPLE",
        "ghp_short",
        "sk_live_",
        "sk_test_mode",
        "xoxb-1",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "----------",
        "-- BEGIN PRIVATE KEY",
    ]);
}

#[test]
fn values_of_names() {
    check(&[
        ("password=hunter2", "password=§"),
        ("password=hunter2 user=anna", "password=§ user=anna"),
        ("password: hunter2, user: anna", "password: §, user: anna"),
        ("password = \"hunter 2\" user", "password = \"§\" user"),
        ("token='a b' c", "token='§' c"),
        ("db_pass=x", "db_pass=§"),
    ]);
    check(&[
        (
            r#"{"password":"hunter2","user":"anna"}"#,
            r#"{"password":"§","user":"anna"}"#,
        ),
        (
            r#"{"password": "hun\"ter2", "user":"anna"}"#,
            r#"{"password": "§", "user":"anna"}"#,
        ),
        (
            r#"{"password":"hunter2\\","user":"anna"}"#,
            r#"{"password":"§","user":"anna"}"#,
        ),
        (
            r#"{"pin":1,"otp":123456,"user":7}"#,
            r#"{"pin":1,"otp":§,"user":7}"#,
        ),
        (
            r#"{"tokens":["a","b]"],"user":7}"#,
            r#"{"tokens":§,"user":7}"#,
        ),
        (
            r#"{"credentials":{"id":"a","key":"b"},"user":7}"#,
            r#"{"credentials":§,"user":7}"#,
        ),
        (r#"{"password":"hunter2"#, r#"{"password":"§"#),
        (
            r#""{\"password\":\"hunter2\",\"user\":\"anna\"}""#,
            r#""{\"password\":\"§\",\"user\":\"anna\"}""#,
        ),
        (
            r#"{\"password\":\"hun\\\"ter2\",\"user\":7}"#,
            r#"{\"password\":\"§\",\"user\":7}"#,
        ),
        (
            r#"{\\\"password\\\":\\\"hunter2\\\"}"#,
            r#"{\\\"password\\\":\\\"§\\\"}"#,
        ),
        (r#""{\"password\":\"hunter2" 7"#, r#""{\"password\":\"§" 7"#),
        (
            r#"Login { user: "anna", password: "hunter2" }"#,
            r#"Login { user: "anna", password: "§" }"#,
        ),
        (
            r#"password: Some("hunter2"), user: 7"#,
            r#"password: Some("§"), user: 7"#,
        ),
        (r#"otp: Some(123456), user: 7"#, r#"otp: Some(§), user: 7"#),
        (
            r#"secret: Some(Secret("x")), user: 7"#,
            r#"secret: Some(Secret("§")), user: 7"#,
        ),
        (
            r#"secret: Secret([104, 117]), user: 7"#,
            r#"secret: Secret(§), user: 7"#,
        ),
        (r#"secret: b"hunter2" }"#, r#"secret: b"§" }"#),
        (
            r#"secret: Key { a: "b", c: 1 }, user: 7"#,
            r#"secret: §, user: 7"#,
        ),
        (
            r#"[("password", "hunter2"), ("user", "anna")]"#,
            r#"[("password", "§"), ("user", "anna")]"#,
        ),
        (
            r#"{'password': 'hunter2', 'user': 'anna'}"#,
            r#"{'password': '§', 'user': 'anna'}"#,
        ),
        ("\"password\" => \"hunter2\"", "\"password\" => \"§\""),
        ("password := \"hunter2\"", "password := \"§\""),
        ("config['password'] = 'x'", "config['password'] = '§'"),
    ]);
}

#[test]
fn values_in_queries_and_headers() {
    check(&[
        ("/a?token=x&y=z", "/a?token=§&y=z"),
        ("/a?y=z&access_token=x#end", "/a?y=z&access_token=§"),
        (
            "see https://host/a?sig=abc%3D&sv=1 now",
            "see https://host/a?sig=§&sv=1 now",
        ),
        (
            "/login?next=%2Fa%3Ftoken%3Dabc%26b%3D1&c=2",
            "/login?next=%2Fa%3Ftoken%3D§%26b%3D1&c=2",
        ),
        ("user[password]=x&a=1", "user[password]=§&a=1"),
        ("user%5Bpassword%5D=x&a=1", "user%5Bpassword%5D=§&a=1"),
        ("Server=a;Password=b;User=c", "Server=a;Password=§;User=c"),
        (
            "AccountName=a;AccountKey=b==;Suffix=c",
            "AccountName=a;AccountKey=§;Suffix=c",
        ),
        ("/a;jsessionid=abc?x=1", "/a;jsessionid=§"),
        ("user=a,token=b,order=7", "user=a,token=§,order=7"),
        ("Authorization: Bearer x", "Authorization: §"),
        (
            "authorization: Basic dXNlcjpwYXNz\r\nhost: x",
            "authorization: §\r\nhost: x",
        ),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c",
            "Authorization: §",
        ),
        ("authorization=Bearer x user=7", "authorization=§ user=7"),
        (
            "authorization=\"Bearer x\" user=7",
            "authorization=\"§\" user=7",
        ),
        ("authorization=Digest a=\"b\", c=\"d\"", "authorization=§"),
        (
            r#"{"authorization": "Bearer x", "host": "y"}"#,
            r#"{"authorization": "§", "host": "y"}"#,
        ),
        ("Cookie: a=b; c=d\nHost: x", "Cookie: §\nHost: x"),
        ("set-cookie: a=b; HttpOnly; path=/\nx", "set-cookie: §\nx"),
        ("X-Api-Key: abc\nHost: x", "X-Api-Key: §\nHost: x"),
        ("card_number=4111 1111 1111 1112 x", "card_number=§ x"),
        ("iban: DE89 3704 0044 0532 0130 00, x", "iban: §, x"),
        ("phone=+49 30 1234567 x=1", "phone=§ x=1"),
        ("API key: abc", "API key: §"),
        ("card number: 1234", "card number: §"),
        ("token= user=\"anna\" x", "token= § x"),
        ("token= password: \"a b\" x", "token= § x"),
        ("token= Cookie: a=b; c=d", "token= §"),
        ("x token=\" password=\"a b\" c", "x token=\"§\" c"),
        ("password=a\"b", "password=§\"b"),
        ("(token=abc)", "(token=§)"),
        ("<token=abc>", "<token=§>"),
        ("'token=abc' is wrong", "'token=§' is wrong"),
        ("{token: abc}", "{token: §}"),
        ("password=a)b}c", "password=§"),
        ("password=pässword。 x", "password=§ x"),
        ("password=[redacted]hunter2 x", "password=§ x"),
        ("密码 password=密码", "密码 password=§"),
        ("email=anna", "email=§"),
        ("email: \"anna\"", "email: \"§\""),
        ("the token: abc", "the token: §"),
    ]);
    keeps(&[
        "password",
        "password=",
        "password:",
        "password: ",
        "password:\nnext",
        "=x",
        ":x",
        " = x",
        "a=b",
        "a: b",
        "token=&a=1",
        "token=,",
        "auth::token::Error",
        "token == expected",
        "if token != other",
        "password=\"\"",
        "token: None, a: 1",
        "\"token\":null,\"a\":1",
        "has_password=true",
        "token_type=bearer",
        "max_tokens=512",
        "not sent email: connection refused",
        "author=anna",
        "keys: 7",
        "pass=3",
        "email_sent=true",
        "user id: 7",
        "primary key: id",
        "12:34:56",
        "[\"password\", \"email\"]",
        "a ? b : c",
    ]);
}

/// Two bytes are the mark of one kind of find, so that it is known which finder is to look closer.
#[test]
fn two_bytes_are_of_one_kind() {
    for (first, begins) in PAIRS.iter().enumerate() {
        for (second, goes_on) in PAIRS.iter().enumerate() {
            let kinds = begins & (goes_on >> 32) & !ONLY_HINTS;
            assert!(kinds.count_ones() <= 1, "{first:#x} {second:#x}: {kinds:b}");
        }
    }
}

/// What is in the lists of names of secrets.
const NAMES: &str = "authorization cookie password passwd passphrase passcode pwd secret credential \
    token bearer jwt csrf apikey accesskey accountkey authkey encryptionkey \
    masterkey privatekey signingkey signature sessionid sessid otpcode creditcard \
    cardnumber cvv cvc urlquery authorization cookie cookies otp totp sig cardno \
    email emails emailaddress mailaddress phone phones phonenumber telephone msisdn \
    iban ssn";

/// A name that is secret as that of a field is so in a text, where only some letters hint at it.
#[test]
fn names_in_texts_are_those_of_fields() {
    for name in NAMES.split(' ') {
        for written in [
            name.to_owned(),
            name.to_uppercase(),
            format!("db_{name}"),
            format!("a.{name}"),
        ] {
            assert!(crate::redact::is_secret(&written), "{written}");
            for (given, expected) in [
                (format!("{written}=x7"), format!("{written}={REDACTED}")),
                (
                    format!("{{\"{written}\":\"x7\"}}"),
                    format!("{{\"{written}\":\"{REDACTED}\"}}"),
                ),
            ] {
                assert_eq!(text(&given), expected);
            }
        }
    }
}

/// Wherever a text is cut, nothing of a secret is told that reaches over the cut.
#[test]
fn no_half_of_a_secret_is_told() {
    const LONGEST: usize = 1000;
    let secrets = [
        "4111111111111111",
        "cAnaRy7.cAnaRy7@mail.example.org",
        "password=cAnaRy7cAnaRy7",
        "Bearer cAnaRy7cAnaRy7",
        "ghp_cAnaRy7cAnaRy7cAnaRy7cAnaRy7cAna",
        "postgres://u:cAnaRy7@host/db",
        "{\"token\":\"cAnaRy7 cAnaRy7\"}",
        "eyJhbGciOiJIUzI1NiJ9.eyJcAnaRy7.cAnaRy7",
        "-----BEGIN PRIVATE KEY-----\ncAnaRy7\ncAnaRy7\n-----END PRIVATE KEY-----",
    ];
    for secret in secrets {
        for filler in ["word ", "ü ", "a@b.cc ", "token=x "] {
            let whole = filler.repeat(4 * LONGEST / filler.len());
            // Where what is told ends, and where what is read does.
            for around in [LONGEST, LONGEST + BEYOND] {
                for place in around - 2 * secret.len()..around + 2 {
                    let Some(before) = whole.get(..place) else {
                        continue;
                    };
                    let given = format!("{before} {secret} {whole}");
                    let begin = start(&given, LONGEST);
                    assert!(begin.len() <= LONGEST);
                    for half in ["cAn", "4111", "eyJ", "BEGIN PR"] {
                        assert!(
                            !begin.contains(half),
                            "{secret} at {place} after {filler}: {}",
                            &begin[begin.len() - 60..]
                        );
                    }
                }
            }
        }
    }
}
