use ecolaura_monitoring::metrics::LabelValue;

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    Seedling,
    #[label(name = "seedling")]
    Forest,
}

fn main() {
    let _ = <Plan as LabelValue>::VALUES;
}
