//! `org.varlink.service`: who the daemon is and what it serves.

use super::call::{Answer, CallError, finish, parameters};
use crate::protocol::service::{Description, GetInfo, GetInterfaceDescription, Info};
use crate::protocol::{Call, Method, contracts, daemon, service, sync};

/// The interfaces and their descriptions.
const INTERFACES: [(&str, &str); 4] = [
    (contracts::INTERFACE, contracts::DESCRIPTION),
    (daemon::INTERFACE, daemon::DESCRIPTION),
    (sync::INTERFACE, sync::DESCRIPTION),
    (service::INTERFACE, service::DESCRIPTION),
];

pub(super) fn answer(call: &Call) -> Answer {
    match call.method.as_str() {
        GetInfo::NAME => finish(Info {
            vendor: "lmsyncd developers".to_owned(),
            product: "lmsyncd".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            url: "https://varlink.org/".to_owned(),
            interfaces: INTERFACES.map(|(name, _)| name.to_owned()).to_vec(),
        }),
        GetInterfaceDescription::NAME => {
            let GetInterfaceDescription { interface } = parameters(call)?;
            let found = INTERFACES.into_iter().find(|(name, _)| *name == interface);
            let (_, text) = found.ok_or(CallError::NoInterface(interface))?;
            finish(Description { description: text.to_owned() })
        }
        other => Err(CallError::NoMethod(other.to_owned())),
    }
}
