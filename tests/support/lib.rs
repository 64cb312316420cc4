//! What the tests share: services and clients of their own, the programs that they run, and how they read what comes out.

pub mod alertmanager;
pub mod battery;
pub mod blackbox;
pub mod captured;
pub mod client;
pub mod collector;
pub mod collector_grpc;
pub mod component;
pub mod ecs;
pub mod eventually;
pub mod exchange;
pub mod folder;
pub mod front;
pub mod grafana;
pub mod jaeger;
pub mod kibana;
pub mod kit;
pub mod lines;
pub mod log_store;
pub mod metric_family;
pub mod monitored;
pub mod nginx;
pub mod opensearch;
pub mod own_process;
pub mod picture;
pub mod picture_value;
pub mod ports;
pub mod postgres;
pub mod press;
pub mod process;
pub mod prometheus;
pub mod proxied;
pub mod scrape;
pub mod script;
pub mod served;
pub mod shop;
pub mod shop_process;
pub mod strict_json;
pub mod timestamp;
pub mod traced;
pub mod unprivileged;
pub mod visitor;
pub mod wire;

/// The code in the README is compiled, and run unless it says otherwise.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
