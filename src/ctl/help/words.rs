//! What each code, field, kind of item, state and event means, for people. Each is a match without
//! a rest, so that a new one cannot be forgotten.

use crate::model::{Code, EventName, Field, Kind, Letter, PendingState};

/// What a code says.
pub fn code(code: Code) -> &'static str {
    match code {
        Code::NoSuchClient => "no client has that id or name",
        Code::AmbiguousClient => "several clients match",
        Code::NoSuchContract => "no contract, and no item in Autotask, has that key",
        Code::OtherClient => "the item belongs to another client",
        Code::NoSuchRun => "no run has that number",
        Code::AutoSyncEnabled => "the client is on auto-sync, so a manual sync is refused",
        Code::FieldNotEditable => "Autotask owns the field",
        Code::Held => "a guard held the run",
        Code::Ignored => "a person asked to leave the item out",
        Code::Unsupported => "the item cannot be imported, or its row cannot be converted",
        Code::InvalidArgument => "a parameter has a wrong value",
        Code::NotPermitted => "this user may look but not change",
        Code::AuthFailed => "Autotask refused the credentials",
        Code::UnknownUser => "Autotask does not know the user name",
        Code::BadIntegrationCode => "Autotask refused the integration code",
        Code::NoPermission => "the API user may not read something that is needed",
        Code::Unreachable => "Autotask cannot be reached",
        Code::RateLimited => "Autotask's limit, or the daemon's own budget, is used up",
        Code::AutotaskFailed => "Autotask failed, or gave an answer that makes no sense",
        Code::Busy => "another run of the client is under way",
        Code::TimedOut => "the time that was given to wait is over",
        Code::Stopping => "the daemon is stopping",
        Code::BadConfiguration => "the configuration cannot be used",
        Code::StoreFailed => "the store failed",
        Code::Internal => "something that should not happen",
    }
}

/// What a field holds.
pub fn field(field: Field) -> &'static str {
    match field {
        Field::Client => "the company that the contract belongs to, by its id",
        Field::Parent => "the agreement that an addition stands below, by its key",
        Field::Type => "what kind of agreement or addition it is, in the tenant's words",
        Field::Status => "the tenant's label in lower case; active and inactive are normalised",
        Field::BillingCost => "the rate: what one whole billing cycle costs at the units in force",
        Field::BillingCycle => "how often that is billed",
        Field::Currency => "the currency of the amounts, by its ISO code",
        Field::Units => "how many units are in force",
        Field::UnitPrice => "the price of one unit",
        Field::Basis => "where the rate was read from: current, first, last, none or scaled",
        Field::CurrencyBasis => {
            "where the currency was read from: client, internal, configured or unknown"
        }
        Field::Billing => "whether Autotask bills it: billed, upcoming, ended, none or one-time",
        Field::BillingSince => "upcoming: the first day that is billed; ended: the last",
        Field::NextChangeDate => "the day from which it is known to cost something else",
        Field::NextChangeCost => "what one billing cycle costs from that day on",
        Field::LaterChanges => "what it is known to cost after that, each with its day",
        Field::PeriodAmount => "the period amount: what Autotask bills for the running period",
        Field::PeriodStart => "the first day of that period",
        Field::PeriodEnd => "the last day of that period",
        Field::Left => "what is left of a purchase, with its unit",
        Field::Billed => "whether Autotask has billed a charge, milestone or purchase",
        Field::SetupFee => "what setting the agreement up costs, once",
        Field::BilledTo => "the company that is billed, where that is not the client",
        Field::Remarks => "what is remarkable about the cost, by its codes",
        Field::Contents => "what is in a bundle: the names of its services",
        Field::Renews => "the agreement that this one renews, by its key",
        Field::Vanished => "since when the item is missing in Autotask",
        Field::Name => "the name",
        Field::Description => "the description",
        Field::StartDate => "the first day",
        Field::EndDate => "the last day",
        Field::Category => "the category, in the tenant's words",
        Field::PurchaseOrder => "the purchase order number",
        Field::Contact => "the contact's name",
        Field::Udf(_) => "a user-defined field of agreements, as the configuration names it",
        Field::Notes => "free notes",
        Field::Owner => "the person in charge at the MSP",
        Field::Location => "where the thing is",
        Field::Impact => "how much it hurts when it stops",
        Field::ThirdParty => "whether a third party provides it",
        Field::Tags => "words to find it by",
        Field::NoticeDays => "how many days before the end notice must be given",
        Field::AutoRenew => "whether it renews by itself",
    }
}

/// What values of a kind look like; none for plain texts, which are as they are.
pub fn kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Text => None,
        Kind::Number => Some("a decimal number, such as 482.60"),
        Kind::Date => Some("a date, YYYY-MM-DD"),
        Kind::Cycle => Some("monthly, quarterly, semi-annual, yearly, one-time or none"),
        Kind::Impact => Some("unspecified, low, medium or high"),
        Kind::Flag => Some("yes or no"),
        Kind::Days => Some("a whole number"),
        Kind::Tags => Some("separated by commas"),
    }
}

/// What an item is whose key begins with this letter.
pub fn letter(letter: Letter) -> &'static str {
    match letter {
        Letter::Agreement => "an agreement (an Autotask contract)",
        Letter::Bundle => "a service bundle below an agreement",
        Letter::Charge => "a charge",
        Letter::BlockHours => "a purchase of block hours",
        Letter::Local => "a contract made by hand, which Autotask does not have",
        Letter::Milestone => "a milestone",
        Letter::Retainer => "a retainer",
        Letter::Service => "a service below an agreement",
        Letter::Tickets => "a purchase of tickets",
    }
}

/// What it means that an item is pending in this state.
pub fn state(state: PendingState) -> &'static str {
    match state {
        PendingState::New => "Autotask has it, the store does not",
        PendingState::Changed => "both have it, and they differ",
        PendingState::Vanished => "the store has it, Autotask does not any more",
        PendingState::Returned => "it had vanished and is there again",
        PendingState::Held => "a guard, or a run that was reverted, wants a person to look first",
        PendingState::Ignored => "a person asked to leave it out",
        PendingState::Unsupported => "it cannot be imported; the reason says why",
    }
}

/// When there is such an event.
pub fn event(event: EventName) -> &'static str {
    match event {
        EventName::RunFinished => "a run ended and had nothing to change",
        EventName::RunChanged => "a run ended and changed contracts, or rejected rows",
        EventName::RunHeld => "a guard held something of a run",
        EventName::RunFailed => "a run failed, or none can begin",
        EventName::Recovered => "what an alert was about is over",
        EventName::AuthBlocked => "Autotask refuses the credentials",
        EventName::BudgetLow => "so little of the tenant's hour is left that auto-sync waits",
        EventName::Overdue => "runs of auto-sync should have begun long ago",
        EventName::Switched => "auto-sync was switched for a client",
        EventName::Reloaded => "the configuration was read again",
        EventName::StoreRepaired => "the store was not as it had been left",
    }
}
