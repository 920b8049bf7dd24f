//! This machine's own list of people, read once for a look at very many accounts: the C library reads it
//! anew for each name, from its beginning. A login asks about one name alone and does without this.

use std::collections::HashMap;

use gatepost_words::ident::{Person, UserName};

use super::inhabitants::read_list;
use super::{LookupError, find};

/// The list, where the C library would ask it first.
#[derive(Debug, Default)]
pub struct Locals(HashMap<String, (u32, u32)>);

impl Locals {
    /// Reads it; nobody is in it where it cannot be read, or where another source is asked first.
    pub fn read() -> Self {
        let read = |path| read_list(path).unwrap_or_default();
        if is_asked_first(&read("/etc/nsswitch.conf")) {
            Self::of(&read("/etc/passwd"))
        } else {
            Self::default()
        }
    }

    fn of(passwd: &str) -> Self {
        let mut people = HashMap::new();
        for line in passwd.lines() {
            let mut fields = line.trim_start().split(':');
            let [
                Some(name),
                _password,
                Some(uid),
                Some(gid),
                Some(_),
                Some(_),
                Some(_),
            ] = [(); 7].map(|()| fields.next())
            else {
                continue;
            };
            if let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse()) {
                // As for the C library, the first of a name counts.
                people.entry(name.to_owned()).or_insert((uid, gid));
            }
        }
        Self(people)
    }

    /// Who that is: by the list, or as [`find`] says where they are not in it.
    pub fn find(&self, name: &UserName) -> Result<Person, LookupError> {
        match self.0.get(name.as_str()) {
            Some((uid, gid)) => Ok(Person {
                name: name.clone(),
                uid: *uid,
                gid: *gid,
            }),
            None => find(name),
        }
    }
}

/// Whether nsswitch.conf(5) has names of people looked up in files before anywhere else, and be done when
/// they are found there.
fn is_asked_first(nsswitch: &str) -> bool {
    let mut lines = nsswitch.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.trim().strip_prefix("passwd:")
    });
    // Of two lines one counts, and which is the C library's business.
    let (Some(sources), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let mut sources = sources.split_whitespace();
    sources.next() == Some("files") && sources.next().is_none_or(|next| !next.starts_with('['))
}

#[cfg(test)]
mod tests {
    use gatepost_words::ident::{Person, UserName};

    use super::{Locals, is_asked_first};
    use crate::people::find;

    // Mutants: the last of a name counts; a broken line is somebody; who is in no list is nobody.
    #[test]
    fn the_list_says_what_a_lookup_would() {
        let passwd = "root:x:7:8:::\nroot:x:0:0:::\n# bin:x:9:9:::\nbin:x:9\nbin:x:ten:9:::\n\
             ghost:x:1:2:gecos:/home/ghost:/bin/sh\n";
        let locals = Locals::of(passwd);
        let name = |name: &str| UserName::new(name.to_owned()).unwrap();
        for (who, uid, gid) in [("root", 7, 8), ("ghost", 1, 2)] {
            let person = Person {
                name: name(who),
                uid,
                gid,
            };
            assert_eq!(locals.find(&name(who)).unwrap(), person);
        }
        assert_eq!(
            locals.find(&name("bin")).unwrap(),
            find(&name("bin")).unwrap()
        );
        assert!(locals.find(&name("nobody-at-all")).is_err());
        let of_this_machine = Locals::read();
        assert_eq!(
            of_this_machine.find(&name("bin")).unwrap(),
            find(&name("bin")).unwrap()
        );
    }

    // Mutants: any source may come first; what is written about an answer is passed over; one of two lines decides.
    #[test]
    fn the_list_is_believed_only_where_it_is_asked_first() {
        for (text, first) in [
            ("passwd: files\n", true),
            ("group: files\npasswd:\tfiles systemd sss # x\n", true),
            ("passwd: sss files\n", false),
            ("passwd: compat\n", false),
            ("passwd: files [SUCCESS=continue] sss\n", false),
            ("passwd: files[SUCCESS=continue] sss\n", false),
            ("#passwd: files\n", false),
            ("passwd: files\npasswd: sss files\n", false),
            ("passwd:\n", false),
            ("", false),
        ] {
            assert_eq!(is_asked_first(text), first, "{text}");
        }
    }
}
