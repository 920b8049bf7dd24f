//! Acts that may ask back before they are done: a bypass code for somebody with power, a shield that would
//! refuse whoever puts it up, also where it comes back because an act is taken back.

use gatepost_shared::admin::bypass::{self, Confirmed};
use gatepost_shared::admin::filter::span_of;
use gatepost_shared::admin::shield::{self, Shield, Sure};
use gatepost_shared::admin::undo::Undone;
use gatepost_shared::admin::users::Stop;
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_words::time::Span;

use super::super::effect::{Deed, Slot, Verb};
use super::super::message::{Answer, Code, Found, Once};
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
        Verb::Undo => undo(desk, &mut admin, deed),
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

/// Takes an act back, or does it again.
fn undo(desk: &Desk, admin: &mut Admin, deed: &Deed) -> Result<Answer, AdminError> {
    let id = deed.object().parse().unwrap_or(0);
    let Some(asked) = deed.asked_undo(desk.open.own) else {
        return Err(AdminError::NothingToUndo("nothing was done".to_owned()));
    };
    let undone = admin.undo(id, asked, &Stop::default(), |_done, _of| {})?;
    if let Some(step) = undone.versions {
        desk.tell(Found::Stepped(undone.user.clone(), step));
    }
    Ok(Answer::Done(Ok(undone_text(&undone, does_again(deed)))))
}

/// Whether taking that back does an act again.
pub(super) fn does_again(deed: &Deed) -> bool {
    let act = deed.undoes.as_ref();
    act.is_some_and(|act| act.seen.identity.does_again())
}

/// That an act is taken back, or done again, and what stays.
pub(super) fn undone_text(undone: &Undone, is_again: bool) -> String {
    let what = undone.named();
    let mut text = match undone.redo {
        Some(_) if is_again => format!("{what} is done again; z takes it back."),
        None if is_again => format!("{what} is done again."),
        Some(_) => format!("{what} is taken back; Z does it again."),
        None => format!("{what} is taken back."),
    };
    if !undone.now.is_empty() {
        let now = format!(" Now {}.", undone.now);
        text.push_str(&now);
    }
    if !undone.stays.is_empty() && !is_again {
        let stays = format!(" What stays: {}.", undone.stays);
        text.push_str(&stays);
    }
    text
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
