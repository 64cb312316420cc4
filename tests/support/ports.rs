//! Ports for servers that have to be told theirs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A port that is free now, below those that systems give to whoever asks for any: it is still free after a while without a listener.
pub fn free() -> SocketAddr {
    let mut ports = std::iter::repeat_with(|| fastrand::u16(10_000..32_000));
    let address = ports.find_map(|port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address).is_ok().then_some(address)
    });
    address.expect("ports without end")
}
