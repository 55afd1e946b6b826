//! What is typed in the tour, chapter by chapter.

use super::{
    AGREEMENT, AHEAD, AHEAD_NEW, AHEAD_OLD, CHANGED, CHANGING, CLIENT, KEPT, LINE, NEW, OLD,
    RENEWING, Step,
};

pub(super) const BEFORE_AUTO_SYNC: &[Step<'_>] = &[
    Step {
        says: "Is Autotask reachable, and may our API user read contracts?",
        args: &["doctor"],
        exit: 0,
        shows: &["zone", "credentials", "Contracts"],
    },
    Step {
        says: "Which clients have agreements?",
        args: &["client", "list"],
        exit: 0,
        shows: &[CLIENT],
    },
    Step {
        says: "What is new or changed in Autotask for one of them?",
        args: &["pending", CLIENT],
        exit: 0,
        shows: &["new", AGREEMENT, LINE],
    },
    Step {
        says: "Field by field, and in money:",
        args: &["diff", CLIENT, AGREEMENT, LINE],
        exit: 0,
        shows: &["rate", "254.10"],
    },
    Step {
        says: "Import the agreement and one line of it.",
        args: &["sync", CLIENT, AGREEMENT, LINE],
        exit: 0,
        shows: &["2 created"],
    },
    Step {
        says: "They are contract records now. Local fields can be added.",
        args: &["contract", "set", LINE, "owner=Dana", "notice_days=60"],
        exit: 0,
        shows: &["owner", "Dana"],
    },
    Step {
        says: "Fields that Autotask owns can never be edited here.",
        args: &["contract", "set", LINE, "billing_cost=1.00"],
        exit: 6,
        shows: &["hint:"],
    },
    Step { says: "What is the status?", args: &["status"], exit: 0, shows: &[CLIENT, "ok"] },
    Step {
        says: "Sync the client automatically, every 24h. The first run starts immediately.",
        args: &["auto-sync", "on", CLIENT],
        exit: 0,
        shows: &["on"],
    },
];

pub(super) const WHILE_AUTO_SYNC: &[Step<'_>] = &[
    Step {
        says: "The first automatic run imported the rest.",
        args: &["run", "list", CLIENT],
        exit: 0,
        shows: &["auto", "manual"],
    },
    Step {
        says: "While auto-sync is on, a manual sync is refused, with a hint.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 6,
        shows: &["auto-sync", "hint:"],
    },
];

pub(super) const AFTER_THE_CHANGE: &[Step<'_>] = &[
    Step {
        says: "Preview is never refused. The last line is the cost impact of the change.",
        args: &["diff", CLIENT],
        exit: 0,
        shows: &["254.10 → 323.40", "+69.30 USD per month, +831.60 per year"],
    },
    Step {
        says: "Back to manual sync, so that the tour need not wait for tomorrow.",
        args: &["auto-sync", "off", CLIENT],
        exit: 0,
        shows: &["off"],
    },
    Step {
        says: "The next sync imports the change.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 0,
        shows: &["0 created", "2 updated"],
    },
    Step {
        says: "Running the sync again changes nothing.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 0,
        shows: &["0 created", "0 updated"],
    },
    Step {
        says: "And what was added here is still there.",
        args: &["contract", "show", LINE],
        exit: 0,
        shows: &["323.40", "Dana"],
    },
];

pub(super) const AFTER_A_LINE_IS_GONE: &[Step<'_>] = &[
    Step {
        says: "The line is asked for again by id before it counts as gone.",
        args: &["sync", CLIENT, "--all", "--yes"],
        exit: 0,
        shows: &["1 vanished"],
    },
    Step {
        says: "Nothing is deleted: the record is kept, and says since when.",
        args: &["contract", "show", KEPT],
        exit: 0,
        shows: &["vanished: missing in Autotask since"],
    },
];

pub(super) const AFTER_IT_IS_BACK: &[Step<'_>] = &[Step {
    says: "The next sync sees the line return.",
    args: &["sync", CLIENT, "--all", "--yes"],
    exit: 0,
    shows: &["returned", KEPT],
}];

pub(super) const BEFORE_THE_RENEWAL: &[Step<'_>] = &[
    Step {
        says: "Another client, whose agreement is about to be renewed, with a note of ours on it.",
        args: &["sync", RENEWING, "--all", "--yes"],
        exit: 0,
        shows: &[OLD, "created"],
    },
    Step {
        says: "",
        args: &["contract", "set", OLD, "notes=call Pat before any work on site"],
        exit: 0,
        shows: &["call Pat"],
    },
];

pub(super) const AFTER_THE_RENEWAL: &[Step<'_>] = &[
    Step {
        says: "lmsyncd recognises that the new agreement renews the old one.",
        args: &["pending", RENEWING],
        exit: 0,
        shows: &["renews A29683601"],
    },
    Step {
        says: "So the new agreement takes over our local fields.",
        args: &["sync", RENEWING, "--all", "--yes"],
        exit: 0,
        shows: &[NEW, "created"],
    },
    Step {
        says: "",
        args: &["contract", "show", NEW],
        exit: 0,
        shows: &["call Pat before any work on site", OLD],
    },
    Step {
        says: "The chain of renewals can be read from either end.",
        args: &["contract", "chain", OLD],
        exit: 0,
        shows: &[OLD, NEW],
    },
];

pub(super) const WITHIN_A_MONTH: &[Step<'_>] = &[
    Step {
        says: "At a third client two users joined within the running period.",
        args: &["sync", CHANGING, "--all", "--yes"],
        exit: 0,
        shows: &[CHANGED, "created"],
    },
    Step {
        says: "The cost of a whole month with them, and what this month bills, are two amounts.",
        args: &["contract", "cost", CHANGED],
        exit: 0,
        shows: &["1,215.00 USD, monthly", "bills 1,"],
    },
];

pub(super) const AHEAD_OF_TIME: &[Step<'_>] = &[
    Step {
        says: "A fourth client, whose renewal is written ahead.",
        args: &["sync", AHEAD, "--all", "--yes"],
        exit: 0,
        shows: &[AHEAD_NEW, "created"],
    },
    Step {
        says: "Until that day the renewal shows when billing starts, and counts in no total.",
        args: &["contract", "list", AHEAD],
        exit: 0,
        shows: &[AHEAD_OLD, AHEAD_NEW, "from 20", "706.50 USD per month"],
    },
];
