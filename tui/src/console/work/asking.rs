//! Acts that may ask back before they are done: a bypass code for somebody with power, a shield that would
//! refuse whoever puts it up.

use gatepost_shared::admin::bypass::{self, Confirmed};
use gatepost_shared::admin::filter::span_of;
use gatepost_shared::admin::shield::{self, Shield, Sure};
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_words::time::Span;

use super::super::effect::{Deed, Slot, Verb};
use super::super::message::{Answer, Code, Once};
use super::{Desk, said};

/// Does it, or says why it is asked back.
pub(super) fn act(desk: &Desk, deed: &Deed) -> Answer {
    let mut admin = match desk.admin() {
        Ok(admin) => admin,
        Err(error) => return Answer::Done(Err(error)),
    };
    let done = match deed.verb {
        Verb::Bypass => bypass(&mut admin, deed),
        Verb::Shield => shield(desk, &mut admin, deed),
        Verb::Unlock
        | Verb::Disable
        | Verb::Enable
        | Verb::Verify
        | Verb::Confirm
        | Verb::SetMail
        | Verb::Lock
        | Verb::Note
        | Verb::Enrol
        | Verb::Remove
        | Verb::Invite
        | Verb::Forget
        | Verb::Undo
        | Verb::Import
        | Verb::Unmask
        | Verb::TestMail
        | Verb::RetryMail
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_)
        | Verb::Revoke(_)
        | Verb::EndShield => return Answer::Done(Err("nothing was done".to_owned())),
    };
    done.unwrap_or_else(|error| {
        let text = said(&error);
        if matches!(error, AdminError::NotSure(_)) {
            Answer::NotSure(text)
        } else {
            Answer::Done(Err(text))
        }
    })
}

fn bypass(admin: &mut Admin, deed: &Deed) -> Result<Answer, AdminError> {
    let uses = deed.said.get(Slot::Uses);
    let asked = bypass::Asked {
        user: deed.object(),
        ttl: time(deed)?,
        uses: uses
            .parse()
            .map_err(|_no| AdminError::Usage(format!("{uses} is no number")))?,
        reason: deed.reason().unwrap_or_default(),
        confirmed: match deed.sure {
            Sure::No => Confirmed::No,
            Sure::Yes => Confirmed::ByName,
        },
    };
    let made = admin.new_bypass(&asked)?;
    Ok(Answer::Code(Once {
        user: made.user,
        id: made.id,
        life: made.ttl.to_string(),
        uses: made.uses,
        code: Code::of(made.code),
    }))
}

fn shield(desk: &Desk, admin: &mut Admin, deed: &Deed) -> Result<Answer, AdminError> {
    let source = deed.said.get(Slot::Source).to_owned();
    let sources: Vec<String> = Some(source)
        .filter(|one| !one.is_empty())
        .into_iter()
        .collect();
    let shields = admin.shield_on(&shield::Asked {
        sources: &sources,
        time: time(deed)?,
        reason: deed.reason(),
        own: desk.open.own,
        sure: deed.sure,
    })?;
    Ok(Answer::Done(Ok(raised(&shields))))
}

fn raised(shields: &[Shield]) -> String {
    let named: Vec<&str> = shields
        .iter()
        .take(NAMED)
        .map(|shield| shield.source.as_str())
        .collect();
    let more = match shields.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "Refused now, and by themselves no longer later: {}{more}.",
        named.join(", ")
    )
}

/// Shields that are named in a sentence.
const NAMED: usize = 3;

fn time(deed: &Deed) -> Result<Span, AdminError> {
    let text = deed.said.get(Slot::Time);
    let millis = span_of(text)
        .ok_or_else(|| AdminError::Usage(format!("{text} is no time: 15m or 2h is one")))?;
    Ok(Span::from_secs(millis / 1_000))
}
