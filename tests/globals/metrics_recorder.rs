//! `init` makes us the recorder of the `metrics` crate.

use ecolaura_monitoring::Monitoring;
use metrics::{counter, with_local_recorder};
use support::alone;

#[tokio::test]
async fn init_takes_what_the_macros_record() {
    if !alone!() {
        return;
    }
    counter!("seen").increment(1); // nobody listens so far
    let apart = Monitoring::builder("apart").build().expect("a monitoring");
    counter!("seen").increment(1); // nor does one that is not of the process
    let builder = Monitoring::builder("test");
    let builder = builder.listen(([127, 0, 0, 1], 0));
    let monitoring = builder.init().expect("the first one");
    counter!("seen").increment(1);
    std::thread::spawn(|| counter!("seen").increment(1))
        .join()
        .expect("a thread that counts");
    with_local_recorder(&apart.metrics_recorder(), || counter!("seen").increment(5));
    let seen = |of: &Monitoring| of.recorded().value("seen", &[]);
    assert_eq!((seen(&monitoring), seen(&apart)), (Some(2.0), Some(5.0)));
}
