//! A connection on which every byte is written by hand, also those that no client would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Ample for a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

pub struct Wire(TcpStream);

/// What came back until the other side closed the connection.
pub struct Answer {
    /// 0 where there was no answer.
    pub status: u16,
    head: String,
    /// How many bytes came after the head.
    pub body: usize,
}

impl Answer {
    /// The value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl Wire {
    pub async fn open(address: SocketAddr) -> Self {
        let connection = TcpStream::connect(address).await;
        Self(connection.expect("a connection"))
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("it is written");
    }

    /// Reads until these bytes have come.
    pub async fn read_until(&mut self, wanted: &[u8]) {
        let mut read = Vec::new();
        while !read.windows(wanted.len()).any(|found| found == wanted) {
            let more = timeout(DEADLINE, self.0.read_buf(&mut read)).await;
            assert_ne!(more.expect("it comes in time").expect("more"), 0);
        }
    }

    /// Sends a request, and reads what comes until the other side closes. It may do so before it has read all.
    pub async fn exchange(self, request: &[u8]) -> Answer {
        let (mut reader, mut writer) = self.0.into_split();
        let mut read = Vec::new();
        let reading = async {
            // A connection that is reset is closed as well.
            let _ = reader.read_to_end(&mut read).await;
        };
        let writing = async {
            let _ = writer.write_all(request).await;
        };
        let both = timeout(DEADLINE, async { tokio::join!(reading, writing) }).await;
        both.expect("the other side closes in time");
        let end = read.windows(4).position(|found| found == b"\r\n\r\n");
        let end = end.map_or(read.len(), |end| end + 4);
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Answer {
            status: status.unwrap_or_default(),
            head,
            body: read.len() - end,
        }
    }
}
