// Sync functions whose type of return can be written down.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Display};
use std::num::ParseIntError;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};

item! { fn nothing() {} }
item! { fn unit() -> () { () } }
item! { fn number() -> u8 { 7 } }
item! { fn suffixless() -> i64 { let n = 1; n + 2 } }
item! { fn float(x: f64) -> f64 { x * 2. } }
item! { fn text(s: &str) -> String { s.to_uppercase() } }
item! { fn constant() -> &'static str { const A: &str = "a"; A } }
item! { fn late() -> u8 { let n; n = 3; return n; } }
item! { fn looped(mut n: u8) -> u8 { loop { n += 1; if n > 9 { break n; } } } }
item! { fn labelled(n: u8) -> u8 { 'out: { if n > 3 { break 'out 1; } 2 } } }
item! { fn returns_in_loop(n: &[u8]) -> Option<usize> { for (i, x) in n.iter().enumerate() { if *x == 0 { return Some(i); } } None } }
item! { fn matched(n: Option<u8>) -> &'static str { match n { Some(0) => "zero", Some(n) if n > 9 => return "big", Some(_) => "small", None => "none" } } }
item! { fn let_else(n: Option<u8>) -> u8 { let Some(n) = n else { return 0 }; n } }
item! { fn if_let_chain(n: Option<&str>) -> usize { if let Some(s) = n { if let Ok(n) = s.parse::<usize>() { return n; } } 0 } }
item! { fn question(s: &str) -> Result<u8, ParseIntError> { Ok(s.parse::<u8>()? + 1) } }
item! { fn boxed_error(s: &str) -> Result<u8, Box<dyn Error>> { if s.is_empty() { Err("empty")? } Ok(s.parse()?) } }
item! { fn boxed_error_sync(s: &str) -> Result<u8, Box<dyn Error + Send + Sync + 'static>> { if s.is_empty() { return Err("empty".into()); } Ok(s.parse()?) } }
item! { fn option(s: &str) -> Option<char> { let c = s.chars().next()?; Some(c.to_ascii_uppercase()) } }
item! { fn flow(n: u8) -> ControlFlow<u8, u16> { if n > 3 { ControlFlow::Break(n)? } ControlFlow::Continue(n.into()) } }
item! { fn coerced() -> Box<dyn Display> { Box::new(1) } }
item! { fn coerced_early(n: u8) -> Box<dyn Display> { if n == 0 { return Box::new("none"); } Box::new(n) } }
item! { fn coerced_slice(n: &[u8; 3]) -> &[u8] { n } }
item! { fn coerced_dyn(n: &u8) -> &dyn Display { n } }
item! { fn coerced_rc() -> Rc<[u8]> { Rc::new([1, 2]) } }
item! { fn coerced_fn(n: u8) -> fn(u8) -> u8 { fn one(n: u8) -> u8 { n } if n == 0 { return one; } |n| n + 1 } }
item! { fn deref_coerced(s: &String) -> &str { s } }
item! { fn array<const N: usize>(n: u8) -> [u8; N] { [n; N] } }
item! { fn sum<const N: usize>(n: [u8; N]) -> u8 { n.iter().sum() } }
item! { fn tuple(n: u8) -> (u8, String, [u8; 2]) { (n, n.to_string(), [n, n]) } }
item! { fn borrowed<'a>(a: &'a str, _b: &str) -> &'a str { a } }
item! { fn elided(a: &mut Vec<u8>) -> &mut u8 { if a.is_empty() { a.push(1); } &mut a[0] } }
item! { fn reborrowed<'a>(a: &'a mut Vec<u8>) -> Option<&'a mut u8> { for x in a.iter_mut() { if *x > 1 { return Some(x); } } None } }
item! { fn split(a: &mut [u8]) -> (&mut [u8], &mut [u8]) { a.split_at_mut(1) } }
item! { fn cow(a: &str) -> Cow<'_, str> { if a.is_empty() { return "empty".into(); } Cow::Borrowed(a) } }
item! { fn guard(m: &Mutex<u8>) -> MutexGuard<'_, u8> { let mut g = m.lock().unwrap(); *g += 1; g } }
item! { fn tail_temporary(m: Arc<Mutex<u8>>) -> u8 { *m.lock().unwrap() } }
item! { fn tail_match(m: Arc<Mutex<u8>>) -> u8 { match *m.lock().unwrap() { n => n } } }
item! { fn tail_borrow(s: RefCell<String>) -> usize { s.borrow().len() } }
item! { fn static_promoted() -> &'static [u8] { &[1, 2] } }
item! { fn lifetime_bound<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str { if a.is_empty() { b } else { a } } }
item! { fn map(keys: &[&str]) -> BTreeMap<String, usize> { keys.iter().map(|k| (k.to_string(), k.len())).collect() } }
item! { fn collected(n: &str) -> Result<Vec<u8>, ParseIntError> { n.split(',').map(str::parse).collect() } }
item! { fn parsed(s: &str) -> u16 { s.parse().unwrap_or_default() } }
item! { fn into(n: u8) -> u32 { n.into() } }
item! { fn default() -> Vec<u8> { Default::default() } }
item! { fn dyn_fn(n: usize) -> Box<dyn Fn(&str) -> usize> { Box::new(move |s| s.len() + n) } }
item! { fn dyn_fn_mut() -> Box<dyn FnMut(u8) -> u8> { let mut sum = 0; Box::new(move |n| { sum += n; sum }) } }
item! { fn dyn_fn_nested() -> Box<dyn Fn(&str) -> Box<dyn Fn(&str) -> usize>> { Box::new(|a| { let a = a.len(); Box::new(move |b| a + b.len()) }) } }
item! { fn many_fns() -> Vec<Box<dyn Fn(&str) -> usize>> { vec![Box::new(|s| s.len()), Box::new(|s| s.lines().count())] } }
item! { fn called_back(f: &mut dyn FnMut(&str)) { f("a"); f("b") } }
item! { fn called_once(f: Box<dyn FnOnce() -> String>) -> String { f() } }
item! { fn inner_items(n: u8) -> u8 { use std::cmp::max; fn double(n: u8) -> u8 { max(n * 2, 1) } struct One(u8); impl One { fn get(&self) -> u8 { self.0 } } double(One(n).get() ) } }
item! { fn inner_macro(n: u8) -> u8 { macro_rules! twice { ($n:expr) => { $n * 2 } } twice!(n) } }
item! { fn returns_in_macro(n: u8) -> Result<u8, String> { macro_rules! bail { ($t:expr) => { return Err($t.into()) } } if n == 0 { bail!("zero"); } Ok(n) } }
item! { fn shadowed(n: u8) -> String { let n = n + 1; let n = n.to_string(); n } }
item! { fn recursive(n: u64) -> u64 { if n < 2 { return 1; } n * recursive(n - 1) } }
item! { fn mutual(n: u8) -> bool { if n == 0 { true } else { !mutual(n - 1) } } }
item! { extern "C" fn for_c(n: i32) -> i32 { n + 1 } }
item! { #[inline(always)] fn inlined(n: u8) -> u8 { n } }
item! { #[must_use] #[cold] fn cold() -> u8 { 1 } }
item! { #[allow(unused_variables, unused_mut)] fn unused(mut a: u8, b: String) -> u8 { 1 } }
item! { fn unused_parameter(#[allow(unused_variables)] a: String, #[cfg(any())] b: Missing, #[cfg(all())] c: u8) -> u8 { c } }
item! { fn format_captured(name: &str, width: usize) -> String { format!("{name:>width$}") } }
item! { fn never_in_branch(n: u8) -> u8 { if n > 200 { panic!("big") } n } }
item! { fn infallible(n: Result<u8, std::convert::Infallible>) -> u8 { match n { Ok(n) => n, Err(e) => match e {} } } }
item! { fn never_returns() -> ! { panic!("on purpose") } }
item! { fn diverges() -> u8 { panic!("on purpose") } }
item! { fn endless(n: &Cell<u8>) -> ! { loop { n.set(n.get() + 1); if n.get() == 3 { panic!("three") } } } }
item! { fn written(to: &mut dyn fmt::Write, n: u8) -> fmt::Result { if n == 0 { return Ok(()); } write!(to, "{n}")?; to.write_str("!") } }
item! { fn written_to(f: &mut fmt::Formatter<'_>) -> fmt::Result { f.debug_list().entries([1, 2]).finish() } }
item! { fn try_in_closure(s: &[&str]) -> Option<u8> { let sum = || -> Option<u8> { let mut n = 0; for s in s { n += s.parse::<u8>().ok()?; } Some(n) }; sum() } }
item! { fn nested_return(n: u8) -> u8 { let f = |m: u8| { if m > 1 { return 1; } 0 }; f(n) + 1 } }
item! { fn moved_in_branch(a: String, keep: bool) -> Option<String> { if keep { Some(a) } else { None } } }
item! { fn tuple_patterns((a, b): (u8, u8), [c, .., d]: [u8; 4]) -> u8 { a + b + c + d } }
item! { fn struct_pattern(Point { x, y: other }: Point, Pair(p, _): Pair) -> u8 { x + other + p } }
item! { fn reference_pattern(&a: &u8, &(b, ref c): &(u8, String), ref d: String) -> String { format!("{a}{b}{c}{d}") } }
item! { fn binding_modes((a, b): &(u8, String), Point { x, .. }: &mut Point) -> usize { *x += 1; *a as usize + b.len() + *x as usize } }
item! { fn bound_and_taken(all @ (a, _): (u8, u8), whole @ Point { .. }: Point) -> u8 { all.1 + a + whole.x } }
item! { fn mutable_patterns((mut a, mut b): (u8, Vec<u8>), mut c: String) -> String { a += 1; b.push(a); c.push('!'); format!("{b:?}{c}") } }
item! { fn wild(_: u8, _: &str, (_, _): (u8, u8)) -> u8 { 1 } }
item! { fn empty_pattern((): ()) -> u8 { 1 } }
item! { fn underscored(_a: u8, __b: u8) -> u8 { _a } }
item! { fn r#raw(r#type: u8, r#match: &str) -> usize { r#type as usize + r#match.len() } }

#[derive(Debug)]
struct Point { x: u8, y: u8 }
struct Pair(u8, #[allow(dead_code)] u8);

fn debugged(write: fn(&mut fmt::Formatter<'_>) -> fmt::Result) -> String {
    struct By(fn(&mut fmt::Formatter<'_>) -> fmt::Result);
    impl fmt::Debug for By {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { (self.0)(f) }
    }
    format!("{:?}", By(write))
}

pub(crate) fn run() {
    show!((nothing(), unit(), number(), suffixless(), float(1.5), text("a"), constant(), late()));
    show!((looped(1), labelled(1), labelled(5), returns_in_loop(&[1, 0]), returns_in_loop(&[])));
    show!([Some(0), Some(10), Some(1), None].map(matched));
    show!((let_else(Some(1)), let_else(None), if_let_chain(Some("12")), if_let_chain(Some("x"))));
    show!(["1", "x"].map(question));
    show!(["1", "x", ""].map(|s| boxed_error(s).map_err(|e| e.to_string())));
    show!(["1", "x", ""].map(|s| boxed_error_sync(s).map_err(|e| e.to_string())));
    show!((option("a"), option(""), flow(1), flow(9)));
    show!((coerced().to_string(), coerced_early(0).to_string(), coerced_early(1).to_string()));
    show!((coerced_slice(&[1, 2, 3]), coerced_dyn(&1).to_string(), coerced_rc(), coerced_fn(0)(1), coerced_fn(1)(1)));
    show!((deref_coerced(&"a".to_owned()), array::<3>(1), sum([1, 2]), tuple(1)));
    show!((borrowed("a", "b"), elided(&mut vec![]), reborrowed(&mut vec![1, 2]), reborrowed(&mut vec![])));
    show!(split(&mut [1, 2, 3]));
    let m = Arc::new(Mutex::new(1));
    let guarded = *guard(&m);
    show!((cow(""), cow("a"), guarded, tail_temporary(m.clone()), tail_match(m.clone()), tail_borrow(RefCell::new("abc".into()))));
    show!((static_promoted(), lifetime_bound("", "b"), map(&["a", "bb"]), collected("1,2"), collected("x")));
    show!((parsed("7"), into(1), default(), dyn_fn(1)("ab"), dyn_fn_mut()(2), dyn_fn_nested()("a")("b")));
    show!(many_fns().iter().map(|f| f("a\nb")).collect::<Vec<_>>());
    let mut all = vec![];
    called_back(&mut |s| all.push(s.to_owned()));
    show!((all, called_once(Box::new(|| "once".into())), inner_items(2), inner_macro(2)));
    show!((returns_in_macro(0), returns_in_macro(1), shadowed(1), recursive(5), mutual(3), for_c(1)));
    show!((inlined(1), cold(), unused(1, "".into()), unused_parameter("".into(), 2), format_captured("a", 3), never_in_branch(1)));
    show!(infallible(Ok(1)));
    show!(catch_unwind(|| never_in_branch(201)).is_err());
    show!(catch_unwind(|| { never_returns(); }).is_err());
    show!(catch_unwind(|| diverges()).is_err());
    let n = Cell::new(0);
    show!((catch_unwind(AssertUnwindSafe(|| { endless(&n); })).is_err(), n.get()));
    let mut to = String::new();
    show!((written(&mut to, 0), written(&mut to, 5), to, debugged(written_to)));
    show!((try_in_closure(&["1", "2"]), try_in_closure(&["x"]), nested_return(1), nested_return(2)));
    show!((moved_in_branch("a".into(), true), moved_in_branch("a".into(), false)));
    show!((tuple_patterns((1, 2), [3, 4, 5, 6]), struct_pattern(Point { x: 1, y: 2 }, Pair(3, 4))));
    show!(reference_pattern(&1, &(2, "c".into()), "d".into()));
    show!(binding_modes(&(1, "bb".into()), &mut Point { x: 1, y: 2 }));
    show!(bound_and_taken((1, 2), Point { x: 3, y: 4 }));
    show!(Point { x: 3, y: 4 }.y);
    show!(mutable_patterns((1, vec![]), "c".into()));
    show!((wild(1, "", (1, 2)), empty_pattern(()), underscored(1, 2), r#raw(1, "ab")));
}
