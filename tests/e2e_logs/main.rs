//! Log lines of the shop, nginx and PostgreSQL, in a real OpenSearch.

mod nginx;
mod nginx_clients;
mod postgresql;
mod shop;
mod wrong;
