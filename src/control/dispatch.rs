//! Which interface answers a call, and what becomes of its answer on the wire.

use std::sync::Arc;

use serde_json::json;

use super::acts::asked;
use super::call::{Answer, CallError, Context, Parameters, Reply};
use super::roles::{Role, least};
use super::{contracts, daemon, service, sync};
use crate::advice::Address;
use crate::model::{Code, Failure};
use crate::protocol::{Call, ErrorParameters, Method, error_name};

/// Has a call answered by the interface that it names.
pub(super) async fn dispatch(call: &Call, mut context: Context<'_>) -> Answer {
    use crate::protocol::daemon::PruneHistory;
    use crate::protocol::sync::{Diff, ListClients, Pending, RevertRun};
    let least = least(call);
    context.require(least)?;
    // What a reader calls and an observer may not costs requests, or may, but for what these say.
    let asks_nothing = [PruneHistory::NAME, RevertRun::NAME].contains(&call.method.as_str());
    let mut _look = None;
    if least == Role::Reader && !asks_nothing {
        match context.look().await {
            Ok(look) => _look = look,
            Err(failure) => match call.method.as_str() {
                // The last answer serves, with its age.
                Pending::NAME | Diff::NAME | ListClients::NAME => context.unasked = Some(failure),
                _ => return Err(failure.into()),
            },
        }
    }
    let Some(asked) = asked(call) else { return answer(call, context).await };
    // Whatever becomes of the call, the audit trail has it.
    let engine = Arc::clone(context.engine);
    let begun = engine.admin.begin_act(context.peer.actor(), asked).await;
    let answer = answer(call, context).await;
    engine.admin.end_act(begun, result(&answer)).await;
    answer
}

async fn answer(call: &Call, context: Context<'_>) -> Answer {
    match call.interface() {
        crate::protocol::service::INTERFACE => service::answer(call),
        crate::protocol::sync::INTERFACE => sync::answer(call, context).await,
        crate::protocol::contracts::INTERFACE => contracts::answer(call, context).await,
        crate::protocol::daemon::INTERFACE => daemon::answer(call, context).await,
        other => Err(CallError::NoInterface(other.to_owned())),
    }
}

/// How an act ended, as the audit trail has it: `ok`, or the code of what went wrong.
fn result(answer: &Answer) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(CallError::Failed(failure)) => failure.code.name(),
        Err(_) => Code::InvalidArgument.name(),
    }
}

/// The last reply to a call of a method of `interface`.
pub(super) fn reply(interface: &str, answer: Answer, address: &Address) -> Reply {
    let error =
        |name: String, parameters| Reply { parameters, continues: false, error: Some(name) };
    let standard = |name: &str, parameters| {
        error(format!("{}.{name}", crate::protocol::service::INTERFACE), parameters)
    };
    match answer {
        Ok(parameters) => Reply { parameters: Some(parameters), continues: false, error: None },
        // An interface that is not ours has no error of ours.
        Err(CallError::Failed(Failure { code: Code::NotPermitted, .. })) if !is_ours(interface) => {
            standard("PermissionDenied", None)
        }
        Err(CallError::Failed(Failure { code, message, advice })) => {
            let hint = advice.as_ref().and_then(|advice| address.words(advice));
            let parameters = ErrorParameters { message, advice, hint };
            error(error_name(interface, code), Parameters::of(&parameters).ok())
        }
        Err(CallError::NoInterface(interface)) => {
            standard("InterfaceNotFound", Parameters::of(&json!({ "interface": interface })).ok())
        }
        Err(CallError::NoMethod(method)) => {
            standard("MethodNotFound", Parameters::of(&json!({ "method": method })).ok())
        }
        Err(CallError::ExpectedMore) => standard("ExpectedMore", None),
        Err(CallError::BadParameter(parameter)) => {
            standard("InvalidParameter", Parameters::of(&json!({ "parameter": parameter })).ok())
        }
    }
}

/// The reply to what is no call, after which the connection is closed: what follows cannot be told
/// from the rest of it.
pub(super) fn not_a_call(why: &str, address: &Address) -> Reply {
    let message = format!("what was sent is not a call: {why}");
    let failure = Failure::new(Code::InvalidArgument, message);
    reply(crate::protocol::daemon::INTERFACE, Err(failure.into()), address)
}

fn is_ours(interface: &str) -> bool {
    use crate::protocol::{contracts, daemon, sync};
    [contracts::INTERFACE, daemon::INTERFACE, sync::INTERFACE].contains(&interface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_parameters_has_none() {
        let address = Address::of_instance(None);
        let reply = reply("org.lmsyncd.Daemon", Err(CallError::ExpectedMore), &address);
        let error = Some("org.varlink.service.ExpectedMore".to_owned());
        assert_eq!(reply, Reply { parameters: None, continues: false, error });
    }
}
