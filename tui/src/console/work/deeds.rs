//! What a deed is, done: one verb on one account, answered by a sentence that says what is so now, and by
//! the version that it left.

use gatepost_shared::admin::users::{Asked, Moved, Proof, State, Versions, accepted};
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_words::secret::Secret;

use super::super::effect::{Deed, Slot, Verb};
use super::super::model::twin::{ALL_SOURCES, BY_WORD};
use super::post;

/// A sentence that says what is so now, or what is not.
type Sentence = Result<String, String>;

/// What came of a deed.
pub(super) struct Done {
    /// What is so now.
    pub(super) said: Sentence,
    /// The account's version before and after, where it has another one by it.
    pub(super) step: Option<Versions>,
}

impl Done {
    fn at(step: Versions, said: Sentence) -> Self {
        Self {
            said,
            step: Some(step),
        }
    }
}

impl From<Sentence> for Done {
    fn from(said: Sentence) -> Self {
        Self { said, step: None }
    }
}

/// Does it to one account.
pub(super) fn act(admin: &mut Admin, deed: &Deed, user: &str) -> Result<Done, AdminError> {
    let (reason, asked) = (deed.reason(), deed.asked(user));
    Ok(match deed.verb {
        Verb::Unlock => {
            let done = admin.unlock_user(user, asked)?;
            let how = if done.before.state == State::Locked {
                "is unlocked"
            } else {
                "was not locked"
            };
            let text = format!("{} {how}: wrong codes so far no longer count.", done.user);
            Done::at(done.versions, Ok(text))
        }
        Verb::Lock => {
            let done = admin.lock_user(user, asked)?;
            let text = format!(
                "{} is locked: no code is taken until u unlocks it.",
                done.user
            );
            Done::at(done.versions, Ok(text))
        }
        Verb::Disable => {
            let done = admin.disable_user(user, asked)?;
            let text = format!("{} is disabled: sign-ins are refused.", done.user);
            Done::at(done.versions, Ok(text))
        }
        Verb::Enable => {
            let done = admin.enable_user(user, asked)?;
            Done::at(done.versions, Ok(format!("{} is enabled.", done.user)))
        }
        Verb::Note => {
            let done = admin.note_user(user, deed.said.get(Slot::Note), asked)?;
            Done::at(done.versions, Ok(format!("Noted about {}.", done.user)))
        }
        Verb::Remove => {
            let done = admin.remove_user(user, asked)?;
            let text = format!(
                "{} is removed and stays refused; z brings it back.",
                done.user
            );
            Done::at(done.versions, Ok(text))
        }
        Verb::SetMail => {
            let done = admin.set_mail(user, deed.said.get(Slot::Address), Proof::Code, asked)?;
            Done::at(done.versions, moved(&done))
        }
        Verb::Enrol => enrol(admin, deed)?.into(),
        Verb::Verify | Verb::Invite => verify(admin, user, asked)?.into(),
        Verb::Confirm => {
            let code = Secret::from(deed.said.get(Slot::Code).to_owned());
            let done = admin.confirm(user, &code, reason)?;
            let text = format!(
                "{}'s address is confirmed: codes go there from now on.",
                done.user
            );
            Done::at(done.versions, Ok(text))
        }
        Verb::Forget => forget(admin, deed, user)?,
        Verb::Unmask => {
            admin.unmask("", reason)?;
            Ok(String::new()).into()
        }
        Verb::TestMail => test_mail(admin, deed)?.into(),
        Verb::RetryMail => post::retry(admin, reason)?.into(),
        Verb::Revoke(id) => {
            let revoked = admin.revoke_bypass(user, Some(id), reason)?;
            let text = format!("{}'s bypass code {id} no longer works.", revoked.user);
            Ok(text).into()
        }
        Verb::EndShield => {
            let lowered = admin.shield_off(Some(user), reason)?;
            let text = format!(
                "Sign-ins from {} are possible again.",
                lowered.lowered.join(", ")
            );
            Ok(text).into()
        }
        // They may ask back, and are done elsewhere.
        Verb::Bypass | Verb::Shield | Verb::Undo => Err("nothing was done".to_owned()).into(),
        // Told with what came in between, where they are done.
        Verb::TryRules(_) | Verb::ApplyRules(_) | Verb::KeepTry(_) => Ok(String::new()).into(),
        // A job of its own, with a plan that was looked at.
        Verb::Import => Err("Look at the list first.".to_owned()).into(),
        Verb::Restore => Err("Look the copy through first.".to_owned()).into(),
    })
}

fn moved(moved: &Moved) -> Sentence {
    let meanwhile = if moved.before.is_empty() {
        "until then no code goes anywhere".to_owned()
    } else {
        format!(
            "until then codes go to {}, which is told",
            moved.before_told()
        )
    };
    if accepted(&moved.mail) {
        Ok(format!(
            "A code is on its way to {}; C takes it. {meanwhile}.",
            moved.address_told()
        ))
    } else {
        let how = moved.mail.last().map_or("", |last| last.reply.as_str());
        Err(format!(
            "{} waits for its code, which could not be sent: {how}. v sends another.",
            moved.address
        ))
    }
}

fn enrol(admin: &mut Admin, deed: &Deed) -> Result<Sentence, AdminError> {
    let proof = if deed.said.get(Slot::Proof) == BY_WORD {
        Proof::Word
    } else {
        Proof::Code
    };
    let (user, address) = (deed.said.get(Slot::User), deed.said.get(Slot::Address));
    let added = admin.add_user(user, address, proof, deed.reason())?;
    if added.confirmed {
        return Ok(Ok(format!(
            "{} is enrolled; codes go to {}.",
            added.user, added.address
        )));
    }
    if accepted(&added.mail) {
        return Ok(Ok(format!(
            "{} is enrolled; a code is on its way to {}: C takes it.",
            added.user, added.address
        )));
    }
    let how = added.mail.last().map_or("", |last| last.reply.as_str());
    Ok(Err(format!(
        "{} is enrolled, but the code for {} could not be sent: {how}. v sends another.",
        added.user, added.address
    )))
}

fn verify(admin: &mut Admin, user: &str, asked: Asked) -> Result<Sentence, AdminError> {
    let sent = admin.send_confirmation(user, asked)?;
    let how = sent.mail.last().map_or("", |last| last.reply.as_str());
    Ok(if accepted(&sent.mail) {
        Ok(format!(
            "A new code is on its way to {}; C takes it.",
            sent.address
        ))
    } else {
        Err(format!(
            "The code for {} could not be sent: {how}",
            sent.address
        ))
    })
}

fn forget(admin: &mut Admin, deed: &Deed, user: &str) -> Result<Done, AdminError> {
    let which = Some(deed.said.get(Slot::Source)).filter(|which| *which != ALL_SOURCES);
    let revoked = admin.revoke_sources(user, which, deed.asked(user))?;
    let text = match revoked.revoked {
        1 => format!("{}: one source is forgotten.", revoked.user),
        many => format!("{}: {many} sources are forgotten.", revoked.user),
    };
    Ok(Done::at(revoked.versions, Ok(text)))
}

fn test_mail(admin: &mut Admin, deed: &Deed) -> Result<Sentence, AdminError> {
    let tested = admin.test_mail(deed.said.get(Slot::Address), deed.reason())?;
    let last = tested.mail.last();
    let how = last.map_or_else(String::new, |last| {
        format!("{} in {} ms: {}", last.relay, last.millis, last.reply)
    });
    Ok(if tested.accepted {
        Ok(format!("Taken for {} by {how}", tested.address))
    } else {
        Err(format!("Not taken for {}. {how}", tested.address))
    })
}
