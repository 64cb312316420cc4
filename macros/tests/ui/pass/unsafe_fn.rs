//! `unsafe` functions keep what they may do.

#![deny(warnings)]

use ecolaura_monitoring::monitor;

#[monitor("read")]
unsafe fn read(place: *const u8) -> u8 {
    unsafe { *place }
}

#[monitor("read")]
#[allow(unsafe_op_in_unsafe_fn)]
unsafe fn read_in_old_style(place: *const u8) -> u8 {
    *place
}

#[monitor("read")]
#[allow(unsafe_op_in_unsafe_fn)]
async unsafe fn read_later(place: *const u8) -> u8 {
    *place
}

#[monitor("read")]
unsafe extern "C" fn read_for_c(place: *const u8) -> u8 {
    unsafe { *place }
}

fn main() {
    let byte = 7;
    unsafe {
        assert_eq!(
            read(&byte) + read_in_old_style(&byte) + read_for_c(&byte),
            21
        );
        drop(read_later(&byte));
    }
}
