//! A real nginx and clients that go away, send nonsense, or attack: whatever they do, each request has one line that keeps to the contract.

use support::ecs::checked;
use support::proxied::behind_nginx;
use support::wire::Wire;

const LOG: &str = include_str!("../../deploy/nginx/ecs-access-log.conf");

/// What no line may have anything of.
const SECRET: &str = "hunter2";

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_go_away_have_a_line() {
    let (mut nginx, mut service) = behind_nginx("e2e_nginx_aborts", LOG).await;

    let mut client = Wire::open(nginx.address).await;
    client
        .write(b"GET /waits HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await;
    service.waiting.recv().await.expect("it has begun");
    drop(client);
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.response.status_code"], 499);
    assert_eq!(fields["labels"]["outcome"], "cancelled");
    assert_eq!(fields["event.outcome"], "failure");

    let mut client = Wire::open(nginx.address).await;
    client
        .write(b"GET /endless HTTP/1.1\r\nhost: shop\r\n\r\n")
        .await;
    client.read_until(b"some of it some of it").await;
    drop(client);
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.response.status_code"], 200);
    assert_eq!(fields["labels"]["outcome"], "aborted");
    assert_eq!(fields["event.outcome"], "failure");
    assert_eq!(nginx.unread(), 0);
}

/// What scanners send, and what was made to break a log: one line each, that says as much as can be said.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_spoils_a_line() {
    let (mut nginx, _service) = behind_nginx("e2e_nginx_attacks", LOG).await;
    let attacks: &[(&[u8], &str, &str)] = &[
        (
            b"GET /a%0a%7b%22log.level%22:%22error%22%7d HTTP/1.1",
            "GET",
            "/a%0a%7b%22log.level%22:%22error%22%7d",
        ),
        (b"GET /a%ff%feb HTTP/1.1", "GET", "/a%ff%feb"),
        (
            b"GET /\",\"log.level\":\"error HTTP/1.1",
            "GET",
            "/\",\"log.level\":\"error",
        ),
        (b"GET /a\\ HTTP/1.1", "GET", "/a\\"),
        (
            b"GET /${jndi:ldap://x/y}?a HTTP/1.1",
            "GET",
            "/${jndi:ldap://x/y}",
        ),
        (b"GET /a%00b HTTP/1.1", "GET", "-"),
        (b"GET /../../etc/passwd HTTP/1.1", "GET", "-"),
        (b"GET /a/../b HTTP/1.1", "GET", "/a/../b"),
        (b"GET /ab\xff\xfecd HTTP/1.1", "GET", "/ab\u{fffd}"),
        (b"GET /caf\xc3\xa9?hunter2 HTTP/1.1", "GET", "/caf\u{fffd}"),
        (b"GET /?a=%0a&token=hunter2 HTTP/1.1", "GET", "/"),
        (b"GET /a#hunter2 HTTP/1.1", "GET", "/a"),
        (b"GET http://shop/a?hunter2 HTTP/1.1", "GET", "/a"),
        (b"GET http://shop?hunter2 HTTP/1.1", "GET", "/"),
        (b"GET /a\x01b HTTP/1.1", "-", "-"),
        (b"GET /a\x7fb HTTP/1.1", "-", "-"),
        (b"GET /a\nhunter2 HTTP/1.1", "GET", "/a"),
        (b"G\"T / HTTP/1.1", "-", "-"),
        (b"get / HTTP/1.1", "-", "-"),
        (b"OPTIONS * HTTP/1.1", "-", "-"),
        (b"CONNECT shop:443 HTTP/1.1", "-", "-"),
        (b"GET / HTTP/9.9", "-", "-"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "-", "-"),
        (b"hunter2", "-", "-"),
        (
            b"GET / HTTP/1.1\r\ncontent-length: 99999999999999999999999",
            "GET",
            "/",
        ),
        (b"GET / HTTP/1.1\r\nno header", "GET", "/"),
    ];
    for (request, method, path) in attacks {
        let request = [request, &b"\r\nhost: shop\r\nconnection: close\r\n\r\n"[..]].concat();
        Wire::open(nginx.address).await.exchange(&request).await;
        let line = nginx.line().await;
        let fields = checked(&line);
        assert_eq!(fields["http.request.method"], *method, "{line}");
        assert_eq!(fields["url.path"], *path, "{line}");
        assert!(!line.contains(SECRET), "{line}");
    }

    // Nonsense of many kinds, made of what could mean something.
    const PIECES: [&[u8]; 16] = [
        b"/",
        b"%0a",
        b"\"",
        b"\\",
        b"\xff",
        b"\xc3\xa9",
        b"?",
        b"#",
        b"{",
        b"}",
        b"%",
        b"\\u0000",
        b"'",
        b"\xed\xa0\x80",
        b"a",
        b"..",
    ];
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..200 {
        let mut request = b"GET /a".to_vec();
        for _ in 0..random.usize(1..12) {
            request.extend_from_slice(PIECES[random.usize(..PIECES.len())]);
        }
        request.extend_from_slice(b" HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
        Wire::open(nginx.address).await.exchange(&request).await;
        checked(&nginx.line().await);
    }

    // One too long for nginx to read, and one that has no head.
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000));
    Wire::open(nginx.address)
        .await
        .exchange(long.as_bytes())
        .await;
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.response.status_code"], 414);
    Wire::open(nginx.address)
        .await
        .exchange(b"GET /old\r\n")
        .await;
    let fields = checked(&nginx.line().await);
    assert_eq!(fields["http.version"], "0.9");
    assert_eq!(fields["url.path"], "/old");
    assert_eq!(nginx.unread(), 0);
}
