//! Names of the user's own, however unlucky, are not confused with those of the generated code.

#![deny(warnings)]
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types)]

use ::ecolaura_monitoring::monitor;

mod core {}
mod std {}
mod ecolaura_monitoring {}
struct Option;
struct Some;
struct None;
struct Result;
struct Box;
struct Probe;
struct Site;
struct Method;
trait FromValue {
    fn status(&self) -> u16 {
        1
    }
}
impl<T> FromValue for T {}
fn start() {}
fn call_once() {}
static __ECOLAURA: u32 = 1;

#[monitor("/async", method = "GET", slo(target = 99))]
async fn later(__ecolaura_call: u32, __ecolaura_out: u32) -> u32 {
    __ecolaura_call + __ecolaura_out + __ECOLAURA
}

#[monitor("sync", slo(latency = "1s", target = 99))]
fn sync(__ecolaura_call: u32, __ecolaura_out: u32) -> u32 {
    __ecolaura_call + __ecolaura_out + __ECOLAURA
}

#[derive(::std::clone::Clone, ::std::marker::Copy, ::ecolaura_monitoring::metrics::LabelValue)]
enum Plan {
    None,
    Some,
    Self_,
}

#[derive(::std::clone::Clone, ::std::marker::Copy, ::ecolaura_monitoring::metrics::LabelSet)]
struct Labels {
    index: Plan,
    label: bool,
    r#type: bool,
}

fn main() {
    ::std::assert_eq!(sync(1, 2), 4);
    ::std::mem::drop(later(1, 2));
}
