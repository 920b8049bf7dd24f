//! A mail as the demo shows it: in a frame, with what a mail program would show.

use std::iter;

use crate::smtp::Mail;

const WIDTH: usize = 80;

/// The whole mail in its frame, each line ended.
pub(super) fn whole(mail: &Mail) -> String {
    let text = mail.text();
    let lines = text.trim_end().lines().map(str::to_owned);
    framed(mail, iter::once(String::new()).chain(lines))
}

/// The mail's heads, and its code if it carries one.
pub(super) fn brief(mail: &Mail) -> String {
    let code = mail.find_code();
    let is_code = |line: &&str| Some(line.replace(' ', "")) == code;
    let body = mail.text();
    let line = body.lines().find(is_code);
    framed(mail, line.map(|line| format!("... {line} ...")).into_iter())
}

fn framed(mail: &Mail, body: impl Iterator<Item = String>) -> String {
    let way = if mail.over_tls {
        "over STARTTLS"
    } else {
        "IN CLEAR"
    };
    let head = format!("+-- mail to {}, {way} ", mail.to.join(", "));
    let from = format!("From: {}", mail.header("From").unwrap_or_default());
    let subject = format!("Subject: {}", mail.subject());
    let mut text = format!("{head:-<WIDTH$}\n");
    for line in [from, subject].into_iter().chain(body) {
        text.push_str(format!("| {line}").trim_end());
        text.push('\n');
    }
    text + &format!("{:-<WIDTH$}\n", "+")
}
