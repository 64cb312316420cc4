use ecolaura_monitoring::metrics::LabelSet;

#[derive(Clone, Copy, LabelSet)]
enum Packed {
    Gift,
}

fn main() {
    let _ = <Packed as LabelSet>::NAMES;
}
