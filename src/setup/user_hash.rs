//! The key of the hash by which users are told apart.

use std::hash::{BuildHasher as _, RandomState};

use siphasher::sip128::SipHasher24;

use crate::error::Error;
use crate::setup::builder::MonitoringBuilder;
use crate::setup::secret::Secret;

impl MonitoringBuilder {
    /// The key of the hash by which users are told apart (`user.hash`), the same for all replicas. Default: what `MONITORING_USER_HASH_KEY` says,
    /// or else one of this monitoring alone: then a user has another hash after a restart.
    ///
    /// 16 bytes or more that nobody can guess: who has it can find out who is meant.
    pub fn user_hash_key(mut self, key: impl Into<String>) -> Self {
        self.user_hash_key = Some(Secret(key.into()));
        self
    }

    /// The key, from wherever it is.
    pub(crate) fn user_key(&mut self) -> Result<[u8; 16], Error> {
        let given = self.user_hash_key.take();
        let secret = Secret::from(given, "user_hash_key", "MONITORING_USER_HASH_KEY")?;
        let mut key = [0; 16];
        match secret {
            // As long as the hash wants it, whatever its length.
            Some(Secret(text)) => key = SipHasher24::new().hash(text.as_bytes()).as_bytes(),
            None => {
                for half in key.chunks_mut(8) {
                    // The system's, by way of the keys of hash maps.
                    half.copy_from_slice(&RandomState::new().hash_one(0).to_ne_bytes());
                }
            }
        }
        Ok(key)
    }
}
