use ecolaura_monitoring::metrics::LabelSet;

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    #[label(name = "gift-box")]
    gift: bool,
}

fn main() {
    let _ = <Packed as LabelSet>::NAMES;
}
