//! A helper for trying the module alone: `helper=/…/fake-helper conf=/right`. It reads no
//! configuration; the path is what it is to play. Not installed, and of no use to anybody who is
//! not root already: the module starts nothing that others than root could have put there.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use gatepost_words::wire::{
    HEADER, Hello, Nonce, PROTOCOL, ToHelper, ToModule, Verdict, body_length, decode, encode,
};

fn main() -> ExitCode {
    match play() {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

fn play() -> Option<()> {
    let stdin: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    let mut module = UnixStream::from(stdin);
    let hello: Hello = decode(&body(&mut module)?).ok()?;
    let verdict = |nonce, verdict: Verdict, say: Option<&str>| ToModule::Verdict {
        nonce,
        word: verdict.word(),
        say: say.map(str::to_owned),
    };
    let success = verdict(hello.nonce, Verdict::Success, None);
    match hello.conf.as_deref()? {
        "/ignore" => send(&mut module, &verdict(hello.nonce, Verdict::Ignore, None)),
        "/refuse" => send(
            &mut module,
            &verdict(hello.nonce, Verdict::Refuse, Some("Not today.")),
        ),
        "/unasked" => send(&mut module, &success),
        "/silent" => {
            // Until the module closes its end.
            let _nothing_comes = module.read(&mut [0]);
            Some(())
        }
        "/lost" => None,
        play => {
            let heard = ask(&mut module, &hello, play != "/hidden")?;
            let answer = match &heard {
                ToHelper::Answer { text, .. } => text.expose_str().unwrap_or_default(),
                ToHelper::HostAnswered(_) | ToHelper::ConversationFailed => "",
            };
            match play {
                "/right" if answer == "12345678" => send(&mut module, &success),
                "/nonce" => send(
                    &mut module,
                    &verdict(Nonce([0; 16]), Verdict::Success, None),
                ),
                "/word" => send(
                    &mut module,
                    &ToModule::Verdict {
                        nonce: hello.nonce,
                        word: [1; 4],
                        say: None,
                    },
                ),
                "/hidden" | "/told" => send(
                    &mut module,
                    &verdict(
                        hello.nonce,
                        Verdict::Refuse,
                        Some(&format!("That was: {heard:?}")),
                    ),
                ),
                "/gone" => None,
                "/half" => {
                    let frame = encode(&success).ok()?;
                    module.write_all(frame.expose().get(..HEADER + 9)?).ok()
                }
                "/protocol" => {
                    let [low, high] = (PROTOCOL + 1).to_le_bytes();
                    module.write_all(&[0, 0, 0, 0, low, high]).ok()
                }
                "/garbage" => module.write_all(&[0xff; 600]).ok(),
                "/lingers" => {
                    send(&mut module, &success)?;
                    loop {
                        std::thread::park();
                    }
                }
                _ => send(
                    &mut module,
                    &verdict(hello.nonce, Verdict::Refuse, Some("That was wrong.")),
                ),
            }
        }
    }
}

/// What the module says of the answer.
fn ask(module: &mut UnixStream, hello: &Hello, echo: bool) -> Option<ToHelper> {
    let question = ToModule::Ask {
        text: format!("Sign-in as {}.\nVerification code: ", hello.user),
        echo,
    };
    send(module, &question)?;
    decode(&body(module)?).ok()
}

fn send(module: &mut UnixStream, frame: &ToModule) -> Option<()> {
    module.write_all(encode(frame).ok()?.expose()).ok()
}

fn body(module: &mut UnixStream) -> Option<Vec<u8>> {
    let mut header = [0; HEADER];
    module.read_exact(&mut header).ok()?;
    let mut body = vec![0; body_length(header).ok()?];
    module.read_exact(&mut body).ok()?;
    Some(body)
}
