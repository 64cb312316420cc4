//! Runs all models. Each fails, or names the deadlock, with the order in which that happened.

use ecolaura_monitoring_loom::models::{exemplars, registration, sums};

#[test]
fn exemplars_are_read_whole() {
    exemplars::a_reader_sees_whole_ones_only();
}

#[test]
fn two_writers_of_an_exemplar() {
    exemplars::two_writers_never_make_a_mixture();
}

#[test]
fn sums_are_read_as_they_were() {
    sums::a_reader_sees_what_there_was();
}

#[test]
fn two_writers_of_a_sum() {
    sums::nothing_is_lost_between_two_writers();
}

#[test]
fn the_same_is_registered_once() {
    registration::two_who_add_the_same_get_the_same();
}

#[test]
fn the_cap_holds() {
    registration::there_is_never_more_than_there_is_room_for();
}

#[test]
fn nothing_is_refused_that_is_there() {
    registration::what_was_added_is_not_refused();
}

#[test]
fn what_is_found_is_shown() {
    registration::what_is_found_is_in_the_list();
}
