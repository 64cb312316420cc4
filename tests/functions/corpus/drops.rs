// The order in which arguments, variables and temporary values are dropped.

use std::rc::Rc;

item! { fn two(a: Noisy, b: Noisy) { log("body"); let _ = (&a, &b); } }
item! { fn used_backwards(a: Noisy, b: Noisy, c: Noisy) { log(c.0); log(b.0); log(a.0); } }
item! { fn one_used(a: Noisy, _b: Noisy, c: Noisy) -> &'static str { let _ = &a; c.0 } }
item! { fn none_used(_a: Noisy, _b: Noisy) { log("body"); } }
item! { #[allow(unused_variables)] fn unused(a: Noisy, b: Noisy, c: Noisy) { log(b.0); } }
item! { fn wild(_: Noisy, a: Noisy, _: Noisy, b: Noisy) { log(a.0); log(b.0); } }
item! { fn wild_only(_: Noisy, _: Noisy) { log("body"); } }
item! { fn one_moved(a: Noisy, b: Noisy, c: Noisy) -> Noisy { let _ = (&a, &c); b } }
item! { fn one_dropped(a: Noisy, b: Noisy, c: Noisy) { let _ = (&a, &c); drop(b); log("body"); } }
item! { fn perhaps_moved(a: Noisy, b: Noisy, c: Noisy, keep: bool) -> Option<Noisy> { let _ = (&a, &c); if keep { return Some(b); } None } }
item! { fn with_locals(a: Noisy, b: Noisy) { let _x = Noisy("x"); let _y = Noisy("y"); log(a.0); log(b.0); } }
item! { fn moved_to_local(a: Noisy, b: Noisy) { let _x = Noisy("x"); let _b = b; log(a.0); } }
item! { fn early(a: Noisy, b: Noisy, leave: bool) -> u8 { let _x = Noisy("x"); if leave { return 1; } let _ = (&a, &b); let _y = Noisy("y"); 2 } }
item! { fn question(a: Noisy, b: Noisy, n: Option<u8>) -> Option<u8> { let _x = Noisy("x"); let n = n?; let _ = (&a, &b); Some(n) } }
item! { fn panics(a: Noisy, b: Noisy) { let _x = Noisy("x"); let _ = (&a, &b); panic!("on purpose") } }
item! { fn never(a: Noisy, b: Noisy) -> ! { let _x = Noisy("x"); let _ = (&a, &b); panic!("on purpose") } }
item! { fn mutable(mut a: Noisy, mut b: Noisy) { std::mem::swap(&mut a, &mut b); a = Noisy("new"); log(a.0); } }
item! { fn tuple((a, b): (Noisy, Noisy), c: Noisy) { let _ = (&a, &b, &c); } }
item! { fn rest_of_tuple((a, _): (Noisy, Noisy), (_, b): (Noisy, Noisy)) { let _ = (&a, &b); log("body"); } }
item! { fn rest_between(a: Noisy, (_, b, ..): (Noisy, Noisy, Noisy, Noisy), c: Noisy) { let _ = (&a, &b, &c); } }
item! { fn rest_of_struct(Two { a, .. }: Two, c: Noisy, Two { b: d, .. }: Two) { let _ = (&a, &c, &d); } }
item! { fn rest_of_slice([first, .., last]: [Noisy; 4], x: Noisy) { let _ = (&first, &last, &x); } }
item! { fn by_reference(ref a: Noisy, (ref b, c): (Noisy, Noisy), d: Noisy) { let _ = (a, b, &c, &d); } }
item! { fn bound_whole(all @ Two { .. }: Two, b: Noisy) { let _ = (&all, &b); } }
item! { fn partly_moved(two: Two, c: Noisy) -> Noisy { let _ = &c; two.b } }
item! { fn partly_used(two: Two, c: Noisy) { log(two.b.0); log(c.0); } }
item! { fn copies(a: u8, b: Noisy, c: &Noisy, d: Noisy) -> u8 { let _ = (&b, c, &d); a } }
item! { fn boxes(a: Box<Noisy>, b: Rc<Noisy>, c: Vec<Noisy>) { let _ = (&c, &b, &a); } }
item! { fn boxed_moved(a: Box<Noisy>, b: Noisy) -> Noisy { let _ = &b; *a } }
item! { fn generic<T, U>(a: T, b: U) -> usize { let _ = &a; size_of_val(&b) } }
item! { fn impls(a: impl Fn() -> &'static str, b: impl Fn() -> &'static str) { log(b()); log(a()); } }
item! { fn closure_kept(a: Noisy, b: Noisy) -> impl Fn() -> &'static str { let _ = &b; move || a.0 } }
item! { fn closure_lazy(a: Noisy, b: Noisy) -> impl Fn(&str) -> usize { let _ = &b; move |s| s.len() + a.0.len() } }
item! { fn borrowed_tail(a: Noisy, b: RefCell<Noisy>) -> &'static str { let _ = &a; b.borrow().0 } }
item! { fn temporary_in_tail(a: Noisy, b: Noisy) -> usize { let _ = (&a, &b); Noisy("temporary").0.len() } }
item! { fn guard_and_guarded(guarded: Guarded, guard: Guard) { let _ = &guarded; log(guard.0); } }
item! { fn guard_and_used(_guarded: Guarded, _guard: Guard) { log("body"); } }
item! { fn many(a: Noisy, b: Noisy, c: Noisy, d: Noisy, e: Noisy, f: Noisy) { let _ = (&d, &b, &f, &a); log("body"); let _ = (&c, &e); } }
item! { fn result(a: Noisy, b: Noisy) -> Result<Noisy, Noisy> { log(b.0); Err(a)? } }
item! { fn assigned(a: Noisy, mut b: Option<Noisy>) { b = b.take().map(|_| Noisy("other")); log(a.0); let _ = &b; } }

impl Two {
    item! { fn by_value(self, c: Noisy) { log(c.0); let _ = &self; } }
    item! { fn unused_self(self, c: Noisy) { log(c.0); } }
    item! { fn by_mut_value(mut self, c: Noisy) { self.a = Noisy("new"); log(c.0); } }
    item! { fn partly(self, c: Noisy) -> Noisy { let _ = &c; self.a } }
    item! { fn by_box(self: Box<Self>, c: Noisy) -> Noisy { let _ = &c; self.b } }
    item! { fn by_rc(self: Rc<Self>, c: Noisy) { let _ = &c; } }
    item! { async fn later(self, c: Noisy) { pause().await; log(c.0); let _ = &self; } }
    item! { async fn later_unused(self, c: Noisy) { pause().await; log(c.0); } }
    item! { async fn later_partly(self, c: Noisy) -> Noisy { pause().await; let _ = &c; self.a } }
}

item! { async fn later_two(a: Noisy, b: Noisy) { pause().await; log("body"); let _ = (&a, &b); } }
item! { async fn later_backwards(a: Noisy, b: Noisy, c: Noisy) { pause().await; log(c.0); log(b.0); log(a.0); } }
item! { async fn later_one_used(a: Noisy, _b: Noisy, c: Noisy) -> &'static str { let _ = &a; pause().await; c.0 } }
item! { #[allow(unused_variables)] async fn later_unused(a: Noisy, b: Noisy, c: Noisy) { pause().await; log(b.0); } }
item! { async fn later_wild(_: Noisy, a: Noisy, _: Noisy, b: Noisy) { pause().await; log(a.0); log(b.0); } }
item! { async fn later_moved(a: Noisy, b: Noisy, c: Noisy) -> Noisy { let _ = (&a, &c); pause().await; b } }
item! { async fn later_perhaps(a: Noisy, b: Noisy, c: Noisy, keep: bool) -> Option<Noisy> { let _ = (&a, &c); pause().await; if keep { return Some(b); } None } }
item! { async fn later_locals(a: Noisy, b: Noisy) { let _x = Noisy("x"); pause().await; let _y = Noisy("y"); log(a.0); log(b.0); } }
item! { async fn later_panics(a: Noisy, b: Noisy) { let _x = Noisy("x"); pause().await; let _ = (&a, &b); panic!("on purpose") } }
item! { async fn later_never(a: Noisy, b: Noisy) -> ! { let _x = Noisy("x"); loop { pause().await; let _ = (&a, &b); } } }
item! { async fn later_mutable(mut a: Noisy, mut b: Noisy) { std::mem::swap(&mut a, &mut b); pause().await; a = Noisy("new"); log(a.0); } }
item! { async fn later_tuple((a, b): (Noisy, Noisy), c: Noisy) { pause().await; let _ = (&a, &b, &c); } }
item! { async fn later_rest((a, _): (Noisy, Noisy), (_, b): (Noisy, Noisy)) { pause().await; let _ = (&a, &b); log("body"); } }
item! { async fn later_rest_of_struct(Two { a, .. }: Two, c: Noisy, Two { b: d, .. }: Two) { pause().await; let _ = (&a, &c, &d); } }
item! { async fn later_by_reference(ref a: Noisy, (ref b, c): (Noisy, Noisy), d: Noisy) { pause().await; let _ = (a, b, &c, &d); } }
item! { async fn later_partly_used(two: Two, c: Noisy) { pause().await; log(two.b.0); log(c.0); } }
item! { async fn later_tail(a: Noisy, b: RefCell<Noisy>) -> &'static str { let _ = &a; pause().await; b.borrow().0 } }
item! { async fn later_closure(a: Noisy, b: Noisy) -> impl Fn(&str) -> usize { pause().await; let _x = Noisy("x"); log(b.0); move |s| s.len() + a.0.len() } }
item! { async fn later_guard(guarded: Guarded, guard: Guard) { pause().await; let _ = &guarded; log(guard.0); } }
item! { fn block(a: Noisy, b: Noisy, c: Noisy) -> impl Future<Output = ()> { log(c.0); async move { log(b.0); pause().await; log(a.0); } } }
item! { fn block_early(a: Noisy, b: Noisy, leave: bool) -> Pin<Box<dyn Future<Output = u8>>> { let x = Noisy("x"); if leave { return Box::pin(async move { log(b.0); 1 }); } Box::pin(async move { log(x.0); pause().await; log(a.0); 2 }) } }
item! { fn boxed(a: Noisy, b: Noisy) -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(async move { log(b.0); pause().await; log(a.0); }) } }
item! { fn made_elsewhere(a: Noisy, b: Noisy) -> impl Future<Output = ()> { log("made"); later_two(b, a) } }

pub(crate) struct Two { a: Noisy, b: Noisy }

fn two_of(a: &'static str, b: &'static str) -> Two {
    Two { a: Noisy(a), b: Noisy(b) }
}

/// Must not be dropped before what guards it: it notices.
pub(crate) struct Guarded(Rc<Cell<bool>>);
pub(crate) struct Guard(&'static str, Rc<Cell<bool>>);

impl Drop for Guarded {
    fn drop(&mut self) {
        log(if self.0.get() { "dropped while guarded" } else { "dropped unguarded" });
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.1.set(false);
    }
}

fn guarded() -> (Guarded, Guard) {
    let is_guarded = Rc::new(Cell::new(true));
    (Guarded(is_guarded.clone()), Guard("guard", is_guarded))
}

fn a() -> Noisy { Noisy("a") }
fn b() -> Noisy { Noisy("b") }
fn c() -> Noisy { Noisy("c") }
fn d() -> Noisy { Noisy("d") }

pub(crate) fn run() {
    sync();
    sync_patterns();
    methods();
    later();
    half_way();
}

fn sync() {
    step!(two(a(), b()));
    step!(used_backwards(a(), b(), c()));
    step!(one_used(a(), b(), c()));
    step!(none_used(a(), b()));
    step!(unused(a(), b(), c()));
    step!(wild(a(), b(), c(), d()));
    step!(wild_only(a(), b()));
    step!(one_moved(a(), b(), c()));
    step!(one_dropped(a(), b(), c()));
    step!(perhaps_moved(a(), b(), c(), true));
    step!(perhaps_moved(a(), b(), c(), false));
    step!(with_locals(a(), b()));
    step!(moved_to_local(a(), b()));
    step!(early(a(), b(), true));
    step!(early(a(), b(), false));
    step!(question(a(), b(), Some(1)));
    step!(question(a(), b(), None));
    step!(catch_unwind(|| panics(a(), b())));
    step!(catch_unwind(|| { never(a(), b()); }));
    step!(mutable(a(), b()));
    step!(copies(1, a(), &b(), c()));
    step!(boxes(Box::new(a()), Rc::new(b()), vec![c(), d()]));
    step!(boxed_moved(Box::new(a()), b()));
    step!(generic(a(), b()));
    let (x, y) = (a(), b());
    step!(impls(move || x.0, move || y.0));
    step!(closure_kept(a(), b())());
    step!(closure_lazy(a(), b())("x"));
    step!(borrowed_tail(a(), RefCell::new(b())));
    step!(temporary_in_tail(a(), b()));
    let (guarded_value, guard) = guarded();
    step!(guard_and_guarded(guarded_value, guard));
    let (guarded_value, guard) = guarded();
    step!(guard_and_used(guarded_value, guard));
    step!(many(a(), b(), c(), d(), Noisy("e"), Noisy("f")));
    step!(result(a(), b()));
    step!(assigned(a(), Some(b())));
}

fn sync_patterns() {
    step!(tuple((a(), b()), c()));
    step!(rest_of_tuple((a(), b()), (c(), d())));
    step!(rest_between(a(), (b(), c(), d(), Noisy("e")), Noisy("f")));
    step!(rest_of_struct(two_of("a", "b"), c(), two_of("d", "e")));
    step!(rest_of_slice([a(), b(), c(), d()], Noisy("x")));
    step!(by_reference(a(), (b(), c()), d()));
    step!(bound_whole(two_of("a", "b"), c()));
    step!(partly_moved(two_of("a", "b"), c()));
    step!(partly_used(two_of("a", "b"), c()));
}

fn methods() {
    let two = || two_of("a", "b");
    step!(two().by_value(c()));
    step!(two().unused_self(c()));
    step!(two().by_mut_value(c()));
    step!(two().partly(c()));
    step!(Box::new(two()).by_box(c()));
    step!(Rc::new(two()).by_rc(c()));
    step!(wait(two().later(c())));
    step!(wait(two().later_unused(c())));
    step!(wait(two().later_partly(c())));
    step!(drop_half_way(two().later(c())));
    step!(drop_half_way(two().later_unused(c())));
}

fn later() {
    step!(wait(later_two(a(), b())));
    step!(wait(later_backwards(a(), b(), c())));
    step!(wait(later_one_used(a(), b(), c())));
    step!(wait(later_unused(a(), b(), c())));
    step!(wait(later_wild(a(), b(), c(), d())));
    step!(wait(later_moved(a(), b(), c())));
    step!(wait(later_perhaps(a(), b(), c(), true)));
    step!(wait(later_perhaps(a(), b(), c(), false)));
    step!(wait(later_locals(a(), b())));
    step!(catch_unwind(|| wait(later_panics(a(), b()))));
    step!(wait(later_mutable(a(), b())));
    step!(wait(later_tuple((a(), b()), c())));
    step!(wait(later_rest((a(), b()), (c(), d()))));
    step!(wait(later_rest_of_struct(two_of("a", "b"), c(), two_of("d", "e"))));
    step!(wait(later_by_reference(a(), (b(), c()), d())));
    step!(wait(later_partly_used(two_of("a", "b"), c())));
    step!(wait(later_closure(a(), b()))("x"));
    step!(wait(later_tail(a(), RefCell::new(b()))));
    let (guarded_value, guard) = guarded();
    step!(wait(later_guard(guarded_value, guard)));
    step!(wait(block(a(), b(), c())));
    step!(wait(block_early(a(), b(), true)));
    step!(wait(block_early(a(), b(), false)));
    step!(wait(boxed(a(), b())));
    step!(wait(made_elsewhere(a(), b())));
}

fn half_way() {
    step!(drop_half_way(later_two(a(), b())));
    step!(drop_half_way(later_backwards(a(), b(), c())));
    step!(drop_half_way(later_one_used(a(), b(), c())));
    step!(drop_half_way(later_unused(a(), b(), c())));
    step!(drop_half_way(later_wild(a(), b(), c(), d())));
    step!(drop_half_way(later_locals(a(), b())));
    step!(drop_half_way(async { later_never(a(), b()).await }));
    step!(drop_half_way(later_tuple((a(), b()), c())));
    step!(drop_half_way(later_rest((a(), b()), (c(), d()))));
    step!(drop_half_way(later_rest_of_struct(two_of("a", "b"), c(), two_of("d", "e"))));
    step!(drop_half_way(later_partly_used(two_of("a", "b"), c())));
    step!(drop_half_way(later_closure(a(), b())));
    step!(drop_half_way(block(a(), b(), c())));
    step!(drop_half_way(boxed(a(), b())));
    step!(drop_half_way(made_elsewhere(a(), b())));
    let (guarded_value, guard) = guarded();
    step!(drop_half_way(later_guard(guarded_value, guard)));
    // Never polled.
    step!(later_two(a(), b()));
    step!(later_backwards(a(), b(), c()));
    step!(later_wild(a(), b(), c(), d()));
    step!(later_rest((a(), b()), (c(), d())));
    step!(block(a(), b(), c()));
    step!(boxed(a(), b()));
    step!(made_elsewhere(a(), b()));
}
