//! The life of an upgraded connection, handed from the response to who sees the connection end.

use std::sync::{Arc, Mutex, PoisonError};

use crate::observe::Request;

/// In the extensions of a response that upgrades: the request, until the connection ends.
#[derive(Clone)]
pub(crate) struct Upgraded(Arc<Mutex<Option<Request>>>);

impl Upgraded {
    pub(crate) fn new(request: Request) -> Self {
        Self(Arc::new(Mutex::new(Some(request))))
    }

    /// The request, to be held for as long as the connection lives.
    pub(crate) fn take(&self) -> Option<Request> {
        let mut request = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        request.see_life();
        Some(request)
    }
}
