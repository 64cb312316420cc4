//! Documentation, attributes, visibility and signature stay: what the compiler knows of the function, it still knows.

#![deny(warnings, missing_docs)]

use ecolaura_monitoring::monitor;

mod api {
    use super::monitor;

    /// Documented.
    #[must_use]
    #[inline]
    #[monitor("/products")]
    pub(crate) async fn get_products(#[allow(unused_variables)] page: u32) -> &'static str {
        #![allow(unused_mut)]
        let mut text = "[]";
        text
    }

    #[deprecated]
    #[monitor("old")]
    pub fn old() {}

    #[cfg(any())]
    #[monitor("gone")]
    pub fn gone() {}
}

#[expect(deprecated)]
fn main() {
    #[expect(unused_must_use)]
    {
        api::get_products(1);
    }
    api::old();
}
