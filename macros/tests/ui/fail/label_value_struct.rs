use ecolaura_monitoring::metrics::LabelValue;

#[derive(Clone, Copy, LabelValue)]
struct Plan;

fn main() {
    let _ = <Plan as LabelValue>::VALUES;
}
