//! The shortest monitored service. Run it, then open http://127.0.0.1:3000/api/v1/products a few times
//! and http://127.0.0.1:9464/metrics once.

use axum::{Router, routing::get};
use ecolaura_monitoring::{Monitoring, monitor};

#[monitor("/api/v1/products")]
async fn get_products() -> &'static str {
    "[]"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monitoring = Monitoring::init("ecolaura-api")?;
    let app = Router::new()
        .route("/api/v1/products", get(get_products))
        .layer(monitoring.layer());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    monitoring.serve(listener, app).await?;
    Ok(())
}
