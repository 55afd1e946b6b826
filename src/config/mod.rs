//! The configuration: one TOML file, the credentials that are not in it, and what a reload changed.
//!
//! A file goes through three stages, each with its own type:
//!
//! ```text
//! text --keys, file--> File (all optional, with places) --validate--> Settings (typed, in range)
//!                                                            ^
//!                                       settings: the built-in defaults
//! ```
//!
//! The caller gets [`Settings`] or a [`ConfigError`] that names file, line and key. This module
//! reads files and nothing else: no async, no environment (the caller passes it), no network, and
//! of the crate only the names of user-defined fields and of events in `model`.

mod credentials;
mod error;
mod example;
mod file;
mod keys;
mod load;
mod paths;
mod read;
mod reference;
mod reload;
mod report;
mod settings;
mod shape;
mod validate;
mod values;

pub use credentials::{CREDENTIAL_INTEGRATION_CODE, CREDENTIAL_SECRET, Credentials};
pub use error::{ConfigError, Problem};
pub use example::EXAMPLE;
pub use load::{load, parse};
pub use paths::{
    DEFAULT_PATH, DEFAULT_SOCKET, DEFAULT_STORE, credential_store, instance_config, instance_of,
    instance_socket, instance_store,
};
pub use reference::{Key, Section, reference};
pub use reload::{Change, Effect, changes};
pub use settings::{
    AutotaskSettings, ControlSettings, FieldsSettings, GuardSettings, MetricsSettings,
    NewAgreements, NotifySettings, Operator, Settings, StoreSettings, SyncSettings,
};
