//! The derives: texts, names, and the numbers that stand for them.

#![deny(warnings)]

use ecolaura_monitoring::metrics::{LabelSet, LabelValue};

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    Seedling,
    FullForest = 7,
    #[label(name = "by-hand")]
    ByHand,
}

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    plan: Plan,
    #[label(name = "gift")]
    is_gift: bool,
    r#type: Plan,
}

#[derive(Clone, Copy, LabelSet)]
struct Of<T>
where
    T: LabelValue,
{
    what: T,
}

#[derive(Clone, Copy, LabelSet)]
struct Nothing {}

mod elsewhere {
    pub mod monitoring {
        pub use ecolaura_monitoring::metrics;
    }

    #[derive(Clone, Copy, metrics::LabelValue)]
    #[label(crate = monitoring)]
    pub enum Kind {
        Only,
    }

    use monitoring::metrics;

    #[derive(Clone, Copy, metrics::LabelSet)]
    #[label(crate = crate::elsewhere::monitoring)]
    pub struct Kinds {
        pub kind: Kind,
    }
}

fn main() {
    assert_eq!(Plan::VALUES, ["seedling", "full_forest", "by-hand"]);
    assert_eq!(Plan::ByHand.index(), 2);

    assert_eq!(Packed::NAMES, ["plan", "gift", "type"]);
    assert_eq!(Packed::CARDINALITY, 18);
    let plans = [Plan::Seedling, Plan::FullForest, Plan::ByHand];
    let mut expected = 0;
    for plan in plans {
        for is_gift in [false, true] {
            for r#type in plans {
                let index = Packed {
                    plan,
                    is_gift,
                    r#type,
                }
                .index();
                assert_eq!(index, expected);
                assert_eq!(Packed::value(index, 0), Plan::VALUES[plan.index()]);
                assert_eq!(Packed::value(index, 1), is_gift.to_string());
                assert_eq!(Packed::value(index, 2), Plan::VALUES[r#type.index()]);
                assert_eq!(Packed::value(index, 3), "");
                expected += 1;
            }
        }
    }

    assert_eq!(
        Of {
            what: Plan::FullForest
        }
        .index(),
        1
    );
    assert_eq!(Of::<bool>::value(1, 0), "true");
    assert_eq!((Nothing::CARDINALITY, Nothing {}.index()), (1, 0));
    let kind = elsewhere::Kind::Only;
    assert_eq!(elsewhere::Kinds { kind }.index(), 0);
    assert_eq!(elsewhere::Kinds::value(0, 0), "only");
}
