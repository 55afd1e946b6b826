//! Whether a request may be sent, and as whom: zone, login breaker, budget, the tenant's use; and
//! trying again.

pub(super) mod budget;
pub(super) mod connection;
pub(super) mod login_breaker;
pub(super) mod pause;
pub(super) mod persisted_usage;
pub(super) mod progress;
pub(super) mod retry;
pub(super) mod slot;
pub(super) mod tenant_use;
pub(super) mod usage;
pub(super) mod work;
pub(super) mod zone;
