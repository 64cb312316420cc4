use ecolaura_monitoring::metrics::LabelSet;

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    weight: f64,
}

fn main() {
    let _ = <Packed as LabelSet>::NAMES;
}
