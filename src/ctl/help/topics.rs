//! The topics of `lmsyncctl help`: the pages in `docs/topics/`, built in.

use super::page::{Block, Page};

/// A topic.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    markdown: &'static str,
}

impl Topic {
    /// Its text, with what it is about.
    pub fn page(&self) -> Page {
        Page::read(self.markdown)
    }
}

macro_rules! topics {
    ($($name:literal),*) => {
        [$(Topic {
            name: $name,
            markdown: include_str!(concat!("../../../docs/topics/", $name, ".md")),
        }),*]
    };
}

/// Every topic but the list of topics itself.
pub const TOPICS: [Topic; 9] = topics!(
    "auth",
    "exit-codes",
    "fields",
    "billing",
    "keys",
    "states",
    "guards",
    "events",
    "scripting"
);

/// The list of topics.
pub fn list() -> Vec<Block> {
    let topics = TOPICS.map(|topic| (topic.name.to_owned(), topic.page().about));
    vec![
        Block::Text(
            "`lmsyncctl help TOPIC` shows one of these, `lmsyncctl help COMMAND` the help of a command."
                .to_owned(),
        ),
        Block::Heading("Topics".to_owned()),
        Block::Names(topics.to_vec()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::page::plain;
    use super::*;
    use crate::ctl::app::exit::EXITS;
    use crate::model::{
        BillingState, Code, EventName, Field, ItemKind, Ownership, PendingState, Remark,
    };

    fn page(name: &str) -> String {
        let topic = TOPICS.iter().find(|topic| topic.name == name).expect("a topic");
        plain(&topic.page().blocks, Some(80))
    }

    /// The names below a heading of a topic; those before the first one have none.
    fn names(topic: &str, heading: &str) -> Vec<String> {
        let topic = TOPICS.iter().find(|one| one.name == topic).expect("a topic");
        let (mut names, mut at) = (Vec::new(), String::new());
        for block in topic.page().blocks {
            match block {
                Block::Heading(heading) => at = heading,
                Block::Names(found) if at == heading => {
                    names.extend(found.into_iter().map(|(name, _)| name));
                }
                _ => {}
            }
        }
        names
    }

    fn sorted(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
        let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
        names.sort();
        names
    }

    #[test]
    fn every_status_and_code_is_explained_below_its_own_status() {
        let statuses: Vec<String> = EXITS.iter().map(|exit| exit.status.to_string()).collect();
        assert_eq!(names("exit-codes", ""), statuses);
        for exit in EXITS {
            let codes = Code::ALL.into_iter().filter(|code| code.exit_status() == exit.status);
            let told = names("exit-codes", &format!("Exit status {}", exit.status));
            assert_eq!(sorted(told), sorted(codes.map(Code::name)), "{}", exit.status);
        }
        let of_autotask = names("auth", "What the answer of Autotask means");
        assert_eq!(of_autotask, names("exit-codes", "Exit status 7"));
    }

    #[test]
    fn every_field_is_explained_below_its_owner() {
        for (owner, heading) in [
            (Ownership::Source, "Autotask's, locked"),
            (Ownership::Seeded, "Seeded"),
            (Ownership::Local, "Local"),
        ] {
            let fields = Field::ALL.into_iter().filter(|field| field.ownership() == owner);
            let user_defined = (owner == Ownership::Seeded).then_some("udf.NAME");
            let known = sorted(fields.map(Field::name).chain(user_defined));
            assert_eq!(sorted(names("fields", heading)), known);
        }
    }

    #[test]
    fn every_state_remark_event_and_letter_is_explained() {
        let states = BillingState::ALL.map(BillingState::name);
        assert_eq!(names("billing", "Billing states"), states);
        assert_eq!(names("billing", "Remarks"), Remark::ALL.map(Remark::code));
        let (applied, left): (Vec<PendingState>, Vec<PendingState>) =
            PendingState::ALL.into_iter().partition(|state| state.can_apply());
        let named = |states: Vec<PendingState>| sorted(states.into_iter().map(PendingState::name));
        assert_eq!(sorted(names("states", "Applied by a sync")), named(applied));
        assert_eq!(sorted(names("states", "Left alone by a sync")), named(left));
        let (alerts, others): (Vec<EventName>, Vec<EventName>) =
            EventName::ALL.into_iter().partition(|event| EventName::ALERTS.contains(event));
        let named = |events: Vec<EventName>| sorted(events.into_iter().map(EventName::name));
        assert_eq!(sorted(names("events", "Notified by default")), named(alerts));
        assert_eq!(sorted(names("events", "Other events")), named(others));
        let letters = ItemKind::ALL.map(|kind| kind.as_char().to_string());
        assert_eq!(names("keys", ""), letters);
    }

    #[test]
    fn every_topic_fits_a_terminal_and_is_listed() {
        let list = plain(&list(), Some(80));
        for topic in TOPICS {
            assert!(list.lines().any(|line| line.split_whitespace().next() == Some(topic.name)));
            let page = page(topic.name);
            let typed = |line: &str| line.contains("lmsyncctl ") || line.contains("varlinkctl ");
            let fits = |line: &str| line.chars().count() <= 80 || typed(line);
            assert!(page.lines().all(fits), "{page}");
        }
    }

    #[test]
    fn topics_in_full() {
        insta::assert_snapshot!("fields", page("fields"));
        insta::assert_snapshot!("billing", page("billing"));
        insta::assert_snapshot!("exit-codes", page("exit-codes"));
        insta::assert_snapshot!("auth", page("auth"));
        insta::assert_snapshot!("topics", plain(&list(), Some(80)));
    }
}
