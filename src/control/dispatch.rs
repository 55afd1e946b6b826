//! Which interface answers a call, and what becomes of its answer on the wire.

use serde_json::json;

use super::call::{Answer, CallError, Context};
use super::{contracts, daemon, service, sync};
use crate::advice::Address;
use crate::model::Failure;
use crate::varlink::{Call, ErrorParameters, Reply, error_name};

/// Has a call answered by the interface that it names.
pub(super) async fn dispatch(call: &Call, context: Context<'_>) -> Answer {
    let interface = call.method.rsplit_once('.').map_or("", |(interface, _)| interface);
    match interface {
        crate::varlink::service::INTERFACE => service::answer(call),
        crate::varlink::sync::INTERFACE => sync::answer(call, context).await,
        crate::varlink::contracts::INTERFACE => contracts::answer(call, context).await,
        crate::varlink::daemon::INTERFACE => daemon::answer(call, context).await,
        other => Err(CallError::NoInterface(other.to_owned())),
    }
}

/// The last reply to a call, or the error in its place.
pub(super) fn reply(answer: Answer, address: &Address) -> Reply {
    let error = |name: String, parameters| Reply {
        parameters: Some(parameters),
        continues: false,
        error: Some(name),
    };
    let standard = |name: &str| format!("{}.{name}", crate::varlink::service::INTERFACE);
    match answer {
        Ok(parameters) => Reply { parameters: Some(parameters), continues: false, error: None },
        Err(CallError::Failed(Failure { code, message, advice })) => {
            let hint = advice.as_ref().and_then(|advice| address.words(advice));
            let parameters = ErrorParameters { message, advice, hint };
            error(error_name(code), serde_json::to_value(parameters).unwrap_or_default())
        }
        Err(CallError::NoInterface(interface)) => {
            error(standard("InterfaceNotFound"), json!({ "interface": interface }))
        }
        Err(CallError::NoMethod(method)) => {
            error(standard("MethodNotFound"), json!({ "method": method }))
        }
        Err(CallError::ExpectedMore) => error(standard("ExpectedMore"), json!({})),
        Err(CallError::BadParameter(parameter)) => {
            error(standard("InvalidParameter"), json!({ "parameter": parameter }))
        }
    }
}
