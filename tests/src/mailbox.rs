//! A person's mailbox: of a sink's mails, the codes and the notices, each in order of arrival.

use crate::smtp::Mail;
use crate::smtp::Sink;
use crate::wait;
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

    /// Waits for the mail that a prompt speaks of, by the reference that both show, and yields its code.
    #[track_caller]
    pub fn code_for(&self, prompt: &str) -> String {
        let reference = reference(prompt).unwrap_or_else(|| panic!("no reference: {prompt}"));
        // The line alone: a reference of digits may stand in a code or a time as well.
        let line = format!("Reference: {reference}");
        let speaks_of_it = |mail: &&Mail| mail.text().lines().any(|text| text == line);
        let find = || {
            let mails = self.sink.mails();
            mails.iter().rfind(speaks_of_it).and_then(Mail::find_code)
        };
        wait::until(SOON, find)
            .unwrap_or_else(|| panic!("no mail with {reference}\n{}", self.sink.log()))
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

/// The reference in a prompt, as mail and prompt show it.
pub fn reference(prompt: &str) -> Option<String> {
    let (_, after) = prompt.rsplit_once("(ref ")?;
    let end = after.find([',', ')'])?;
    after.get(..end).map(str::to_owned)
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
    use super::reference;
    use super::wrong;

    #[test]
    fn the_last_reference_of_a_prompt_counts() {
        let prompt = "to a***@e***.org (ref K7QX, valid 5 min)\nnew (ref M2M2); dead";
        assert_eq!(reference(prompt).as_deref(), Some("M2M2"));
        assert_eq!(reference("Verification code: "), None);
    }

    #[test]
    fn a_wrong_code_has_the_shape_of_the_right_one() {
        assert_eq!(wrong("12345678"), "72345678");
        assert_eq!(wrong("72345678"), "32345678");
    }
}
