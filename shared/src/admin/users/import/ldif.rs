//! The part of LDIF (RFC 2849) that a list of people needs: records with `uid` and `mail`, folded
//! lines, comments, base64. What is not that is said to be wrong: nothing is fetched from a URL, and
//! no record that changes a directory is followed.

use super::form::{MOST_ROWS, Read, Row};

/// The rows of a text, one for each record that is a person's.
pub(super) fn rows(text: &str) -> Vec<Read> {
    let mut rows = Vec::new();
    let mut record: Option<Record> = None;
    for (line, text) in unfolded(text) {
        if text.is_empty() {
            rows.extend(record.take().and_then(Record::row));
        } else if record.is_none() && text.starts_with("version:") {
            // A file's own first line.
        } else {
            record.get_or_insert_with(|| Record::at(line)).take(&text);
        }
        if rows.len() > MOST_ROWS {
            return rows;
        }
    }
    rows.extend(record.and_then(Record::row));
    rows
}

/// Lines without their folds and comments, with their numbers. A line that begins with a blank goes on
/// the one before, a comment too.
fn unfolded(text: &str) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        match (line.strip_prefix(' '), lines.last_mut()) {
            (Some(rest), Some((_, before))) if !before.is_empty() => before.push_str(rest),
            (Some(_) | None, _) => lines.push((number, line.to_owned())),
        }
    }
    lines.retain(|(_, line)| !line.starts_with('#'));
    lines
}

/// A record as it is read.
struct Record {
    line: u64,
    user: Option<String>,
    mail: Option<String>,
    wrong: Option<String>,
}

impl Record {
    const fn at(line: u64) -> Self {
        Self {
            line,
            user: None,
            mail: None,
            wrong: None,
        }
    }

    fn take(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else {
            self.is_wrong("there is a line without a colon");
            return;
        };
        // Options, as in mail;lang-en, are another attribute.
        let slot = match name.to_ascii_lowercase().as_str() {
            "uid" => &mut self.user,
            "mail" => &mut self.mail,
            "changetype" => {
                self.is_wrong("it changes a directory: export the entries themselves");
                return;
            }
            _ => return,
        };
        // The first of several values is the one that counts.
        if slot.is_some() {
            return;
        }
        match decoded(value) {
            Ok(value) => *slot = Some(value),
            Err(why) => self.is_wrong(why),
        }
    }

    fn is_wrong(&mut self, why: &str) {
        self.wrong.get_or_insert_with(|| why.to_owned());
    }

    /// The row; none for a record that is nobody's, such as a branch of the tree.
    fn row(self) -> Option<Read> {
        let row = match (self.wrong, self.user, self.mail) {
            (Some(why), _, _) => Err(why),
            (None, Some(user), Some(address)) => Ok(Row {
                user,
                address,
                ..Row::default()
            }),
            (None, Some(user), None) => {
                let user = gatepost_words::text::sanitise(&user);
                Err(format!("{user} has no mail"))
            }
            (None, None, _) => return None,
        };
        Some(Read {
            line: self.line,
            row,
        })
    }
}

/// The value after an attribute's first colon.
fn decoded(value: &str) -> Result<String, &'static str> {
    if value.starts_with('<') {
        return Err("a value is to be fetched from a URL, which is not done");
    }
    let Some(encoded) = value.strip_prefix(':') else {
        return Ok(value.trim().to_owned());
    };
    let bytes = base64(encoded.trim()).ok_or("a value is no base64")?;
    String::from_utf8(bytes).map_err(|_binary| "a value is no text")
}

/// Base64 (RFC 4648, section 4), strict: whole groups, padding only at the end, no bits left over.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let padding = text.len() - text.trim_end_matches('=').len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        held = held << 6 | u32::from(digit(c)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{base64, rows};
    use crate::admin::users::import::form::Row;

    /// A line, and the person or what is wrong.
    type Seen = (u64, Result<(String, String), String>);

    fn read(text: &str) -> Vec<Seen> {
        rows(text)
            .into_iter()
            .map(|read| (read.line, read.row.map(|row: Row| (row.user, row.address))))
            .collect()
    }

    fn person(user: &str, mail: &str) -> (String, String) {
        (user.to_owned(), mail.to_owned())
    }

    // Mutants: a folded line is a line of its own; a comment's fold is not part of it; the last record
    // needs an empty line; base64 is taken as it stands; a second value wins.
    #[test]
    fn records_are_people() {
        let text = "version: 1\n\ndn: ou=people,dc=x\nou: people\n\n# a comment\n  that goes on\n\
                    dn: uid=alice,dc=x\nuid: alice\nmail: alice@exam\n ple.org\nmail: second@x.org\n\n\
                    dn:: dWlk\nUID:: Ym9i\nmail:: Ym9iQHgub3Jn\n\ndn: uid=carol\nuid: carol\n\n\
                    uid: dan\nmail:< file:///etc/shadow\n\nuid: eve\nmail:: !!!\n\n\
                    dn: uid=f\nchangetype: modify\nuid: f\nmail: f@x.org\n\nuid: last\r\nmail: l@x.org";
        assert_eq!(
            read(text),
            [
                (8, Ok(person("alice", "alice@example.org"))),
                (14, Ok(person("bob", "bob@x.org"))),
                (18, Err("carol has no mail".to_owned())),
                (
                    21,
                    Err("a value is to be fetched from a URL, which is not done".to_owned())
                ),
                (24, Err("a value is no base64".to_owned())),
                (
                    27,
                    Err("it changes a directory: export the entries themselves".to_owned())
                ),
                (32, Ok(person("last", "l@x.org"))),
            ]
        );
    }

    #[test]
    fn base64_is_strict() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zh==", None),
            ("Zg=", None),
            ("Z===", None),
            ("Zm=v", None),
            ("Zm 9", None),
        ] {
            assert_eq!(base64(text).as_deref(), bytes, "{text}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_read_without_harm(text in "(?s)[ \\n:<#=a-zA-Z0-9+/@.\u{e4}]{0,200}") {
            for read in rows(&text) {
                prop_assert!(read.line >= 1);
            }
        }

        #[test]
        fn fuzz_folding_changes_nothing(user in "[a-z]{1,20}", mail in "[a-z]{1,20}@x\\.org", at in 1_usize..20) {
            let plain = format!("uid: {user}\nmail: {mail}\n");
            let at = plain.len() - 1 - at.min(mail.len());
            let (head, tail) = plain.split_at(at);
            let folded = format!("{head}\n {tail}");
            prop_assert_eq!(rows(&plain), rows(&folded));
        }
    }
}
