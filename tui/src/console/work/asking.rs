//! Acts that may ask back before they are done: a bypass code for somebody with power, a shield that would
//! refuse whoever puts it up, also where it comes back because an act is taken back.

use gatepost_shared::admin::bypass::{self, Confirmed};
use gatepost_shared::admin::filter::span_of;
use gatepost_shared::admin::shield::{self, Shield, Sure};
use gatepost_shared::admin::users::Stop;
use gatepost_shared::admin::{Admin, AdminError, undo};
use gatepost_words::text::one_line;
use gatepost_words::time::Span;

use super::super::effect::{Deed, Slot, Verb};
use super::super::message::{Answer, Code, Found, Once, Undone};
use super::super::model::text::grouped;
use super::acts::meanwhile;
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
        Verb::Undo => take_back(desk, &mut admin, deed),
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
        | Verb::Restore
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
fn take_back(desk: &Desk, admin: &mut Admin, deed: &Deed) -> Result<Answer, AdminError> {
    let id = deed.object().parse().unwrap_or(0);
    let Some(asked) = deed.asked_undo(desk.open.own) else {
        return Err(AdminError::NothingToUndo("nothing was done".to_owned()));
    };
    let undone = admin.undo(id, asked, &Stop::default(), |_done, _of| {})?;
    for (user, step) in &undone.steps {
        desk.tell(Found::Stepped(user.clone(), *step));
    }
    Ok(Answer::Done(Ok(undone_text(&undone, does_again(deed)))))
}

/// Whether taking that back does an act again.
pub(super) fn does_again(deed: &Deed) -> bool {
    let act = deed.undoes.as_ref();
    act.is_some_and(|act| act.seen.identity.does_again())
}

/// How far acts are taken back, or done again, that were done together; and what each of the others says.
pub(super) fn undone(undone: undo::Undone, is_again: bool) -> Undone {
    let said = if undone.is_whole() {
        Ok(undone_text(&undone, is_again))
    } else {
        let so = if is_again { "done again" } else { "taken back" };
        let mut text = format!("{}: {} {so}", undone.named(), grouped(undone.done as u64));
        for (count, word) in [
            (undone.failed.len(), "failed"),
            (undone.left, "left as they were"),
        ] {
            if count > 0 {
                let more = format!(", {} {word}", grouped(count as u64));
                text.push_str(&more);
            }
        }
        if undone.failed.is_empty() {
            Ok(text)
        } else {
            Err(format!("{text}; w shows which and why"))
        }
    };
    let failures = undone.failed.into_iter().map(|failed| {
        let whose = match failed.user.as_str() {
            "" => format!("act {}", failed.id),
            user => user.to_owned(),
        };
        let why = match meanwhile(&failed.why) {
            Some(what) => format!("changed since: {what}"),
            None => failed.why,
        };
        (whose, one_line(&why))
    });
    Undone {
        said,
        failures: failures.collect(),
        steps: undone.steps,
    }
}

/// That an act is taken back, or done again, and what stays.
pub(super) fn undone_text(undone: &undo::Undone, is_again: bool) -> String {
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

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::undo;

    use super::undone;

    // Mutants: what is done again is called as it was; what was left, or failed, is not told; a stop is a failure.
    #[test]
    fn how_far_acts_on_many_are_taken_back_is_told() {
        let why =
            "dave was changed in the meantime: user-note by carol. Nothing was done; look again: x";
        let failed = |user: &str, why: &str| undo::Failed {
            id: 9,
            user: user.into(),
            why: why.into(),
        };
        let of = |done, failed: Vec<undo::Failed>, left, is_again| {
            let taken = undo::Undone {
                id: 7,
                act: "lock".into(),
                user: String::new(),
                about: String::new(),
                now: String::new(),
                done,
                failed,
                left,
                stays: "mail stays",
                redo: Some(12),
                steps: Vec::new(),
            };
            let told = undone(taken, is_again);
            (told.said, told.failures)
        };
        for (is_again, said) in [
            (
                false,
                "lock of 4 accounts is taken back; Z does it again. What stays: mail stays.",
            ),
            (true, "lock of 4 accounts is done again; z takes it back."),
        ] {
            assert_eq!(of(4, vec![], 0, is_again), (Ok(said.into()), vec![]));
        }
        let said = "lock of 4 accounts: 3 taken back, 1 left as they were";
        assert_eq!(of(3, vec![], 1, false), (Ok(said.into()), vec![]));
        let said = "lock of 4 accounts: 1 done again, 2 failed, 1 left as they were; w shows which and why";
        let both = vec![failed("dave", why), failed("", "it is gone")];
        let failures = [
            ("dave", "changed since: user-note by carol"),
            ("act 9", "it is gone"),
        ];
        let failures = failures.map(|(whose, why)| (whose.to_owned(), why.to_owned()));
        assert_eq!(of(1, both, 1, true), (Err(said.into()), failures.into()));
    }
}
