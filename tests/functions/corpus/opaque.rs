// Functions that return `impl Trait`, and what contains one.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::iter;

item! { fn display(n: u8) -> impl Display { n } }
item! { fn display_early(n: u8) -> impl Display { if n == 0 { return "none".to_owned(); } n.to_string() } }
item! { fn typed_closure() -> impl Fn(&str) -> usize { |s: &str| s.len() } }
item! { fn closure() -> impl Fn(&str) -> usize { |s| s.len() } }
item! { fn moved_closure(n: usize, text: String) -> impl Fn(&str) -> usize { let m = text.len(); move |s| s.len() + n + m } }
item! { fn early_closure(n: usize) -> impl Fn(&str) -> usize { let f = move |s: &str| s.len() + n; if n > 1 { return f; } f } }
item! { fn closure_mut(mut log: Vec<String>) -> impl FnMut(&str) -> usize { move |s| { log.push(s.trim().to_owned()); log.len() } } }
item! { fn closure_once(text: String) -> impl FnOnce(&str) -> String { move |s| text + s.trim() } }
item! { fn closure_borrowing<'a>(text: &'a str) -> impl Fn(&str) -> bool + 'a { move |s| s.trim() == text } }
item! { fn closure_two<'a>() -> impl Fn(&'a str, &mut Vec<&'a str>) + Clone { |s, all| all.push(s.trim()) } }
item! { fn closure_of_closure() -> impl Fn(&str) -> Box<dyn Fn(&str) -> usize> { |a| { let n = a.len(); Box::new(move |b| b.len() + n) } } }
item! { fn closure_for<'b>() -> impl for<'a> Fn(&'a str) -> &'a str { |s| s.trim() } }
item! { fn closure_or_panic(n: u8) -> impl Fn(&str) -> usize { if n == 0 { panic!("zero") } |s| s.len() } }
item! { fn closure_in_block(n: u8) -> impl Fn(&str) -> usize { let n = n as usize; { let n = n + 1; { return move |s| s.len() + n } } } }
item! { fn closure_generic<T: AsRef<str>>(own: T) -> impl Fn(&T) -> bool { move |other| other.as_ref().trim() == own.as_ref() } }
item! { fn own_trait() -> impl Predicate { |s| s.trim().is_empty() } }
item! { fn combined() -> (impl Fn(&str) -> usize, u8) { (|s| s.len(), 1) } }
item! { fn combined_second() -> (u8, impl Fn(&u8) -> u8) { (1, |n: &u8| n + 1) } }
item! { fn async_closure() -> impl AsyncFn(&str) -> usize { async |s| s.len() } }
item! { fn iterator(n: &[u8]) -> impl Iterator<Item = u8> + '_ { n.iter().map(|n| n + 1) } }
item! { fn iterator_uncaptured(n: &[u8]) -> impl Iterator<Item = u8> + use<> { let n = n.to_vec(); n.into_iter() } }
item! { fn iterator_traits<'a>(n: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a u8> + ExactSizeIterator + Clone { n.iter() } }
item! { fn iterator_of_integers() -> impl Iterator<Item = u64> { vec![1, 2].into_iter() } }
item! { fn iterator_into() -> impl Iterator<Item = String> { vec!["a", "b"].into_iter().map(Into::into) } }
item! { fn iterator_nested() -> impl Iterator<Item = impl Display> { vec![1u8, 2].into_iter() } }
item! { fn iterator_nested_twice() -> impl Iterator<Item = impl Iterator<Item = impl Display>> { (0..2).map(|n| iter::repeat(n).take(2)) } }
item! { fn iterator_early(n: usize) -> impl Iterator<Item = usize> { if n > 1 { return iter::repeat(n).take(1); } iter::repeat(1).take(n) } }
item! { fn iterator_from_fn() -> impl Iterator<Item = u8> { let mut n = 0; iter::from_fn(move || { n += 1; (n < 4).then_some(n) }) } }
item! { fn in_result(s: &str) -> Result<impl Iterator<Item = char>, Box<dyn Error>> { let n: usize = s.parse()?; Ok(iter::repeat('x').take(n)) } }
item! { fn in_error(s: &str) -> Result<u8, impl Error> { s.parse::<u8>() } }
item! { fn in_option(s: &str) -> Option<impl Display> { let c = s.chars().next()?; Some(c) } }
item! { fn in_box() -> Box<impl Display> { Box::new(1u8) } }
item! { fn in_vec(n: u8) -> Vec<impl Debug> { vec![n; 2] } }
item! { fn in_array() -> [impl Display; 2] { [1u8, 2] } }
item! { fn in_reference(n: &u8) -> &impl Display { n } }
item! { fn in_dyn() -> Box<dyn Iterator<Item = impl Display>> { Box::new([1u8, 2].into_iter()) } }
item! { fn in_dyn_early(n: u8) -> Box<dyn Iterator<Item = impl Display>> { if n == 0 { return Box::new(iter::empty::<u8>()); } Box::new(iter::once(n)) } }
item! { fn in_dyn_result(s: &str) -> Result<Box<dyn Iterator<Item = impl Display> + '_>, Box<dyn Error>> { let n: u8 = s.parse()?; Ok(Box::new(iter::once(n))) } }
item! { fn in_dyn_argument() -> Box<dyn Of<impl Display>> { Box::new(3u8) } }
item! { fn in_tuple(n: u8) -> (impl Display, Option<impl Debug>, u8) { (n, Some(n), n) } }
item! { fn argument_and_return(f: impl Fn(u8) -> u8) -> impl Fn(u8) -> u8 { move |n| f(f(n)) } }
item! { fn static_bound() -> impl Display + Send + Sync + 'static { "a" } }
item! { fn clone_bound(n: u8) -> impl Clone + PartialEq<u8> + Debug { n } }
item! { fn from_another(n: u8) -> impl Display { display(n) } }
item! { fn recursive(n: u8) -> impl Display { if n == 0 { return String::new(); } format!("{n}{}", recursive_boxed(n - 1)) } }
item! { fn recursive_boxed(n: u8) -> Box<dyn Display> { if n == 0 { return Box::new(""); } Box::new(format!("{n}{}", recursive_boxed(n - 1))) } }
item! { async fn later_display(n: u8) -> impl Display { pause().await; if n == 0 { return "none".to_owned(); } n.to_string() } }
item! { async fn later_closure(n: usize) -> impl Fn(&str) -> usize { pause().await; move |s: &str| s.len() + n } }
item! { async fn later_closure_inferred(n: usize) -> impl Fn(&str) -> usize { let m = n; pause().await; move |s| s.len() + m } }
item! { async fn later_closure_once(text: String) -> impl FnOnce(&str) -> String { fn one() -> usize { 1 } pause().await; let n = one(); move |s| text + s.get(n..).unwrap_or_default() } }
item! { async fn later_iterator(n: &[u8]) -> impl Iterator<Item = u8> + '_ { pause().await; n.iter().map(|n| n + 1) } }
item! { async fn later_in_result(s: &str) -> Result<impl Display, Box<dyn Error>> { pause().await; let n: u8 = s.parse()?; Ok(n) } }
item! { async fn later_in_dyn(n: u8) -> Box<dyn Iterator<Item = impl Display>> { pause().await; if n == 0 { return Box::new(iter::empty::<u8>()); } Box::new(iter::once(n)) } }
item! { async fn later_in_dyn_result(s: &str) -> Result<Box<dyn Iterator<Item = impl Display> + '_>, Box<dyn Error>> { pause().await; let n: u8 = s.parse()?; Ok(Box::new(iter::once(n))) } }

pub(crate) trait Predicate: Fn(&str) -> bool {}
impl<F: Fn(&str) -> bool> Predicate for F {}
pub(crate) trait Of<T> { fn get(&self) -> T; }
impl Of<u8> for u8 { fn get(&self) -> u8 { *self } }

fn joined(items: impl Iterator<Item = impl Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

pub(crate) fn run() {
    show!((display(1).to_string(), display_early(0).to_string(), display_early(1).to_string()));
    show!((typed_closure()("ab"), closure()("ab"), moved_closure(1, "cd".into())("ab"), early_closure(1)("a"), early_closure(2)("a")));
    show!((closure_mut(vec![])("a"), closure_once("a".into())(" b "), closure_borrowing("a")(" a ")));
    let mut all = vec![];
    closure_two()(" a ", &mut all);
    show!((all, closure_of_closure()("a")("bc"), closure_for()(" a "), closure_or_panic(1)("a"), closure_in_block(1)("a")));
    show!(catch_unwind(|| { closure_or_panic(0); }).is_err());
    show!((closure_generic("a")(&" a "), own_trait()("  ")));
    show!((combined().0("ab"), combined().1, combined_second().1(&1), wait(async_closure()("abc"))));
    show!((joined(iterator(&[1, 2])), joined(iterator_uncaptured(&[1])), iterator_traits(&[1, 2]).rev().len()));
    show!((joined(iterator_of_integers()), joined(iterator_into()), joined(iterator_nested())));
    show!(iterator_nested_twice().map(joined).collect::<Vec<_>>());
    show!((joined(iterator_early(1)), joined(iterator_early(2)), joined(iterator_from_fn())));
    show!(["2", "x"].map(|s| in_result(s).map(joined).map_err(|e| e.to_string())));
    show!(["2", "x"].map(|s| in_error(s).map_err(|e| e.to_string())));
    show!(["2", ""].map(|s| in_option(s).map(|c| c.to_string())));
    show!((in_box().to_string(), in_vec(1), in_array().map(|n| n.to_string()), in_reference(&1).to_string()));
    show!((joined(in_dyn()), joined(in_dyn_early(0)), joined(in_dyn_early(1)), in_dyn_argument().get().to_string()));
    show!(["2", "x"].map(|s| in_dyn_result(s).map(joined).map_err(|e| e.to_string())));
    show!((in_tuple(1).0.to_string(), in_tuple(1).1, argument_and_return(|n| n + 1)(1), static_bound().to_string()));
    show!((clone_bound(1).clone() == 1, from_another(1).to_string(), recursive(3).to_string()));
    show!((wait(later_display(0)).to_string(), wait(later_display(1)).to_string(), wait(later_closure(1))("ab"), wait(later_closure_inferred(1))("ab"), wait(later_closure_once("a".into()))("bc")));
    show!((joined(wait(later_iterator(&[1]))), joined(wait(later_in_dyn(0))), joined(wait(later_in_dyn(1)))));
    show!(["2", "x"].map(|s| wait(later_in_result(s)).map(|n| n.to_string()).map_err(|e| e.to_string())));
    show!(["2", "x"].map(|s| wait(later_in_dyn_result(s)).map(joined).map_err(|e| e.to_string())));
    traits!(display(1));
    traits!(closure());
    traits!(closure_mut(vec![]));
    traits!(iterator(&[1]));
    traits!(iterator_from_fn());
    traits!(in_dyn());
    traits!(later_closure(1));
    traits!(later_closure_inferred(1));
    traits!(later_in_dyn(1));
    traits!(argument_and_return(|n| n));
}
