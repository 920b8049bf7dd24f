//! Sending the notices that wait in the outbox: by the helper after a login, by `gatepost maintain`
//! for the rest.

use gatepost_words::job::{Content, Outcome};
use gatepost_words::time::Wall;

use crate::config::Config;
use crate::host::Host;
use crate::mail;
use crate::store::Store;
use crate::store::error::StoreError;

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
        let content = Content::HalfFinished {
            service: notice.detail.service.clone(),
            source: notice.detail.source.clone(),
            ending: notice.detail.ending.clone(),
        };
        let when = Wall::from_millis(notice.created);
        let letter = mail::letter(config, notice.to.as_str(), &notice.name, content, when);
        let attempts = mail::deliver(config, host, "half-finished", letter);
        let Some(last) = attempts.last() else { break };
        store.notice_done(&host.now(), &notice, last)?;
        if last.outcome == Outcome::Accepted {
            sent += 1;
        }
    }
    Ok(sent)
}
