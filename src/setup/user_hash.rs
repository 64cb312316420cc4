//! The key of the hash by which users are told apart.

use std::hash::{BuildHasher as _, RandomState};

use siphasher::sip128::SipHasher24;

use crate::error::Error;
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
    /// The key, from wherever it is.
    pub(crate) fn new(given: Option<Secret>, variables: &Variables<'_>) -> Result<Self, Error> {
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
        Ok(Self { key, is_given })
    }

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
