//! Where an account's people sign in from, as the store knows it, and forgetting that.

use serde::Serialize;

use super::roles::Right;
use super::users::{Asked, Versions};
use super::why::place;
use super::{Admin, AdminError, stamp};

/// A known source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// As `gatepost source revoke` takes it: an address, or what the store calls it.
    pub id: String,
    /// As a person reads it.
    pub source: String,
    /// At which service.
    pub service: String,
    /// The first success, RFC 3339.
    pub first: String,
    /// The last one.
    pub last: String,
    /// Whether no code is asked for from there.
    pub remembered: bool,
}

/// Sources that were forgotten.
#[derive(Clone, Debug, Serialize)]
pub struct Revoked {
    /// Whose.
    pub user: String,
    /// How many.
    pub revoked: usize,
    /// The account's version before and after.
    #[serde(skip)]
    pub versions: Versions,
}

impl Admin {
    /// An account's known sources, the latest first.
    pub fn sources(&self, typed: &str) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let (_, account) = self.enrolled(typed)?;
        let known = self.store.known_sources(&self.host.now(), account.id)?;
        Ok(known
            .into_iter()
            .map(|known| Listed {
                id: id(&known.source),
                source: place(&known.source),
                service: gatepost_words::text::sanitise(&known.service),
                first: stamp(known.first),
                last: stamp(known.last),
                remembered: known.remembered,
            })
            .collect())
    }

    /// Forgets one source of an account at every service, or all of them.
    pub fn revoke_sources(
        &mut self,
        typed: &str,
        source: Option<&str>,
        asked: impl Into<Asked>,
    ) -> Result<Revoked, AdminError> {
        self.may(Right::Accounts)?;
        let (name, account) = self.enrolled(typed)?;
        let now = self.host.now();
        let wanted = match source {
            None => None,
            Some(typed) => {
                let known = self.store.known_sources(&now, account.id)?;
                let found = known.into_iter().find(|known| id(&known.source) == typed);
                // One that is not known is for the store to refuse.
                Some(found.map_or_else(String::new, |known| known.source))
            }
        };
        let asked = asked.into();
        let store = &mut self.store;
        let (revoked, versions) =
            store.forget_sources(&now, &self.actor, &name, wanted.as_deref(), &asked)?;
        self.log("source-revoke", name.as_str());
        Ok(Revoked {
            user: name.to_string(),
            revoked,
            versions,
        })
    }
}

/// What a source is called on a command line.
fn id(source: &str) -> String {
    let clean = gatepost_words::text::sanitise(source);
    clean.strip_prefix("ip:").unwrap_or(&clean).to_owned()
}
