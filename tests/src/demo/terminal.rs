//! A person signs in: ssh has the terminal, mails are shown as they come, and afterwards the
//! administrator's program tells what it saw.

use std::env;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::poll;
use rustix::process::Signal;
use rustix::termios::OptionalActions;
use rustix::termios::tcgetattr;
use rustix::termios::tcsetattr;

use super::ADDRESS;
use super::USER;
use super::config;
use super::letter;
use super::mail_catcher;
use super::screen::heading;
use super::screen::indented;
use super::screen::say;
use super::screen::say_beside_a_program;
use super::stage;
use super::stop::Stop;
use crate::config::Config;
use crate::process::Process;
use crate::smtp::Sink;
use crate::sshd::Sshd;
use crate::stack::Stack;
use crate::stage::Stage;
use crate::users::User;

/// How often to look for mail and for a wish to stop, while ssh has the terminal.
const TICK: Duration = Duration::from_millis(50);

/// The prompt should stand before the mail that answers it is shown.
const PROMPT_FIRST: Duration = Duration::from_millis(300);

/// What the person wants.
#[derive(PartialEq, Eq)]
enum Wish {
    Again,
    Leave,
}

/// Sets up, lets the person sign in as often as they like, takes down.
pub(super) fn run() -> bool {
    let Ok(stop) = Stop::hold() else {
        say("The demo cannot run: it could not clean up after ctrl-c.");
        return false;
    };
    let modes = tcgetattr(io::stdin()).ok();
    say("Setting up a server of its own for the demo ...");
    let sink = mail_catcher();
    let config = config(&sink);
    let stage = stage(&config);
    let sshd = Sshd::start(&stage);
    introduce(&config);
    let mut visit = Visit {
        stage: &stage,
        sshd: &sshd,
        sink: &sink,
        stop: &stop,
        mails: 0,
    };
    loop {
        let wish = visit.sign_in();
        // A client that was killed may have left the terminal raw.
        if let Some(modes) = &modes {
            let _gone = tcsetattr(io::stdin(), OptionalActions::Now, modes);
        }
        if wish == Wish::Leave || visit.look_back() == Wish::Leave {
            break;
        }
    }
    say("\nTaking the server down ...");
    true
}

fn introduce(config: &Config) {
    let password = User::password_of(USER);
    heading("Gatepost: sign in with a code from a mail");
    say(&format!(
        "A server called host01 runs on this machine: a real sshd on the loopback, PAM with
pam_gatepost.so, and a mail server that takes mail over STARTTLS. All of it lives in private
mounts; it goes when you leave, and ctrl-c leaves at any time.

    account    {USER}, whose codes go to {ADDRESS}
    password   {password}

Things to try: a wrong code; Enter alone; ? or r at the prompt; waiting until the code is a minute
old; five wrong codes.

/etc/pam.d/sshd begins:

{}

/etc/gatepost/gatepost.toml, with times shorter than anybody would want them in earnest:

{}",
        indented(&auth_lines()),
        indented(&config.text())
    ));
}

fn auth_lines() -> String {
    let text = Stack::plain().text();
    let auth = text.lines().filter(|line| line.starts_with("auth"));
    auth.collect::<Vec<_>>().join("\n")
}

/// A person at the terminal, and what they deal with.
struct Visit<'s> {
    stage: &'s Stage,
    sshd: &'s Sshd<'s>,
    sink: &'s Sink,
    stop: &'s Stop,
    /// How many mails have been shown.
    mails: usize,
}

impl Visit<'_> {
    /// Gives ssh the terminal until it ends.
    fn sign_in(&mut self) -> Wish {
        let port = self.sshd.port();
        heading(&format!("$ ssh -p {port} {USER}@127.0.0.1"));
        let mut ssh = self.client();
        loop {
            let ended = ssh.wait(TICK).is_some();
            if self.stop.came() {
                ssh.signal(Signal::TERM);
                ssh.wait(Duration::from_secs(2));
                return Wish::Leave;
            }
            if self.sink.mails().len() > self.mails {
                ssh.wait(PROMPT_FIRST);
                self.show_mails(ssh.is_running());
            }
            if ended {
                return Wish::Again;
            }
        }
    }

    fn client(&self) -> Process {
        let mut command = self.stage.command("/usr/bin/ssh");
        for option in [
            "UserKnownHostsFile=/dev/null",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=no",
            "LogLevel=ERROR",
            "NumberOfPasswordPrompts=1",
            "IdentityAgent=none",
            "PreferredAuthentications=keyboard-interactive",
        ] {
            command.args(["-o", option]);
        }
        let port = self.sshd.port().to_string();
        command.args(["-F", "none", "-p", &port, "-l", USER, "127.0.0.1"]);
        if let Some(terminal) = env::var_os("TERM") {
            command.env("TERM", terminal);
        }
        command
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit());
        Process::start_as_is(&mut command)
    }

    /// Shows what has come in since the last time.
    fn show_mails(&mut self, beside_ssh: bool) {
        let mails = self.sink.mails();
        for mail in mails.iter().skip(self.mails) {
            say_beside_a_program(&format!("\n{}", letter::whole(mail)));
            if beside_ssh && mail.find_code().is_some() {
                say_beside_a_program("ssh still waits. Verification code: ");
            }
        }
        self.mails = mails.len();
    }

    /// Tells what the administrator's program knows of it, and asks what is next.
    fn look_back(&mut self) -> Wish {
        self.gatepost("why alice");
        self.gatepost("audit tail");
        heading("What next?");
        say("Enter = sign in again, q = leave; or a command such as: gatepost user unlock alice");
        loop {
            let Some(line) = self.ask() else {
                return Wish::Leave;
            };
            match line.trim() {
                "" => return Wish::Again,
                "q" => return Wish::Leave,
                command => self.gatepost(command.trim_start_matches("gatepost ")),
            }
        }
    }

    fn gatepost(&mut self, command: &str) {
        self.show_mails(false);
        heading(&format!("# gatepost {command}"));
        let words: Vec<&str> = command.split_whitespace().collect();
        let done = self.stage.gatepost(&words);
        say(format!("{}{}", done.stdout, done.stderr).trim_end());
    }

    /// A line of the person's; none when they want to go.
    fn ask(&self) -> Option<String> {
        say_beside_a_program("> ");
        let stdin = io::stdin();
        let watched = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::new(self.stop, PollFlags::IN),
        ];
        // A signal that is not held back, such as a window's new size, cuts the wait short.
        while poll(&mut watched.clone(), None).is_err() {}
        let mut line = String::new();
        let is_line =
            !self.stop.came() && stdin.read_line(&mut line).is_ok_and(|length| length > 0);
        is_line.then_some(line)
    }
}
