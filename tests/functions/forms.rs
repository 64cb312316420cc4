//! `#[monitor]` stands on any form of function: the function does what it did, and each call is counted and timed once.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::rc::Rc;

use ecolaura_monitoring::monitor;

use support::monitored::{check, pause, run};

#[test]
fn a_sync_fn() {
    #[monitor("double")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    check("double", &[("200", 2)], || {
        assert_eq!(double(2), 4);
        assert_eq!(double(3), 6);
    });
}

#[test]
fn an_async_fn() {
    #[monitor("/double")]
    async fn double(n: u32) -> u32 {
        pause().await;
        n * 2
    }
    check("/double", &[("200", 1)], || assert_eq!(run(double(2)), 4));
}

#[test]
fn a_fn_that_returns_nothing() {
    #[monitor("nothing")]
    fn at_once() {}
    #[monitor("nothing")]
    async fn in_a_future() {}
    check("nothing", &[("200", 2)], || {
        at_once();
        run(in_a_future());
    });
}

#[test]
fn early_returns() {
    #[monitor("size")]
    fn at_once(n: u32) -> &'static str {
        for limit in 0..10 {
            if n == limit {
                return "small";
            }
        }
        "big"
    }
    #[monitor("size")]
    async fn in_a_future(n: u32) -> &'static str {
        if n < 10 {
            return "small";
        }
        pause().await;
        "big"
    }
    check("size", &[("200", 4)], || {
        assert_eq!((at_once(1), at_once(10)), ("small", "big"));
        assert_eq!(
            (run(in_a_future(1)), run(in_a_future(10))),
            ("small", "big")
        );
    });
}

#[test]
fn question_marks_and_coerced_errors() {
    #[monitor("parse")]
    fn at_once(text: &str) -> Result<u32, Box<dyn Error>> {
        let n = text.parse()?;
        if n == 13 {
            return Err("unlucky".into());
        }
        Ok(n)
    }
    #[monitor("parse")]
    async fn in_a_future(text: &str) -> Result<u32, Box<dyn Error>> {
        pause().await;
        let n = text.parse()?;
        if n == 13 {
            return Err(Box::new(std::fmt::Error));
        }
        Ok(n)
    }
    check("parse", &[("200", 2), ("500", 4)], || {
        assert_eq!(at_once("1").expect("a number"), 1);
        assert!(at_once("x").is_err());
        assert!(at_once("13").is_err());
        assert_eq!(run(in_a_future("1")).expect("a number"), 1);
        assert!(run(in_a_future("x")).is_err());
        assert!(run(in_a_future("13")).is_err());
    });
}

#[test]
fn options_leave_early_too() {
    #[monitor("largest")]
    fn largest<T: PartialOrd + Copy>(values: &[T]) -> Option<T> {
        let mut values = values.iter();
        let mut largest = *values.next()?;
        for value in values {
            if *value > largest {
                largest = *value;
            }
        }
        Some(largest)
    }
    check("largest", &[("200", 3)], || {
        assert_eq!(largest(&[1, 3, 2]), Some(3));
        assert_eq!(largest(&[0.5]), Some(0.5));
        assert_eq!(largest::<u8>(&[]), None);
    });
}

#[test]
fn generics_lifetimes_and_impl_trait_arguments() {
    #[monitor("/show")]
    async fn show<'a, T, const N: usize>(
        values: &'a [T; N],
        show: impl Fn(&'a T) -> String,
    ) -> Vec<String>
    where
        T: Display + 'a,
    {
        pause().await;
        values.iter().map(show).collect()
    }
    check("/show", &[("200", 2)], || {
        assert_eq!(run(show(&[1, 2], |n| n.to_string())), ["1", "2"]);
        assert_eq!(run(show(&["a"], |text| (*text).to_owned())), ["a"]);
    });
}

#[test]
fn impl_trait_returns() {
    #[monitor("text")]
    fn at_once(n: u32) -> Result<impl Display, Box<dyn Error>> {
        if n == 0 {
            return Err("nothing".into());
        }
        Ok(n)
    }
    #[monitor("text")]
    async fn in_a_future(n: u32) -> impl Display + use<> {
        if n == 0 {
            return "nothing";
        }
        "something"
    }
    #[monitor("text")]
    fn iterator<'a>(items: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        items.iter().map(|item| item + 1)
    }
    #[monitor("text")]
    fn closure(n: u32) -> impl Fn(u32) -> u32 {
        move |m| n + m
    }
    #[monitor("text")]
    fn boxed(items: &[u32]) -> Box<dyn Iterator<Item = u32> + '_> {
        Box::new(items.iter().copied())
    }
    check("text", &[("200", 5), ("500", 1)], || {
        assert!(at_once(0).is_err());
        assert_eq!(
            at_once(1).map(|text| text.to_string()).ok(),
            Some("1".to_owned())
        );
        assert_eq!(run(in_a_future(0)).to_string(), "nothing");
        assert_eq!(iterator(&[1]).collect::<Vec<_>>(), [2]);
        assert_eq!(closure(1)(2), 3);
        assert_eq!(boxed(&[1]).count(), 1);
    });
}

struct Shelf {
    items: Vec<String>,
}

impl Shelf {
    #[monitor("shelf")]
    fn new(items: &[&str]) -> Self {
        let items = items.iter().map(|item| (*item).to_owned()).collect();
        Self { items }
    }

    #[monitor("shelf")]
    fn first(&self) -> Option<&String> {
        self.items.first()
    }

    #[monitor("shelf")]
    fn first_mut(&mut self) -> Option<&mut String> {
        if self.items.is_empty() {
            return None;
        }
        self.items.first_mut()
    }

    #[monitor("shelf")]
    async fn add(&mut self, item: &str) -> &mut String {
        self.items.push(item.to_owned());
        pause().await;
        self.items.last_mut().expect("an item")
    }

    #[monitor("shelf")]
    async fn first_or<'a>(&'a self, other: &'a str) -> &'a str {
        self.items.first().map_or(other, |item| item)
    }

    #[monitor("shelf")]
    fn joined(&self) -> Cow<'_, str> {
        self.items.concat().into()
    }

    #[monitor("shelf")]
    async fn shared(self: Rc<Self>) -> usize {
        self.items.len()
    }

    #[monitor("shelf")]
    fn sorted(mut self) -> Vec<String> {
        self.items.sort();
        self.items
    }
}

#[test]
fn methods_and_borrowed_returns() {
    check("shelf", &[("200", 8)], || {
        let mut shelf = Shelf::new(&["b"]);
        run(shelf.add("a")).push('!');
        shelf.first_mut().expect("an item").push('?');
        assert_eq!(shelf.first().map(String::as_str), Some("b?"));
        assert_eq!(run(shelf.first_or("c")), "b?");
        assert_eq!(shelf.joined(), "b?a!");
        let shelf = Rc::new(shelf);
        assert_eq!(run(Rc::clone(&shelf).shared()), 2);
        let shelf = Rc::into_inner(shelf).expect("the only one");
        assert_eq!(shelf.sorted(), ["a!", "b?"]);
    });
}

struct Wrapped(u32);

#[test]
fn pattern_arguments() {
    #[monitor("sum")]
    fn at_once(
        (a, b): (u32, u32),
        [c, ..]: [u32; 2],
        Wrapped(d): Wrapped,
        mut e: u32,
        _: u32,
    ) -> u32 {
        e += 1;
        a + b + c + d + e
    }
    #[monitor("sum")]
    async fn in_a_future(
        (a, b): (u32, u32),
        [c, ..]: [u32; 2],
        Wrapped(d): Wrapped,
        mut e: u32,
        _: u32,
    ) -> u32 {
        e += 1;
        pause().await;
        a + b + c + d + e
    }
    check("sum", &[("200", 2)], || {
        assert_eq!(at_once((1, 2), [3, 4], Wrapped(5), 6, 7), 18);
        assert_eq!(run(in_a_future((1, 2), [3, 4], Wrapped(5), 6, 7)), 18);
    });
}

#[test]
fn extern_fns_and_raw_names() {
    #[monitor("r")]
    extern "C" fn plain(n: u32) -> u32 {
        n
    }
    #[monitor("r")]
    fn r#match(r#type: u32) -> u32 {
        r#type
    }
    check("r", &[("200", 2)], || assert_eq!(plain(1) + r#match(2), 3));
}

#[test]
fn recursion() {
    #[monitor("factorial")]
    fn at_once(n: u64) -> u64 {
        if n == 0 { 1 } else { n * at_once(n - 1) }
    }
    #[monitor("factorial")]
    async fn in_a_future(n: u64) -> u64 {
        if n == 0 {
            return 1;
        }
        n * Box::pin(in_a_future(n - 1)).await
    }
    check("factorial", &[("200", 8)], || {
        assert_eq!(at_once(3), 6);
        assert_eq!(run(in_a_future(3)), 6);
    });
}

#[test]
fn a_fn_in_a_measured_fn() {
    #[monitor("outer")]
    fn outer() -> u32 {
        #[monitor("inner")]
        fn inner() -> u32 {
            1
        }
        inner() + inner()
    }
    check("inner", &[("200", 2)], || assert_eq!(outer(), 2));
    check("outer", &[("200", 1)], || assert_eq!(outer(), 2));
}

macro_rules! endpoint {
    ($name:ident, $route:literal, $output:ty, $body:block) => {
        #[monitor($route)]
        async fn $name() -> $output $body
    };
}

endpoint!(from_a_macro, "/from_a_macro", Result<u32, Box<dyn Error>>, { Ok("1".parse()?) });

#[test]
fn a_fn_made_by_a_macro() {
    check("/from_a_macro", &[("200", 1)], || {
        assert_eq!(run(from_a_macro()).expect("a number"), 1);
    });
}
