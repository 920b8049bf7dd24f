//! A play under way: an ssh client at a terminal, what it shows, the mails that come in meanwhile.

use std::fmt::Write;
use std::time::Duration;

use super::USER;
use super::letter;
use crate::smtp::Mail;
use crate::smtp::Sink;
use crate::sshd::Login;
use crate::sshd::Sshd;
use crate::stage::Stage;
use crate::users::User;
use crate::wait::SOON;

const PROMPT: &str = "Verification code: ";

/// What is on, and what was shown of it so far.
pub(super) struct Scene<'s> {
    stage: &'s Stage,
    sshd: &'s Sshd<'s>,
    sink: &'s Sink,
    login: Option<Login<'s>>,
    /// How much of the terminal's text has been taken down.
    taken: usize,
    /// For the reader.
    shown: String,
    /// The same for comparing: brief, and with names in place of what differs from run to run.
    plain: String,
    /// What differs, and its name.
    names: Vec<(String, String)>,
    code: String,
    codes: usize,
    wrong_codes: u32,
}

impl<'s> Scene<'s> {
    pub(super) fn new(stage: &'s Stage, sshd: &'s Sshd<'s>, sink: &'s Sink) -> Self {
        Self {
            stage,
            sshd,
            sink,
            login: None,
            taken: 0,
            shown: String::new(),
            plain: String::new(),
            names: Vec::new(),
            code: String::new(),
            codes: 0,
            wrong_codes: 0,
        }
    }

    /// Connects, types the password and waits for the prompt.
    pub(super) fn ssh(&mut self) {
        self.take_down();
        let command = format!("$ ssh -p {} {USER}@127.0.0.1\n", self.sshd.port());
        self.show(&command, "$ ssh\n");
        let mut login = self.sshd.login(USER);
        login
            .password(User::password_of(USER))
            .expect_prompt(PROMPT);
        self.login = Some(login);
        self.taken = 0;
    }

    /// Waits for the next mail, and shows its heads and its code.
    pub(super) fn mail(&mut self) {
        let mail = self.next_mail();
        self.show_mail(&mail, &letter::brief(&mail));
    }

    /// As [`Scene::mail`], but shows all of it.
    pub(super) fn mail_in_full(&mut self) {
        let mail = self.next_mail();
        self.show_mail(&mail, &letter::whole(&mail));
    }

    /// Types the code that came last.
    pub(super) fn type_code(&mut self) -> &mut Self {
        self.type_in(&self.code.clone())
    }

    /// Types a code that was never sent.
    pub(super) fn type_wrong_code(&mut self) -> &mut Self {
        self.wrong_codes += 1;
        let code: u32 = self.code.parse().expect("codes are digits here");
        let wrong = format!("{:08}", (code + self.wrong_codes) % 100_000_000);
        self.names.push((wrong.clone(), "<wrong code>".to_owned()));
        self.type_in(&wrong)
    }

    /// Types an answer.
    pub(super) fn type_in(&mut self, answer: &str) -> &mut Self {
        self.login().answer(answer);
        self
    }

    /// Waits until a code is asked for again.
    pub(super) fn prompt(&mut self) {
        self.login().expect_prompt(PROMPT);
    }

    /// Proves that the shell is the user's, and leaves it.
    pub(super) fn shell(&mut self) {
        let pty = &mut self.login().pty;
        pty.wait_for("$ ").send_line("id");
        pty.wait_for(&format!("({USER})")).wait_for("$ ");
        self.login().log_out();
    }

    /// Waits until the server refuses.
    pub(super) fn refused(&mut self) {
        self.login().expect_refusal();
    }

    /// Types ctrl-c at the prompt.
    pub(super) fn leave(&mut self) {
        self.take_down();
        let left = format!("{PROMPT}(ctrl-c)\n");
        self.show(&left, &left);
        self.login().pty.ctrl_c().wait_exit(SOON);
        self.login = None;
    }

    /// Moves the times of all the store's rows back: a demo does not wait.
    pub(super) fn a_minute_passes(&mut self) {
        self.take_down();
        self.stage.store().pass(Duration::from_secs(61));
        self.show("(61 seconds later)\n", "(later)\n");
    }

    /// Runs the administrator's program.
    pub(super) fn gatepost(&mut self, arguments: &[&str]) {
        self.take_down();
        let done = self.stage.gatepost(arguments);
        let command = format!("# gatepost {}\n", arguments.join(" "));
        let said = format!("{}{}", done.stdout, done.stderr);
        // Its first words say all; the rest is for people and may change.
        let gist = said.split([':', ';']).next().unwrap_or_default();
        self.show(&format!("{command}{said}"), &format!("{command}{gist}\n"));
    }

    /// What was shown: for the reader, and for comparing.
    pub(super) fn end(mut self) -> (String, String) {
        self.take_down();
        (self.shown, self.plain)
    }

    fn login(&mut self) -> &mut Login<'s> {
        self.login.as_mut().expect("a play begins with ssh()")
    }

    fn next_mail(&mut self) -> Mail {
        let mail = self.sink.next_mail(SOON);
        assert!(mail.over_tls, "a mail came in clear");
        if let Some(code) = mail.find_code() {
            self.codes += 1;
            let text = mail.text();
            let reference = text
                .lines()
                .find_map(|line| line.strip_prefix("Reference: "));
            let reference = reference.expect("a code's mail names its reference").trim();
            let number = self.codes;
            self.names.push((code.clone(), format!("<code {number}>")));
            self.names
                .push((format!("ref {reference}"), format!("ref <ref {number}>")));
            self.code = code;
        }
        mail
    }

    fn show_mail(&mut self, mail: &Mail, text: &str) {
        self.take_down();
        self.show(text, &format!("<mail: {}>\n", mail.subject()));
    }

    /// Takes down what the terminal has shown since the last time, but for a line that waits for an
    /// answer: that one is told when it has one.
    fn take_down(&mut self) {
        let Some(login) = &self.login else { return };
        // A prompt begins with a carriage's return, and with whom it is for, in newer clients.
        let text = login.pty.transcript().replace('\r', "");
        let text = text.replace(&format!("({USER}@127.0.0.1) "), "");
        let fresh = text.get(self.taken..).unwrap_or_default();
        let whole = fresh.rfind('\n').map_or(0, |end| end + 1);
        let fresh = fresh.get(..whole).unwrap_or_default().to_owned();
        self.taken += whole;
        self.show(&fresh, &fresh);
    }

    fn show(&mut self, shown: &str, plain: &str) {
        self.shown.push_str(shown);
        let mut plain = plain.to_owned();
        for (varying, name) in &self.names {
            plain = plain.replace(varying, name);
        }
        plain = without_times(&plain);
        for line in plain.lines() {
            let refused = line.contains("Permission denied") || line.contains("Too many");
            let line = if refused {
                "<refused>"
            } else {
                line.trim_end()
            };
            let _ = writeln!(self.plain, "{line}");
        }
    }
}

/// The text, with a name for each length of time that depends on when somebody looks.
fn without_times(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let line = without(line, "for another ", &['.', ':', '\n']);
        if line.contains(" more; ") {
            without(&line, "valid ", &[';']).replace("<time>;", "<time> more;")
        } else {
            line
        }
    });
    lines.collect()
}

/// A line with a name for what stands between `before` and the first of `ends`.
fn without(line: &str, before: &str, ends: &[char]) -> String {
    let Some((head, tail)) = line.split_once(before) else {
        return line.to_owned();
    };
    let end = tail.find(ends).unwrap_or(tail.len());
    let tail = tail.get(end..).unwrap_or_default();
    format!("{head}{before}<time>{tail}")
}

#[cfg(test)]
mod tests {
    use super::without_times;

    #[test]
    fn lengths_of_time_get_a_name() {
        for (text, plain) in [
            (
                "locked for another 59 min 58 s. So\n",
                "locked for another <time>. So\n",
            ),
            ("for another 1 h: 5", "for another <time>: 5"),
            ("for another 1 h", "for another <time>"),
            (
                "(ref A, valid 58 s more; r = resend)",
                "(ref A, valid <time> more; r = resend)",
            ),
            (
                "(ref A, valid 1 min; r = resend)",
                "(ref A, valid 1 min; r = resend)",
            ),
        ] {
            assert_eq!(without_times(text), plain);
        }
    }
}
