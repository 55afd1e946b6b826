//! `org.varlink.service`: what every Varlink service answers about itself.

use serde::{Deserialize, Serialize};

use super::Method;

/// The interface's name.
pub const INTERFACE: &str = "org.varlink.service";

/// The description of the interface itself, from the Varlink specification.
pub const DESCRIPTION: &str = include_str!("org.varlink.service.varlink");

/// Asks who the service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetInfo {}

/// Who the service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// Who makes it.
    pub vendor: String,
    /// What it is called.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Where to read about it.
    pub url: String,
    /// The interfaces that it serves.
    pub interfaces: Vec<String>,
}

impl Method for GetInfo {
    const NAME: &'static str = "org.varlink.service.GetInfo";
    type Reply = Info;
}

/// Asks for the description of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetInterfaceDescription {
    /// The interface's name.
    pub interface: String,
}

/// The description of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its text in the Varlink interface language.
    pub description: String,
}

impl Method for GetInterfaceDescription {
    const NAME: &'static str = "org.varlink.service.GetInterfaceDescription";
    type Reply = Description;
}
