//! Who lives on this machine: its own list of people, and the members of its groups. For lists that
//! an administrator reads; a login asks about one name alone.

use std::io::Read;

use gatepost_words::ident::UserName;
use nix::unistd::Group;

use super::LookupError;

/// Somebody of this machine who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhabitant {
    /// The name.
    pub name: UserName,
    /// The uid.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
}

/// The most that is read of a list of people, in bytes.
const LIST_LIMIT: u64 = 64 * 1024 * 1024;
/// The usual uids of people, where login.defs says nothing.
const PEOPLE: (u32, u32) = (1000, 60_000);

/// The people of this machine's own list, by name: a uid of a person, and a shell to log in with.
/// People of a directory service are not in it; most of those are not to be listed anyway.
pub fn inhabitants() -> Result<Vec<Inhabitant>, LookupError> {
    let passwd = read_list("/etc/passwd")?;
    let uids = read_list("/etc/login.defs").map_or(PEOPLE, |text| people_uids(&text));
    Ok(inhabitants_of(&passwd, uids))
}

/// Members of a group, by name; none where there is no such group.
pub fn members(group: &str) -> Result<Option<Vec<String>>, LookupError> {
    let found = Group::from_name(group).map_err(|errno| LookupError::Failed(errno.into()))?;
    let Some(found) = found else {
        return Ok(None);
    };
    let mut names = found.mem;
    let everybody = inhabitants_of(&read_list("/etc/passwd")?, (0, u32::MAX));
    let primary = everybody
        .into_iter()
        .filter(|person| person.gid == found.gid.as_raw());
    names.extend(primary.map(|person| person.name.as_str().to_owned()));
    names.sort();
    names.dedup();
    Ok(Some(names))
}

pub(super) fn read_list(path: &str) -> Result<String, LookupError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIST_LIMIT).read_to_end(&mut bytes))
        .map_err(LookupError::Failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `UID_MIN` and `UID_MAX` of login.defs(5).
fn people_uids(text: &str) -> (u32, u32) {
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next()? == wanted).then(|| words.next()?.parse().ok())?
        })
    };
    (
        value("UID_MIN").unwrap_or(PEOPLE.0),
        value("UID_MAX").unwrap_or(PEOPLE.1),
    )
}

/// The lines of passwd(5) that are people who may log in.
fn inhabitants_of(passwd: &str, (least, most): (u32, u32)) -> Vec<Inhabitant> {
    let person = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, _, _, shell] = fields.as_slice() else {
            return None;
        };
        let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
        let closed = shell.ends_with("/nologin") || shell.ends_with("/false");
        let name = UserName::new((*name).to_owned()).ok()?;
        ((least..=most).contains(&uid) && !closed).then_some(Inhabitant { name, uid, gid })
    };
    let mut people: Vec<Inhabitant> = passwd.lines().filter_map(person).collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    people.dedup_by(|a, b| a.name == b.name);
    people
}

#[cfg(test)]
mod tests {
    use super::{inhabitants_of, people_uids};

    // Mutants: a bound is off by one; a shell that lets nobody in counts; a broken line ends the list.
    #[test]
    fn people_are_those_with_a_uid_of_people_and_a_shell() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n\
             bob:x:1001:100::/home/bob:/bin/sh\nbroken\nalice:x:1000:100::/home/alice:\n\
             svc:x:1002:100::/:/bin/false\nlast:x:60000:1::/:/bin/zsh\nover:x:60001:1::/:/bin/zsh\n\
             under:x:999:1::/:/bin/zsh\n";
        let found = inhabitants_of(passwd, (1000, 60_000));
        let names: Vec<&str> = found.iter().map(|person| person.name.as_str()).collect();
        assert_eq!(names, ["alice", "bob", "last"]);
    }

    #[test]
    fn login_defs_says_which_uids_people_have() {
        let text = "# UID_MIN 7\nUID_MIN\t\t  500\nUID_MAX 700 # no more\nSYS_UID_MIN 1\n";
        assert_eq!(people_uids(text), (500, 700));
        assert_eq!(people_uids("UID_MIN many\n"), (1000, 60_000));
    }
}
