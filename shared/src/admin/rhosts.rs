//! Sign-ins that come with a name in place of an address: what `UseDNS yes` in `sshd_config` brings about.
//! No shield covers them, and no source of theirs is ever known, since a name is what somebody's DNS says.

use std::net::IpAddr;

use gatepost_words::ident::Source;
use gatepost_words::text::sanitise;

use super::roles::Right;
use super::{Admin, AdminError};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::events::Listed;
use crate::store::kinds::Kind;

/// How many of the newest events are looked at.
const NEWEST: u32 = 1000;

impl Admin {
    /// What to say of sign-ins that no shield covers; none where the newest have addresses all.
    pub fn unshielded(&self) -> Result<Option<String>, AdminError> {
        self.may(Right::Look)?;
        Ok(named(&self.store)?)
    }
}

/// The same, for whoever has a store.
pub(super) fn named(store: &Store) -> Result<Option<String>, StoreError> {
    let events = store.events(None, None, NEWEST)?;
    let opened = events
        .iter()
        .filter(|event| event.kind == Kind::Opened.name());
    let remote: Vec<&Listed> = opened.filter(|event| is_remote(&event.source)).collect();
    let mut names = remote
        .iter()
        .filter(|event| event.source.parse::<IpAddr>().is_err());
    let Some(newest) = names.next() else {
        return Ok(None);
    };
    Ok(Some(format!(
        "{} of the newest {} remote sign-ins came with a name in place of an address, such as {}: shields \
         and known sources do not cover them. Say UseDNS no in sshd_config",
        names.count() + 1,
        remote.len(),
        sanitise(&newest.source)
    )))
}

/// Whether an event is of a sign-in from elsewhere.
fn is_remote(source: &str) -> bool {
    !source.is_empty() && !Source::is_written_local(source)
}

#[cfg(test)]
mod tests {
    use super::named;
    use crate::host::Host;
    use crate::host::tests::Fixed;
    use crate::store::Store;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    // Mutants: local sign-ins are taken for names; so are addresses of one kind; any event counts.
    #[test]
    fn names_are_told_from_addresses_and_from_this_machine() {
        let mut store = Store::in_memory();
        let wall = Fixed::new().now().wall;
        let mut record = |kind, source| {
            let event = Event {
                kind,
                account: "alice",
                service: "sshd",
                source,
                conversation: None,
                detail: serde_json::json!({}),
            };
            store.record(wall, &event).unwrap();
            named(&store).unwrap()
        };
        for source in [
            "203.0.113.9",
            "2001:db8::9",
            "this machine (pts/1, uid 7)",
            "",
        ] {
            assert_eq!(record(Kind::Opened, source), None, "{source}");
        }
        assert_eq!(record(Kind::Guess, "host.example.net"), None);
        let said = record(Kind::Opened, "host.example.net").unwrap();
        assert!(
            said.starts_with("1 of the newest 3 remote sign-ins")
                && said.contains("such as host.example.net: shields"),
            "{said}"
        );
    }
}
