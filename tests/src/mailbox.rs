//! A person's mailbox: of a sink's mails, the codes and the notices, each in order of arrival.

use crate::smtp::Mail;
use crate::smtp::Sink;
use crate::wait::SOON;

/// What a person reads of the mails that a sink takes in.
#[derive(Debug)]
pub struct Mailbox<'s> {
    sink: &'s Sink,
    /// Mails that [`Mailbox::next_code`] has looked at.
    read: usize,
}

impl<'s> Mailbox<'s> {
    /// The mailbox behind `sink`; nothing is read yet.
    pub fn of(sink: &'s Sink) -> Self {
        Self { sink, read: 0 }
    }

    /// Waits for the first mail with a code that was not read yet, passing over notices.
    #[track_caller]
    pub fn next_code(&mut self) -> String {
        loop {
            self.read += 1;
            let mail = self.sink.wait_for_mail(self.read, SOON);
            if let Some(code) = mail.find_code() {
                return code;
            }
        }
    }

    /// All codes so far, read or not.
    pub fn codes(&self) -> Vec<String> {
        let mails = self.sink.mails();
        mails.iter().filter_map(Mail::find_code).collect()
    }

    /// All mails so far that carry no code.
    pub fn notices(&self) -> Vec<Mail> {
        let mut mails = self.sink.mails();
        mails.retain(|mail| mail.find_code().is_none());
        mails
    }
}

/// A code of the same shape that is certainly not this one.
pub fn wrong(code: &str) -> String {
    let mut wrong = code.to_owned();
    let first = if wrong.starts_with('7') { "3" } else { "7" };
    wrong.replace_range(..1, first);
    wrong
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn a_wrong_code_has_the_shape_of_the_right_one() {
        assert_eq!(wrong("12345678"), "72345678");
        assert_eq!(wrong("72345678"), "32345678");
    }
}
