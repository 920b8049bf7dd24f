//! The login as one loop: the helper asks, the host answers, the helper gives its verdict.
//!
//! Not for processes, PAM codes or words to people. Generic over the conversation and over the link
//! to the helper, so that tests play both.

use gatepost_words::secret::Secret;
use gatepost_words::wire::{Hello, HostAnswer, Nonce, Proved, ToHelper, ToModule, decode, encode};

use crate::conversation::{Conversation, Echo, Tone};
use crate::helper_process::{Link, LinkError};
use crate::log::Log;
use crate::outcome::{Failure, Proof};

/// Carries the login to its verdict.
pub(crate) fn run(
    conversation: &mut impl Conversation,
    link: &mut impl Link,
    hello: &Hello,
    log: &Log,
) -> Result<Proof, Failure> {
    link.send(&encode(hello)?)?;
    let mut answered = false;
    for round in 1..=MAX_ROUNDS {
        let (text, echo) = match receive(link)? {
            ToModule::Ask { text, echo } => (text, if echo { Echo::On } else { Echo::Off }),
            ToModule::Verdict { nonce, word, say } => {
                let proof = Proof::read(hello.nonce, nonce, word)?;
                log.step(format_args!("the helper's verdict: {proof:?}"));
                // Nor may a decoy stack's line of a wrong password let in, whatever the helper says.
                let nothing_proved = hello.after == Proved::Nothing && proof.lets_in();
                if nothing_proved || (proof.is_success() && !answered) {
                    return Err(Failure::OutOfTurn);
                }
                tell(conversation, &proof, say);
                if proof.lets_in() && conversation.user()? != hello.user {
                    return Err(Failure::UserChanged);
                }
                return Ok(proof);
            }
        };
        log.step(format_args!("asking, round {round}"));
        let reply = reply(conversation, &hello.user, &text, echo);
        // What was typed prints as nothing.
        log.step(format_args!("came back: {reply:?}"));
        match link.send(&encode(&reply)?) {
            Ok(()) => {}
            // It may have left a verdict before it went, its own deadline's for one.
            Err(LinkError::Closed) => {
                let gone = Failure::from(LinkError::Closed);
                return only_a_refusal(conversation, link, hello.nonce, gone);
            }
            Err(error) => return Err(Failure::from(error)),
        }
        match reply {
            ToHelper::Answer { user, .. } if user == hello.user => answered = true,
            ToHelper::Answer { .. } => {
                return only_a_refusal(conversation, link, hello.nonce, Failure::UserChanged);
            }
            ToHelper::HostAnswered(_) | ToHelper::ConversationFailed => {
                return only_a_refusal(conversation, link, hello.nonce, Failure::OutOfTurn);
            }
        }
    }
    Err(Failure::TooManyRounds)
}

/// Puts the question and makes of what came back what the helper may know.
fn reply(
    conversation: &mut impl Conversation,
    first_user: &str,
    text: &str,
    echo: Echo,
) -> ToHelper {
    let Ok(answer) = conversation.ask(text, echo) else {
        return ToHelper::ConversationFailed;
    };
    // Before the password: for users whom it will not let in, sshd answers the password's prompt
    // with the same filler.
    if is_junk(answer.expose()) {
        return ToHelper::HostAnswered(HostAnswer::Junk);
    }
    if conversation.is_password(&answer) {
        return ToHelper::HostAnswered(HostAnswer::Password);
    }
    match conversation.user() {
        Ok(user) if user == first_user => ToHelper::Answer {
            user,
            text: shortened(answer),
        },
        // The helper learns who it is now, for the record, and nothing to compare.
        Ok(user) => ToHelper::Answer {
            user,
            text: Secret::default(),
        },
        Err(_no_name) => ToHelper::ConversationFailed,
    }
}

/// The end of a login in which nothing can be right any more. The helper's word is asked for all the
/// same: it records the login, and its refusal is more precise than ours.
fn only_a_refusal(
    conversation: &mut impl Conversation,
    link: &mut impl Link,
    ours: Nonce,
    otherwise: Failure,
) -> Result<Proof, Failure> {
    match receive(link) {
        Ok(ToModule::Verdict { nonce, word, say }) => {
            let proof = Proof::read(ours, nonce, word)?;
            if proof.lets_in() {
                return Err(otherwise);
            }
            tell(conversation, &proof, say);
            Ok(proof)
        }
        Ok(ToModule::Ask { .. }) => Err(otherwise),
        Err(gone) if matches!(otherwise, Failure::OutOfTurn) => Err(gone),
        Err(_less_telling) => Err(otherwise),
    }
}

fn receive(link: &mut impl Link) -> Result<ToModule, Failure> {
    let body = link.receive()?;
    Ok(decode(&body).map_err(LinkError::Frame)?)
}

fn tell(conversation: &mut impl Conversation, proof: &Proof, say: Option<String>) {
    let tone = if proof.lets_in() {
        Tone::Inform
    } else {
        Tone::Refuse
    };
    if let Some(line) = say {
        conversation.tell(tone, &line);
    }
}

/// sshd answers for users whom it will not let in: `\b\n\r\177INCORRECT`, cut or repeated to the
/// length of what was typed. No person types the control bytes that it begins with.
fn is_junk(answer: &[u8]) -> bool {
    let seen = answer.len().min(JUNK.len());
    seen > 0 && answer.get(..seen) == JUNK.get(..seen)
}

/// Bounds what the helper has to read; no code or command is nearly as long.
fn shortened(answer: Secret) -> Secret {
    match answer.expose().get(..ANSWER_LIMIT) {
        Some(head) => Secret::new(head.to_vec()),
        None => answer,
    }
}

const JUNK: &[u8] = b"\x08\n\r\x7f";
const ANSWER_LIMIT: usize = 512;

/// Wrong tries, empty answers, resends and changes of factor together stay far below.
const MAX_ROUNDS: u32 = 64;

#[cfg(test)]
mod tests;
