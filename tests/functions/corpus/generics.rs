// Generic functions.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;

item! { fn identity<T>(value: T) -> T { value } }
item! { fn shown<T>(value: T) -> String where T: Display { value.to_string() } }
item! { fn unsized_argument<T: ?Sized + AsRef<str>>(value: &T) -> usize { value.as_ref().len() } }
item! { fn impl_argument(value: impl Into<String>) -> String { value.into() } }
item! { fn impl_arguments(a: impl Fn(&str) -> usize, mut b: impl FnMut(u8), c: impl FnOnce() -> String) -> String { b(a("ab") as u8); c() } }
item! { fn higher_ranked<F>(f: F) -> usize where F: for<'a> Fn(&'a str, &'a str) -> &'a str { f("abc", "de").len() } }
item! { fn higher_ranked_dyn(f: &dyn for<'a> Fn(&'a str) -> &'a str) -> usize { f("abc").len() } }
item! { fn associated<I: IntoIterator>(items: I) -> Vec<I::Item> { items.into_iter().collect() } }
item! { fn projected<I>(mut items: I) -> Option<<I as Iterator>::Item> where I: Iterator { items.next() } }
item! { fn bounded<I>(items: I) -> Option<I::Item> where I: IntoIterator<Item: Ord + Copy> { items.into_iter().max() } }
item! { fn const_generic<const N: usize, T: Copy + Default>() -> [T; N] { [T::default(); N] } }
item! { fn const_bool<const LOUD: bool>(text: &str) -> String { if LOUD { return text.to_uppercase(); } text.to_owned() } }
item! { fn keyed<'a, K: Hash + Eq + Clone, V>(map: &'a mut HashMap<K, V>, key: &K, make: impl FnOnce() -> V) -> &'a mut V { map.entry(key.clone()).or_insert_with(make) } }
item! { fn tagged<'a, T: 'a + ?Sized>(value: &'a T) -> (&'a T, PhantomData<fn() -> T>) { (value, PhantomData) } }
item! { fn closure_result<T, E>(f: impl FnOnce() -> Result<T, E>) -> Result<Option<T>, E> { let value = f()?; Ok(Some(value)) } }
item! { fn error_converted<T, E: From<std::num::ParseIntError>>(s: &str, f: impl FnOnce(u8) -> T) -> Result<T, E> { let n = s.parse::<u8>()?; Ok(f(n)) } }
item! { fn static_bound<T: Send + Sync + 'static>(value: T) -> Box<dyn std::any::Any + Send + Sync> { Box::new(value) } }
item! { fn dyn_bound<'a, T: Debug + 'a>(value: T) -> Box<dyn Debug + 'a> { Box::new(value) } }
item! { fn dyn_elided<T: Debug>(value: &T) -> Box<dyn Debug + '_> { Box::new(value) } }
item! { fn sorted<T: Ord, V: AsMut<[T]>>(mut values: V) -> V { values.as_mut().sort(); values } }
item! { fn compared<T>(a: &T, b: &T) -> bool where for<'x> &'x T: PartialEq { a == b } }
item! { fn deep<T>(value: T) -> Option<Option<Result<T, ()>>> { Some(Some(Ok(value))) } }
item! { fn iterated<T, const N: usize>(values: [T; N]) -> std::array::IntoIter<T, N> { IntoIterator::into_iter(values) } }
item! { fn pointer<T>(value: &T) -> *const T { value } }
item! { fn sent<T: Send>(value: T) -> T { std::thread::scope(|scope| scope.spawn(move || value).join().unwrap_or_else(|_| panic!())) } }
item! { async fn later<T>(value: T) -> T { pause().await; value } }
item! { async fn later_shown<'a, T: Display + ?Sized>(value: &'a T) -> Result<String, std::fmt::Error> { pause().await; let text = value.to_string(); if text.is_empty() { return Err(std::fmt::Error); } Ok(text) } }
item! { async fn later_mapped<T, F, Fut>(value: T, f: F) -> Fut::Output where F: FnOnce(T) -> Fut, Fut: Future { f(value).await } }
item! { async fn later_async_fn(f: impl AsyncFn(&str) -> usize) -> usize { f("ab").await + f("c").await } }
item! { async fn later_const<const N: usize>(values: [u8; N]) -> usize { pause().await; values.len() + N } }
item! { async fn later_impl(f: impl Fn(&str) -> usize, text: impl AsRef<str>) -> usize { pause().await; f(text.as_ref()) } }
item! { async fn later_where<T>(value: T) -> T where T: Clone + Send + 'static, Vec<T>: Debug { pause().await; value.clone() } }

pub(crate) fn run() {
    show!((identity("a"), shown(1), unsized_argument("ab"), impl_argument("a")));
    let mut seen = vec![];
    show!(impl_arguments(|s| s.len(), |n| seen.push(n), || "c".into()));
    show!((seen, higher_ranked(|a, b| if a > b { a } else { b }), higher_ranked_dyn(&|a| &a[1..])));
    show!((associated([1, 2]), projected("ab".chars()), bounded([1, 3, 2]), const_generic::<2, u8>()));
    show!((const_bool::<true>("a"), const_bool::<false>("a"), keyed(&mut HashMap::new(), &"a", || 1)));
    show!((tagged("a").0, closure_result(|| Ok::<_, ()>(1)), closure_result(|| Err::<(), _>(1))));
    show!((error_converted::<_, Box<dyn std::error::Error>>("1", |n| n + 1).ok(), error_converted::<(), std::num::ParseIntError>("x", drop)));
    show!((static_bound(1u8).downcast_ref::<u8>().copied(), dyn_bound("a"), dyn_elided(&1), sorted(vec![2, 1])));
    show!((compared(&1, &1), deep(1), iterated([1, 2]).sum::<u8>(), pointer(&1).is_null(), sent(5)));
    show!((wait(later(1)), wait(later_shown("a")), wait(later_shown("")), wait(later_mapped(1, async |n: u8| n + 1))));
    show!((wait(later_async_fn(async |s| s.len())), wait(later_const([1, 2])), wait(later_impl(|s| s.len(), "abc")), wait(later_where(1))));
}
