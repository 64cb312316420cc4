//! The repository itself: which module may use which, and what documents say of the code.

mod architecture;
mod catalog;
mod dependencies;
