//! prototype
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use super::clock::ServerClock;
use super::wire::Wire;
pub struct Up { pub tenant: lmsyncd::demo::tenant::Tenant }
pub struct Ground {
    pub folder: TempDir,
    pub clock: Arc<ServerClock>,
    pub wire: Wire,
    pub settings: Arc<Mutex<String>>,
    pub upstream: Up,
}
