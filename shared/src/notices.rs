//! Sending the notices that wait in the outbox: by the helper after a login, by `gatepost maintain`
//! for the rest.

use gatepost_words::job::{Content, Outcome};
use gatepost_words::time::Wall;

use crate::config::Config;
use crate::host::Host;
use crate::mail;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::mails::Told;

/// Sends at most `limit` due notices; how many a relay took. No transaction is open while one is
/// being sent.
pub fn send_due(
    store: &mut Store,
    config: &Config,
    host: &dyn Host,
    limit: u32,
) -> Result<u32, StoreError> {
    let most = config.policy.limits.mails_per_address_per_day;
    let mut sent = 0;
    for _ in 0..limit {
        let Some(notice) = store.claim_notice(&host.now(), most)? else {
            break;
        };
        let (kind, content) = content(&notice.told);
        let when = Wall::from_millis(notice.created);
        let letter = mail::letter(config, notice.to.as_str(), &notice.name, content, when);
        let attempts = mail::deliver(config, host, kind, letter);
        let Some(last) = attempts.last() else { break };
        store.notice_done(&host.now(), &notice, last)?;
        if last.outcome == Outcome::Accepted {
            sent += 1;
        }
    }
    Ok(sent)
}

/// What a notice says, and the word for its deliveries.
fn content(told: &Told) -> (&'static str, Content) {
    match told {
        Told::HalfFinished(half) => (
            "half-finished",
            Content::HalfFinished {
                service: half.service.clone(),
                source: half.source.clone(),
                ending: half.ending.clone(),
            },
        ),
        Told::Act(told) => (
            "account-notice",
            Content::Act {
                act: told.act,
                address: told.address.clone(),
                times: told.times,
            },
        ),
    }
}
