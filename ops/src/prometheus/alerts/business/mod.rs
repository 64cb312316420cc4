//! What the service is for: orders, sign-ups, boxes, logins.

mod boxes;
mod customers;
mod orders;

use crate::kit::Kit;
use crate::prometheus::alert::Alert;

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        orders::stalled(kit),
        orders::failing(kit),
        boxes::waiting(kit),
        customers::sign_ups(kit),
        boxes::fill(kit),
        customers::content(kit),
        customers::logins(kit),
    ]
}
