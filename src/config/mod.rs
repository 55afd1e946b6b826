//! The configuration: one TOML file, the credentials that are not in it, and what a reload changed.
//!
//! ```text
//! text --shape--> sections and keys --entry--> Settings (typed, in range)
//!                        ^                         ^
//!          keys: one table of all keys      settings: the built-in defaults
//! ```
//!
//! The caller gets [`Settings`] or a [`ConfigError`] that names file, line and key. This module
//! reads files and nothing else: no async, no environment (the caller passes it), no network, and
//! of the crate only the names of user-defined fields and of events in `model`.

mod credentials;
mod draft;
mod entry;
mod error;
mod example;
mod keys;
mod load;
mod nearest;
mod obstacles;
mod paths;
mod read;
mod reload;
mod report;
mod settings;
mod shape;
mod values;

pub use credentials::{CREDENTIAL_INTEGRATION_CODE, CREDENTIAL_SECRET, Credentials};
pub use draft::Draft;
pub use error::{ConfigError, Problem};
pub use example::EXAMPLE;
pub use keys::{Effect, Key, Section, reference};
pub use load::{Survey, load, parse, survey};
pub use obstacles::ca_file::{CaFileError, ca_bundle};
pub use paths::{
    DEFAULT_PATH, DEFAULT_SOCKET, DEFAULT_STORE, DEFAULT_TENANT, credential_store, instance_config,
    instance_name, instance_of, instance_socket, instance_store, tenant_name,
};
pub use read::header_safe;
pub use reload::{Change, changes};
pub use settings::{
    AutotaskSettings, ControlSettings, FieldsSettings, GuardSettings, MetricsSettings,
    NewAgreements, NewClients, NotifySettings, Operator, Settings, StoreSettings, SyncSettings,
};
