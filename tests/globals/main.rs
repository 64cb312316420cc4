//! What `init` installs once in a process: each test is run in a process of its own.

mod init;
mod logs_init;
mod metrics_recorder;
mod metrics_recorder_taken;
mod misuse;
mod panic_hook;
mod queries_sqlx;
mod system_lag;
