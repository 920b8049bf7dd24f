//! gatepost-sender: renders one message and hands it to one relay.
//!
//! The part of Gatepost that talks to the network, so it has no privileges, no store and no second
//! chance: the helper starts it as the system user `gatepost` with an empty environment, writes one
//! [`Job`] to its standard input, reads one [`Report`] from its standard output and kills it at the
//! deadline. It decides nothing about a login; its death is a failed delivery. Told to `print`, it reads
//! a [`Proof`] instead, answers with the letter's words, and opens no connection.
//!
//! - [`limits`]: what it gives up before it reads a byte
//! - [`deadline`]: when it ends itself
//! - [`render`]: templates to subject, text and HTML
//! - [`message`]: those to one RFC 5322 message with a fixed set of headers
//! - [`smtp`]: the conversation with the relay, over a [`connection`], with [`tls`] or none
//! - [`failure`]: what went wrong and what to do about it

#![forbid(unsafe_code)]

mod connection;
mod deadline;
mod failure;
mod limits;
mod message;
mod render;
mod smtp;
mod tls;

use std::fs::File;
use std::io::{Read, Result as IoResult, Write, stdin, stdout};
use std::os::fd::AsFd;
use std::process::ExitCode;

use gatepost_words::job::{Job, MAX_PROOF, Outcome, PRINT, Print, Printed, Proof, Report};
use gatepost_words::wire::{self, FrameError};
use zeroize::Zeroizing;

use crate::deadline::Deadline;
use crate::failure::{Failure, Redaction};

fn main() -> ExitCode {
    let deadline = match limits::confine().and_then(|()| Deadline::start()) {
        Ok(deadline) => deadline,
        Err(why) => {
            // Nobody may be listening, and there is nothing else to do.
            let _unheard = writeln!(std::io::stderr(), "gatepost-sender: {why}");
            return ExitCode::FAILURE;
        }
    };
    // A word that is not known does nothing.
    let mut words = std::env::args_os().skip(1);
    let answered = match (words.next(), words.next()) {
        (None, _) => answer(deadline),
        (Some(word), None) if word == PRINT => print(deadline),
        (Some(_), _) => return ExitCode::FAILURE,
    };
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(_helper_gone) => ExitCode::FAILURE,
    }
}

/// One frame in, one frame out, past std's buffers: those would keep a copy of the password and
/// write the report in pieces.
fn answer(mut deadline: Deadline) -> IoResult<()> {
    let mut input = File::from(stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(stdout().as_fd().try_clone_to_owned()?);
    let report = match receive(&mut input, wire::MAX_BODY, wire::decode::<Job>) {
        Ok(job) => {
            deadline
                .set(job.relay.time)
                .map_err(std::io::Error::other)?;
            run(&job)
        }
        Err(failure) => failure.into_report(&Redaction::default()),
    };
    let frame = wire::encode(&report).map_err(std::io::Error::other)?;
    output.write_all(frame.expose())
}

/// The same for a letter that is only to be read.
fn print(mut deadline: Deadline) -> IoResult<()> {
    let mut input = File::from(stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(stdout().as_fd().try_clone_to_owned()?);
    let printed = match receive(&mut input, MAX_PROOF, wire::decode::<Proof>) {
        Ok(proof) => {
            deadline.set(proof.time).map_err(std::io::Error::other)?;
            printed(&proof)
        }
        Err(failure) => Err(failure),
    };
    let printed: Printed = printed.map_err(said);
    let frame = wire::encode_within(&printed, MAX_PROOF).or_else(|_too_long| {
        let why = "a part of the message is longer than anybody reads: shorten the template";
        wire::encode(&Printed::Err(why.to_owned()))
    });
    output.write_all(frame.map_err(std::io::Error::other)?.expose())
}

/// Renders, and composes what would go out, so that what is wrong with that is seen too.
fn printed(proof: &Proof) -> Result<Print, Failure> {
    let trial = proof.trial.as_ref();
    let trial = trial.map(|(name, text)| (name.as_str(), text.as_str()));
    let words = render::proof(&proof.letter, trial)?;
    message::compose(&proof.letter, words.clone())?;
    Ok(Print {
        subject: words.subject,
        text: words.text,
        html: words.html,
        faults: words.faults,
    })
}

/// A failure in a line.
fn said(failure: Failure) -> String {
    failure.into_report(&Redaction::default()).reply
}

/// Reads the body of the one frame, and makes of it what was asked for.
fn receive<T>(
    from: &mut impl Read,
    most: usize,
    decode: impl FnOnce(&[u8]) -> Result<T, FrameError>,
) -> Result<T, Failure> {
    let unread = |why| Failure::new(Outcome::Message, format!("no job could be read: {why}"));
    let mut header = [0; wire::HEADER];
    from.read_exact(&mut header)
        .map_err(|why| unread(why.to_string()))?;
    let length = wire::body_length_within(header, most).map_err(|why| unread(why.to_string()))?;
    let mut body = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut body)
        .map_err(|why| unread(why.to_string()))?;
    decode(&body).map_err(|why| unread(why.to_string()))
}

/// Renders, composes, delivers.
fn run(job: &Job) -> Report {
    let redaction = Redaction::of(job);
    let letter = match render::render(&job.letter) {
        Ok(letter) => letter,
        Err(failure) => return failure.into_report(&redaction),
    };
    let warning = letter.warning(job.letter.templates.as_deref());
    let delivered = message::compose(&job.letter, letter).and_then(|mail| {
        let reply = smtp::deliver(&job.relay, &mail)?;
        Ok((mail.message_id, reply))
    });
    let report = match delivered {
        Ok((message_id, reply)) => Report {
            outcome: Outcome::Accepted,
            reply: redaction.clean(&reply),
            message_id,
            warning: None,
        },
        Err(failure) => failure.into_report(&redaction),
    };
    Report { warning, ..report }
}
