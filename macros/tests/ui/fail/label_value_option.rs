use ecolaura_monitoring::metrics::LabelValue;

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    #[label(rename = "seed")]
    Seedling,
}

fn main() {
    let _ = <Plan as LabelValue>::VALUES;
}
