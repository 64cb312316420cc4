// Functions that make futures, and which auto traits these have.

use std::error::Error;
use std::future::{Ready, ready};
use std::num::ParseIntError;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

item! { async fn nothing() {} }
item! { async fn unit() -> () { pause().await } }
item! { async fn number(n: u8) -> u8 { pause().await; n } }
item! { async fn returned(n: u8) -> u8 { if n == 0 { return 9; } pause().await; n } }
item! { async fn question(s: &str) -> Result<u8, ParseIntError> { pause().await; Ok(s.parse::<u8>()?) } }
item! { async fn boxed_error(s: &str) -> Result<u8, Box<dyn Error>> { if s.is_empty() { Err("empty")? } pause().await; Ok(s.parse()?) } }
item! { async fn boxed_error_last(s: &str) -> Result<u8, Box<dyn Error>> { pause().await; if s == "1" { return Ok(1); } Err(Box::new(std::fmt::Error)) } }
item! { async fn option(s: &str) -> Option<char> { let c = s.chars().next()?; pause().await; Some(c) } }
item! { async fn borrowed<'a>(a: &'a str, b: &str) -> &'a str { pause().await; let _ = b; a } }
item! { async fn mutable(a: &mut Vec<u8>) -> &mut u8 { a.push(1); pause().await; &mut a[0] } }
item! { async fn coerced(n: u8) -> Box<dyn std::fmt::Display> { if n == 0 { return Box::new("none"); } pause().await; Box::new(n) } }
item! { async fn dyn_fn(n: usize) -> Box<dyn Fn(&str) -> usize + Send> { pause().await; Box::new(move |s| s.len() + n) } }
item! { async fn patterns((a, b): (u8, String), [c, ..]: [u8; 2], mut d: Vec<u8>, _: String) -> usize { d.push(a); pause().await; b.len() + d.len() + c as usize } }
item! { async fn looped(mut n: u8) -> u8 { loop { pause().await; n += 1; if n > 3 { break n; } } } }
item! { async fn locked(m: Arc<Mutex<u8>>) -> u8 { pause().await; *m.lock().unwrap() } }
item! { async fn with_rc(n: u8) -> Rc<u8> { pause().await; Rc::new(n) } }
item! { async fn holds_rc(n: u8) -> u8 { let n = Rc::new(n); pause().await; *n } }
item! { async fn holds_cell(n: Cell<u8>) -> u8 { pause().await; n.get() } }
item! { async fn borrows_cell(n: &Cell<u8>) -> u8 { pause().await; n.get() } }
item! { async fn takes_raw(n: *const u8) -> bool { pause().await; n.is_null() } }
item! { async fn unused_rc(_n: Rc<u8>) -> u8 { pause().await; 1 } }
item! { async fn wild_rc(_: Rc<u8>) -> u8 { pause().await; 1 } }
item! { async fn wild_cell(_: &Cell<u8>) -> u8 { pause().await; 1 } }
item! { async fn recursive(n: u64) -> u64 { if n == 0 { return 1; } n * Box::pin(recursive(n - 1)).await } }
item! { async fn endless(n: &Cell<u8>) -> ! { loop { n.set(n.get() + 1); pause().await; } } }
item! { async fn nested() -> u8 { let f = async |n: u8| { pause().await; n + 1 }; f(1).await + async { 1 }.await } }
item! { async fn dyn_future(f: Pin<&mut (dyn Future<Output = u8> + Send)>) -> u8 { f.await + 1 } }
item! { async fn tail_temporary(m: Mutex<Vec<u8>>) -> usize { pause().await; m.lock().unwrap().len() } }
item! { async fn inner_items(n: u8) -> u8 { async fn double(n: u8) -> u8 { n * 2 } const ONE: u8 = 1; double(n).await + ONE } }

item! { fn impl_block(n: u8) -> impl Future<Output = u8> { async move { pause().await; n } } }
item! { fn impl_block_unmoved() -> impl Future<Output = u8> { async { pause().await; 1 } } }
item! { fn impl_send(s: &str) -> impl Future<Output = Result<u8, Box<dyn Error>>> + '_ { async move { pause().await; Ok(s.parse()?) } } }
item! { fn impl_before(s: &str) -> impl Future<Output = usize> + use<> { let n = s.len(); async move { pause().await; n } } }
item! { fn impl_return(n: u8) -> impl Future<Output = u8> { async move { if n == 0 { return 9; } pause().await; n } } }
item! { fn impl_other(n: u8) -> impl Future<Output = u8> { number(n) } }
item! { fn impl_ready(n: u8) -> impl Future<Output = u8> { ready(n) } }
item! { fn impl_ready_unpin(n: u8) -> impl Future<Output = u8> + Unpin { ready(n) } }
item! { fn impl_ready_all(n: u8) -> impl Future<Output = u8> + Unpin + Send + Sync + 'static { ready(n) } }
item! { fn impl_ready_clone(n: u8) -> impl Future<Output = u8> + Clone { ready(n) } }
item! { fn impl_debug(n: u8) -> impl std::fmt::Debug + Future<Output = u8> { ready(n) } }
item! { fn impl_early(n: u8) -> impl Future<Output = u8> { if n == 0 { return ready(9); } ready(n) } }
item! { fn impl_nested(n: u8) -> impl Future<Output = impl std::fmt::Display> { async move { pause().await; n } } }
item! { fn impl_nested_result<'a>(s: &'a str) -> impl Future<Output = Result<impl std::fmt::Display + 'a, ParseIntError>> + 'a { async move { let n: u8 = s.parse()?; Ok(n) } } }
item! { fn impl_own() -> impl MyFuture { ready(1) } }
item! { fn impl_in_option(n: u8) -> Option<impl Future<Output = u8>> { (n > 0).then(|| number(n)) } }
item! { fn named(n: u8) -> Ready<u8> { ready(n) } }
item! { fn by_hand(n: u8) -> Own { Own(n) } }

item! { fn boxed(n: u8) -> Pin<Box<dyn Future<Output = u8>>> { Box::pin(async move { pause().await; n }) } }
item! { fn boxed_send(s: &str) -> Pin<Box<dyn Future<Output = Fallible<u8>> + Send + '_>> { Box::pin(async move { pause().await; Ok(s.parse()?) }) } }
item! { fn boxed_sync(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send + Sync>> { Box::pin(async move { n }) } }
item! { fn boxed_alias(s: String) -> Boxed<Fallible<u8>> { Box::pin(async move { pause().await; Ok(s.parse()?) }) } }
item! { fn boxed_alias_early(s: String) -> Boxed<Fallible<u8>> { Box::pin(async move { if s.is_empty() { return Err("empty".into()); } Ok(s.parse()?) }) } }
item! { fn boxed_life(s: &str) -> BoxFuture<'_, Fallible<u8>> { Box::pin(async move { pause().await; Ok(s.parse()?) }) } }
item! { fn boxed_local(s: Rc<str>) -> LocalBoxFuture<'static, Fallible<u8>> { Box::pin(async move { pause().await; Ok(s.parse()?) }) } }
item! { fn boxed_early(s: &str) -> BoxFuture<'_, Fallible<u8>> { if s.is_empty() { return Box::pin(ready(Err("empty".into()))); } Box::pin(async move { pause().await; Ok(s.parse()?) }) } }
item! { fn boxed_other(n: u8) -> BoxFuture<'static, u8> { Box::pin(number(n)) } }
item! { fn boxed_handed_on(n: u8) -> BoxFuture<'static, u8> { boxed_other(n) } }
item! { fn boxed_ready(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> { Box::pin(ready(n)) } }
item! { fn boxed_recursive(n: u8) -> Boxed<u8> { Box::pin(async move { if n == 0 { return 0; } n + boxed_recursive(n - 1).await }) } }
item! { fn boxed_impl(n: u8) -> Pin<Box<impl Future<Output = u8>>> { Box::pin(number(n)) } }
item! { fn boxed_unpinned(n: u8) -> Box<dyn Future<Output = u8> + Unpin> { Box::new(ready(n)) } }
item! { fn many(n: u8) -> Vec<Boxed<u8>> { (0..n).map(|n| Box::pin(number(n)) as Boxed<u8>).collect() } }
item! { fn any() -> Pin<Box<dyn std::any::Any>> { Box::pin(async { 1 }) } }

pub(crate) trait MyFuture: Future<Output = u8> {}
impl<F: Future<Output = u8>> MyFuture for F {}

pub(crate) struct Own(u8);

impl Future for Own {
    type Output = u8;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> { Poll::Ready(self.0) }
}

/// A service as those of `tower`: the type of its future is an associated one.
pub(crate) trait Service<Request> {
    type Response;
    type Error;
    type Future: Future<Output = Result<Self::Response, Self::Error>>;
    fn call(&mut self, request: Request) -> Self::Future;
}

pub(crate) struct Parse;

impl Service<String> for Parse {
    type Response = u8;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<u8, Self::Error>> + Send>>;
    item! { fn call(&mut self, request: String) -> Self::Future { Box::pin(async move { pause().await; Ok(request.parse()?) }) } }
}

impl Service<u8> for Parse {
    type Response = u8;
    type Error = ();
    type Future = Ready<Result<u8, ()>>;
    item! { fn call(&mut self, request: u8) -> Self::Future { ready(Ok(request)) } }
}

fn text<T: std::fmt::Debug>(fallible: Fallible<T>) -> String {
    format!("{:?}", fallible.map_err(|e| e.to_string()))
}

pub(crate) fn run() {
    show!((wait(nothing()), wait(unit()), wait(number(1)), wait(returned(0)), wait(returned(1))));
    show!(["1", "x"].map(|s| wait(question(s))));
    show!(["1", "x", ""].map(|s| wait(boxed_error(s)).map_err(|e| e.to_string())));
    show!(["1", "x"].map(|s| wait(boxed_error_last(s)).map_err(|e| e.to_string())));
    show!((wait(option("a")), wait(option("")), wait(borrowed("a", "b")), wait(mutable(&mut vec![]))));
    show!((wait(coerced(0)).to_string(), wait(coerced(1)).to_string(), wait(dyn_fn(1))("ab")));
    show!((wait(patterns((1, "b".into()), [3, 4], vec![], "".into())), wait(looped(0)), wait(locked(Default::default()))));
    show!((wait(with_rc(1)), wait(holds_rc(1)), wait(holds_cell(Cell::new(1))), wait(borrows_cell(&Cell::new(1)))));
    show!((wait(takes_raw(&1)), wait(unused_rc(Rc::new(1))), wait(wild_rc(Rc::new(1))), wait(wild_cell(&Cell::new(1)))));
    show!((wait(recursive(4)), wait(nested()), wait(dyn_future(std::pin::pin!(ready(1))))));
    show!((wait(tail_temporary(Mutex::new(vec![1]))), wait(inner_items(2))));
    let n = Cell::new(0);
    drop_half_way(async { endless(&n).await });
    show!(n.get());
    show!((wait(impl_block(1)), wait(impl_block_unmoved()), wait(impl_before("ab")), wait(impl_return(0)), wait(impl_return(1))));
    show!(["1", "x"].map(|s| wait(impl_send(s)).map_err(|e| e.to_string())));
    show!((wait(impl_other(1)), wait(impl_ready(1)), wait(impl_ready_unpin(1)), wait(impl_ready_all(1)), wait(impl_ready_clone(1).clone())));
    show!((wait(impl_debug(1)), wait(impl_early(0)), wait(impl_early(1)), wait(impl_nested(1)).to_string(), wait(impl_own())));
    show!(["1", "x"].map(|s| wait(impl_nested_result(s)).map(|n| n.to_string())));
    show!((impl_in_option(1).map(wait), impl_in_option(0).map(wait), wait(named(1)), wait(by_hand(1))));
    show!((wait(boxed(1)), text(wait(boxed_send("1"))), text(wait(boxed_send("x"))), wait(boxed_sync(1))));
    show!(["1", "x", ""].map(|s| text(wait(boxed_alias(s.into())))));
    show!(["1", "x", ""].map(|s| text(wait(boxed_alias_early(s.into())))));
    show!(["1", "x", ""].map(|s| text(wait(boxed_life(s)))));
    show!(["1", "x", ""].map(|s| text(wait(boxed_local(s.into())))));
    show!(["1", "x", ""].map(|s| text(wait(boxed_early(s)))));
    show!((wait(boxed_other(1)), wait(boxed_handed_on(1)), wait(boxed_ready(1)), wait(boxed_recursive(3)), wait(boxed_impl(1))));
    show!((wait(boxed_unpinned(1)), many(2).into_iter().map(wait).collect::<Vec<_>>(), any().type_id() == any().type_id()));
    show!((text(wait(Parse.call("1".to_owned()))), text(wait(Parse.call("x".to_owned()))), wait(Parse.call(1u8))));
    auto_traits();
}

fn auto_traits() {
    traits!(nothing());
    traits!(number(1));
    traits!(boxed_error(""));
    traits!(mutable(&mut vec![]));
    traits!(dyn_fn(1));
    traits!(patterns((1, "".into()), [1, 2], vec![], "".into()));
    traits!(locked(Default::default()));
    traits!(with_rc(1));
    traits!(holds_rc(1));
    traits!(holds_cell(Cell::new(1)));
    traits!(borrows_cell(&Cell::new(1)));
    traits!(takes_raw(&1));
    traits!(unused_rc(Rc::new(1)));
    traits!(wild_rc(Rc::new(1)));
    traits!(wild_cell(&Cell::new(1)));
    traits!(endless(&Cell::new(1)));
    traits!(nested());
    traits!(impl_block(1));
    traits!(impl_send(""));
    traits!(impl_other(1));
    traits!(impl_ready(1));
    traits!(impl_ready_unpin(1));
    traits!(impl_ready_all(1));
    traits!(impl_ready_clone(1));
    traits!(impl_early(1));
    traits!(impl_nested(1));
    traits!(impl_own());
    traits!(boxed(1));
    traits!(boxed_send(""));
    traits!(boxed_sync(1));
    traits!(boxed_alias("".into()));
    traits!(boxed_local("".into()));
    traits!(boxed_other(1));
    traits!(boxed_impl(1));
    traits!(Parse.call(1u8));
}
