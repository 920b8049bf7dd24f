//! Stands where `gatepost_shared::login` will: greets nobody and lets nobody in.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use gatepost_words::wire::{HEADER, Hello, ToModule, Verdict, body_length, decode, encode};

/// Reads the first frame and refuses.
pub(crate) fn serve(mut stream: UnixStream, _notes: &[String]) -> ExitCode {
    match refuse(&mut stream) {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

fn refuse(stream: &mut UnixStream) -> Option<()> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; body_length(header).ok()?];
    stream.read_exact(&mut body).ok()?;
    let hello: Hello = decode(&body).ok()?;
    let verdict = encode(&ToModule::Verdict {
        nonce: hello.nonce,
        word: Verdict::Unavailable.word(),
        say: None,
    });
    stream.write_all(verdict.ok()?.expose()).ok()
}
