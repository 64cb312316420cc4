//! The key of the hash by which users are told apart.

use std::hash::{BuildHasher as _, RandomState};

use siphasher::sip128::SipHasher24;

use crate::error::Error;
use crate::setup::builder::MonitoringBuilder;
use crate::setup::secret::Secret;
use crate::setup::variables::Variables;

/// The key, where somebody chose one; it is that of all replicas.
#[derive(Clone, Copy)]
pub(crate) struct UserHashKey {
    key: [u8; 16],
    #[cfg_attr(not(feature = "business"), allow(dead_code))]
    is_given: bool,
}

impl UserHashKey {
    /// The one that was chosen.
    #[cfg(feature = "business")]
    pub(crate) fn given(self) -> Option<[u8; 16]> {
        self.is_given.then_some(self.key)
    }

    /// The one that was chosen, or else one that nobody knows.
    #[cfg(feature = "logs")]
    pub(crate) fn or_random(self) -> [u8; 16] {
        self.key
    }
}

impl MonitoringBuilder {
    /// The key of the hashes by which users are told apart, in the log (`user.hash`) and where
    /// [active users](crate::business::Business::user_seen) are counted: the same for all replicas. Default: what `MONITORING_USER_HASH_KEY` says.
    ///
    /// Without one, the log has another hash for a user after a restart, and active users are counted with a key that everybody knows.
    ///
    /// 16 bytes or more that nobody can guess: who has it can find out who is meant.
    pub fn user_hash_key(mut self, key: impl Into<String>) -> Self {
        self.user_hash_key = Some(Secret(key.into()));
        self
    }

    /// The key, from wherever it is.
    pub(crate) fn user_key(&mut self, variables: &Variables<'_>) -> Result<UserHashKey, Error> {
        let given = self.user_hash_key.take();
        let secret = Secret::from(
            given,
            "user_hash_key",
            "MONITORING_USER_HASH_KEY",
            variables,
        )?;
        let mut key = [0; 16];
        let is_given = secret.is_some();
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
        Ok(UserHashKey { key, is_given })
    }
}
