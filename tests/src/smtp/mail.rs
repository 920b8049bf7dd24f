//! A message as a sink took it in, and what a person would read in it.

use mail_parser::Message;
use mail_parser::MessageParser;

/// One message that a sink accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address of MAIL FROM; empty for `<>`.
    pub from: String,
    /// The addresses of RCPT TO.
    pub to: Vec<String>,
    /// The message's bytes, dot-stuffing undone.
    pub raw: Vec<u8>,
    /// True when it came over TLS.
    pub over_tls: bool,
    /// The user name that the client proved, if it did.
    pub authenticated_as: Option<String>,
    /// The parameters behind MAIL FROM's address, e.g. `BODY=8BITMIME`.
    pub parameters: String,
}

impl Mail {
    /// A message as it lies in a mailbox, its envelope in the headers that the server put before it.
    pub(crate) fn delivered(raw: Vec<u8>) -> Self {
        let mut mail = Self {
            from: String::new(),
            to: Vec::new(),
            raw,
            over_tls: false,
            authenticated_as: None,
            parameters: String::new(),
        };
        let received = mail.header("Received").unwrap_or_default();
        let (_, authenticated) = received.split_once("(Authenticated sender: ").unzip();
        let name = authenticated.and_then(|rest| rest.split(')').next());
        mail.authenticated_as = name.map(str::to_owned);
        // RFC 3848: ESMTP, S for TLS, A for a proved user.
        mail.over_tls = ["with ESMTPS ", "with ESMTPSA "]
            .iter()
            .any(|words| received.contains(words));
        mail.from = mail.header("Return-Path").unwrap_or_default();
        mail.to.extend(mail.header("Delivered-To"));
        mail
    }

    fn parsed(&self) -> Message<'_> {
        MessageParser::default()
            .parse(&self.raw)
            .unwrap_or_else(|| panic!("no mail: {}", String::from_utf8_lossy(&self.raw)))
    }

    /// The subject, decoded.
    pub fn subject(&self) -> String {
        self.parsed().subject().unwrap_or_default().to_owned()
    }

    /// The first text part, decoded, lines ending as in Unix.
    pub fn text(&self) -> String {
        self.parsed()
            .body_text(0)
            .unwrap_or_default()
            .replace("\r\n", "\n")
    }

    /// The first HTML part, decoded; empty when there is none of its own.
    pub fn html(&self) -> String {
        let parsed = self.parsed();
        let own = parsed
            .html_bodies()
            .next()
            .is_some_and(mail_parser::MessagePart::is_text_html);
        if own {
            parsed.body_html(0).unwrap_or_default().into_owned()
        } else {
            String::new()
        }
    }

    /// A header's value as it was sent, trimmed.
    pub fn header(&self, name: &str) -> Option<String> {
        self.parsed()
            .header_raw(name)
            .map(|value| value.trim().to_owned())
    }

    /// The names of all headers of the message itself, in order.
    pub fn header_names(&self) -> Vec<String> {
        self.parsed()
            .headers_raw()
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// The code that it carries, as typed without spaces; panics with the text when there is none.
    #[track_caller]
    pub fn code(&self) -> String {
        self.find_code()
            .unwrap_or_else(|| panic!("no code in the mail:\n{}", self.text()))
    }

    /// The code that it carries: the first line of the text part that is nothing but a code, shown in
    /// groups as `1234 5678`.
    pub fn find_code(&self) -> Option<String> {
        self.text().lines().find_map(code_of_line)
    }
}

/// Two or more groups of 3 or 4 digits (or of capitals and digits), and 6 to 12 characters in all.
fn code_of_line(line: &str) -> Option<String> {
    let groups: Vec<&str> = line.split_whitespace().collect();
    let code = groups.concat();
    let is_code = groups.len() >= 2
        && groups.iter().all(|group| (3..=4).contains(&group.len()))
        && (6..=12).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    is_code.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::code_of_line;

    #[test]
    fn a_line_is_a_code_only_when_it_is_nothing_else() {
        for (line, code) in [
            ("    1234 5678", Some("12345678")),
            ("123 456", Some("123456")),
            ("ABCD 2345", Some("ABCD2345")),
            ("1234 5678 is your code", None),
            ("12345678", None),
            ("host 01", None),
            ("", None),
        ] {
            assert_eq!(code_of_line(line).as_deref(), code, "{line:?}");
        }
    }
}
