use ecolaura_monitoring::metrics::LabelValue;

#[derive(LabelValue)]
enum Plan {
    Seedling,
}

fn main() {}
