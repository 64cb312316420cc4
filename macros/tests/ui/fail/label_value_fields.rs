use ecolaura_monitoring::metrics::LabelValue;

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    Seedling,
    Forest(u8),
}

fn main() {
    let _ = <Plan as LabelValue>::VALUES;
}
