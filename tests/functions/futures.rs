//! `#[monitor]` on a function that makes a future: what is measured is the future as it runs, not the making of it, and the
//! future stays as `Send` as it was.

use std::cell::Cell;
use std::future::{Future, ready};
use std::pin::Pin;
use std::rc::Rc;

use ecolaura_monitoring::monitor;

use support::monitored::{check, drop_half_way, pause, run};

type Packed = Result<String, &'static str>;

struct Packer;

#[async_trait::async_trait]
trait Packs {
    async fn pack(&self, name: &str) -> Packed;

    #[monitor("default_method")]
    async fn pack_twice(&mut self, name: &str) -> Packed
    where
        Self: Sync,
    {
        self.pack(name).await?;
        self.pack(name).await
    }
}

#[async_trait::async_trait]
impl Packs for Packer {
    #[monitor("async_trait")]
    async fn pack(&self, name: &str) -> Packed {
        pause().await;
        if name.is_empty() {
            return Err("no name");
        }
        Err("unknown").or_else(|unknown| if name == "?" { Err(unknown) } else { Ok(()) })?;
        Ok(name.to_owned())
    }
}

#[test]
fn an_async_trait() {
    check("async_trait", &[("200", 1), ("500", 2), ("499", 1)], || {
        assert_eq!(run(Packer.pack("a")).as_deref(), Ok("a"));
        assert!(run(Packer.pack("")).is_err());
        assert!(run(Packer.pack("?")).is_err());
        drop_half_way(Packer.pack("a"));
        drop(Packer.pack("a"));
    });
    check("default_method", &[("200", 1), ("500", 1)], || {
        assert!(run(Packer.pack_twice("a")).is_ok());
        assert!(run(Packer.pack_twice("")).is_err());
    });
}

#[async_trait::async_trait(?Send)]
trait PacksHere {
    async fn pack_here(&self, name: Rc<str>) -> Rc<str>;
}

#[async_trait::async_trait(?Send)]
impl PacksHere for Packer {
    #[monitor("async_trait_here")]
    async fn pack_here(&self, name: Rc<str>) -> Rc<str> {
        pause().await;
        name
    }
}

#[test]
fn an_async_trait_without_send() {
    check("async_trait_here", &[("200", 1)], || {
        assert_eq!(&*run(Packer.pack_here("a".into())), "a");
    });
}

trait Ships {
    fn ship(&self, name: &str) -> impl Future<Output = Packed> + Send;
}

impl Ships for Packer {
    #[monitor("trait_fn")]
    async fn ship(&self, name: &str) -> Packed {
        pause().await;
        if name.is_empty() {
            return Err("no name");
        }
        Ok(name.to_owned())
    }
}

#[test]
fn an_async_fn_of_a_trait() {
    check("trait_fn", &[("200", 1), ("500", 1)], || {
        assert!(run(Packer.ship("a")).is_ok());
        assert!(run(Packer.ship("")).is_err());
    });
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[test]
fn boxed_async_blocks() {
    #[monitor("boxed")]
    fn by_type(name: &str) -> Pin<Box<dyn Future<Output = Packed> + Send + '_>> {
        let name = name.to_owned();
        Box::pin(async move {
            pause().await;
            if name.is_empty() {
                return Err("no name");
            }
            Ok(name)
        })
    }
    #[monitor("boxed")]
    fn by_body(name: String) -> Boxed<Packed> {
        Box::pin(async move {
            pause().await;
            Some(name).filter(|name| !name.is_empty()).ok_or("no name")
        })
    }
    check("boxed", &[("200", 2), ("500", 2), ("499", 2)], || {
        assert!(run(by_type("a")).is_ok());
        assert!(run(by_type("")).is_err());
        assert!(run(by_body("a".into())).is_ok());
        assert!(run(by_body("".into())).is_err());
        drop_half_way(by_type("a"));
        drop_half_way(by_body("a".into()));
        drop((by_type("a"), by_body("a".into())));
    });
}

#[test]
fn boxed_futures_of_other_make() {
    #[monitor("made")]
    fn early(name: &str) -> BoxFuture<'_, Packed> {
        if name.is_empty() {
            return Box::pin(ready(Err("no name")));
        }
        Box::pin(async move { Ok(name.to_owned()) })
    }
    #[monitor("made")]
    fn handed_on(name: &str) -> Pin<Box<dyn Future<Output = Packed> + Send + '_>> {
        let made = Packer;
        Box::pin(async move { made.ship(name).await })
    }
    #[monitor("made")]
    fn from_another(name: &str) -> Pin<Box<dyn Future<Output = Packed> + Send + '_>> {
        handed_on(name)
    }
    check("made", &[("200", 4), ("500", 4)], || {
        for name in ["a", ""] {
            assert_eq!(run(early(name)).is_ok(), !name.is_empty());
            assert_eq!(run(handed_on(name)).is_ok(), !name.is_empty());
            assert_eq!(run(from_another(name)).is_ok(), !name.is_empty());
        }
        drop((early("a"), handed_on("a"), from_another("a")));
    });
}

#[test]
fn impl_futures() {
    #[monitor("impl")]
    fn block(name: &str) -> impl Future<Output = Result<u32, Box<dyn std::error::Error>>> {
        async move {
            pause().await;
            Ok(name.parse()?)
        }
    }
    #[monitor("impl")]
    fn another(name: &str) -> impl Future<Output = Result<u32, Box<dyn std::error::Error>>> {
        block(name)
    }
    check("impl", &[("200", 3), ("500", 3)], || {
        assert!(run(block("1")).is_ok());
        assert!(run(block("x")).is_err());
        assert!(run(another("1")).is_ok());
        assert!(run(another("x")).is_err());
        drop((block("1"), another("1")));
    });
}

fn send(_: &impl Send) {}

#[test]
fn futures_stay_send() {
    #[monitor("send")]
    async fn written(count: Cell<u32>, name: &str) -> Rc<u32> {
        pause().await;
        let _ = name;
        Rc::new(count.get())
    }
    #[monitor("send")]
    fn made(count: Cell<u32>) -> impl Future<Output = Rc<u32>> {
        async move {
            pause().await;
            Rc::new(count.get())
        }
    }
    #[monitor("send")]
    async fn generic<T: Send>(value: T) -> T {
        pause().await;
        value
    }
    send(&written(Cell::new(1), "a"));
    send(&made(Cell::new(1)));
    send(&generic(Cell::new(1)));
    send(&Packer.pack("a"));
}
