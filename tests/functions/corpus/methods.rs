// Methods, with every receiver, of types and of traits.

use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shelf<T> {
    items: Vec<T>,
    name: String,
}

impl<T: Clone + Display> Shelf<T> {
    item! { fn new(name: &str) -> Self { Self { items: vec![], name: name.to_owned() } } }
    item! { fn by_ref(&self) -> Option<&T> { self.items.first() } }
    item! { fn by_mut(&mut self, item: T) -> &mut T { self.items.push(item); self.items.last_mut().unwrap() } }
    item! { fn by_value(self) -> Vec<T> { self.items } }
    item! { fn by_mut_value(mut self) -> Self { self.items.clear(); self } }
    item! { fn by_box(self: Box<Self>) -> String { self.name } }
    item! { fn by_rc(self: Rc<Self>) -> usize { Rc::strong_count(&self) } }
    item! { fn by_arc(self: &Arc<Self>) -> Arc<Self> { Arc::clone(self) } }
    item! { fn by_pin(self: Pin<&mut Self>, name: &str) -> usize where T: Unpin { let this = self.get_mut(); this.name.push_str(name); this.name.len() } }
    item! { fn by_typed(self: &Self) -> &str { &self.name } }
    item! { fn taken_apart(self) -> (String, Vec<T>) { let Self { items, name } = self; (name, items) } }
    item! { fn partly(self) -> String { let items = self.items; drop(items); self.name } }
    item! { fn fields(&mut self) -> (&mut Vec<T>, &mut String) { (&mut self.items, &mut self.name) } }
    item! { fn two_lives<'a>(&'a self, other: &'a str) -> &'a str { if self.name.is_empty() { return other; } &self.name } }
    item! { fn other_life<'a>(&self, other: &'a str) -> &'a str { other } }
    item! { fn iterator(&self) -> impl Iterator<Item = &T> { self.items.iter() } }
    item! { fn iterator_mut(&mut self) -> impl Iterator<Item = &mut T> { self.items.iter_mut() } }
    item! { fn dyn_iterator(&self) -> Box<dyn Iterator<Item = &T> + '_> { Box::new(self.items.iter()) } }
    item! { fn predicate(&self) -> impl Fn(&T) -> bool + '_ { move |item| item.to_string() == self.name } }
    item! { fn chained(&mut self, item: T) -> &mut Self { self.items.push(item); self } }
    item! { fn generic<U: From<T>>(&self) -> Vec<U> { self.items.iter().cloned().map(U::from).collect() } }
    item! { fn associated(n: usize) -> Vec<Self> { vec![Self { items: vec![], name: n.to_string() }; n] } }
    item! { fn fallible(&mut self, s: &str) -> Result<&mut Self, std::num::ParseIntError> { let n: usize = s.parse()?; self.items.truncate(n); Ok(self) } }
    item! { fn recursive(&self, n: usize) -> usize { if n == 0 { return self.items.len(); } self.recursive(n - 1) + 1 } }
    item! { fn callback(&mut self, f: impl FnOnce(&mut Self)) { f(self) } }
    item! { async fn later_ref(&self) -> usize { pause().await; self.items.len() } }
    item! { async fn later_mut(&mut self, item: T) -> &mut T { pause().await; self.items.push(item); self.items.last_mut().unwrap() } }
    item! { async fn later_value(self) -> Self { pause().await; self } }
    item! { async fn later_mut_value(mut self) -> Vec<T> { self.name.clear(); pause().await; self.items } }
    item! { async fn later_rc(self: Rc<Self>) -> String { pause().await; self.name.clone() } }
    item! { async fn later_arc(self: Arc<Self>, other: &str) -> bool { pause().await; self.name == other } }
    item! { async fn later_box(self: Box<Self>) -> Box<Self> { pause().await; self } }
    item! { async fn later_pin(self: Pin<&mut Self>) -> usize { pause().await; self.items.len() } }
    item! { async fn later_two<'a>(&'a self, other: &'a str) -> &'a str { pause().await; if self.name.is_empty() { return other; } &self.name } }
    item! { async fn later_fallible(&mut self, s: &str) -> Result<&mut Self, std::num::ParseIntError> { let n: usize = s.parse()?; pause().await; self.items.truncate(n); Ok(self) } }
    item! { fn future(&self) -> impl Future<Output = usize> + '_ { async move { pause().await; self.items.len() } } }
    item! { fn boxed_future<'a>(&'a mut self, item: T) -> Pin<Box<dyn Future<Output = usize> + 'a>> { Box::pin(async move { pause().await; self.items.push(item); self.items.len() }) } }
}

pub(crate) trait Stock {
    const NAME: &'static str;
    type Item: Display;

    fn get(&self) -> Self::Item;

    item! { fn shown(&self) -> String { format!("{} {}", Self::NAME, self.get()) } }
    item! { fn twice(self) -> [Self::Item; 2] where Self: Sized { [self.get(), self.get()] } }
    item! { fn named() -> &'static str where Self: Sized { Self::NAME } }
    item! { fn opaque(&self) -> impl Display { self.get() } }
    item! { fn opaque_closure(&self) -> impl Fn(&str) -> usize { let n = self.shown().len(); move |s| s.len() + n } }
    fn dyn_self(&self) -> &dyn Display;
    item! { fn later_default(&self) -> impl Future<Output = String> { async move { pause().await; self.shown() } } }
    fn later(&self, n: u8) -> impl Future<Output = u8> + Send;
}

pub(crate) struct Unit;

impl Stock for Unit {
    const NAME: &'static str = "unit";
    type Item = u8;

    item! { fn get(&self) -> Self::Item { 7 } }
    item! { fn dyn_self(&self) -> &dyn Display { &8 } }
    item! { async fn later(&self, n: u8) -> u8 { pause().await; n } }
}

impl std::str::FromStr for Unit {
    type Err = String;
    item! { fn from_str(s: &str) -> Result<Self, Self::Err> { if s.is_empty() { return Err("empty".into()); } Ok(Self) } }
}

impl Iterator for Unit {
    type Item = u8;
    item! { fn next(&mut self) -> Option<Self::Item> { None } }
}

impl Drop for Unit {
    item! { fn drop(&mut self) { log("drop of a unit"); } }
}

impl std::ops::Add<u8> for &Unit {
    type Output = u8;
    item! { fn add(self, other: u8) -> u8 { self.get() + other } }
}

impl std::fmt::Display for Unit {
    item! { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("a unit")?; write!(f, "!") } }
}

impl Future for Unit {
    type Output = u8;
    item! { fn poll(self: Pin<&mut Self>, _cx: &mut std::task::Context<'_>) -> std::task::Poll<u8> { std::task::Poll::Ready(1) } }
}

pub(crate) fn run() {
    let mut shelf = Shelf::<u8>::new("shelf");
    show!((shelf.by_ref(), shelf.clone().by_mut(1), shelf.clone().by_value(), shelf.clone().by_mut_value()));
    show!((Box::new(shelf.clone()).by_box(), Rc::new(shelf.clone()).by_rc(), Arc::new(shelf.clone()).by_arc().name.len()));
    show!((Pin::new(&mut shelf.clone()).by_pin("x"), shelf.by_typed(), shelf.clone().taken_apart(), shelf.clone().partly()));
    show!((shelf.fields().0.len(), shelf.two_lives("x"), shelf.other_life("x"), shelf.iterator().count()));
    show!((shelf.iterator_mut().count(), shelf.dyn_iterator().count(), shelf.predicate()(&1)));
    show!(shelf.chained(1).chained(2).items.len());
    show!((shelf.generic::<u16>(), Shelf::<u8>::associated(1), shelf.recursive(2)));
    show!((shelf.fallible("1").map(|s| s.items.len()), shelf.fallible("x").is_err()));
    show!(shelf.callback(|s| s.items.clear()));
    show!((wait(shelf.later_ref()), *wait(shelf.later_mut(1)), wait(shelf.clone().later_value())));
    show!((wait(shelf.clone().later_mut_value()), wait(Rc::new(shelf.clone()).later_rc())));
    show!((wait(Arc::new(shelf.clone()).later_arc("shelf")), wait(Box::new(shelf.clone()).later_box())));
    show!((wait(Pin::new(&mut shelf.clone()).later_pin()), wait(shelf.later_two("x"))));
    show!((wait(shelf.later_fallible("1")).is_ok(), wait(shelf.later_fallible("x")).is_err()));
    show!((wait(shelf.future()), wait(shelf.boxed_future(1))));
    traits!(shelf.future());
    traits!(shelf.later_ref());
    traits!(shelf.clone().later_value());
    let mut unit: Unit = "unit".parse().unwrap();
    show!(("".parse::<Unit>().is_err(), unit.next(), &unit + 1, unit.to_string(), wait(Unit)));
    show!((unit.shown(), Unit::named(), unit.opaque().to_string(), unit.opaque_closure()("a"), unit.dyn_self().to_string()));
    show!((wait(unit.later_default()), wait(Stock::later(&unit, 1))));
    show!(unit.twice());
}
