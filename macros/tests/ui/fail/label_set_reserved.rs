use ecolaura_monitoring::metrics::LabelSet;

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    le: bool,
}

fn main() {
    let _ = <Packed as LabelSet>::NAMES;
}
