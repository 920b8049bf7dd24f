//! The password and group databases: who is that user, and which groups are they in?
//!
//! A failing lookup is told apart from an empty one, since the first must refuse.

mod inhabitants;
mod local;
mod terminal;

use std::collections::HashSet;
use std::ffi::{CString, OsString};
use std::path::{Path, PathBuf};

use gatepost_words::ident::{Person, UserName};
use gatepost_words::job::SENDER_USER;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

pub use self::inhabitants::{Inhabitant, inhabitants, members};
pub use self::local::Locals;
pub use self::terminal::{Terminal, terminal};
use crate::policy::rules::{Groups, Rule};

/// Why nobody was found.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// There is no such user.
    #[error("no such user: {0}")]
    NoSuchUser(String),
    /// The database cannot be asked.
    #[error("the password database cannot be read: {0}")]
    Failed(std::io::Error),
    /// The database has a name that cannot be one.
    #[error("the password database says something odd: {0}")]
    Odd(String),
    /// The group database does not even know somebody's own group.
    #[error("the group database cannot be read, or has no group {0}")]
    NoGroup(u32),
    /// A group that must be there is not, or it cannot be believed that it is empty.
    #[error("the group database does not say who is in {0}")]
    SilentGroup(String),
    /// The kernel does not say who logged in.
    #[error("/proc/self/loginuid does not say who logged in: {0}")]
    Login(String),
    /// sudo does not say who called it.
    #[error("SUDO_UID is no uid: unset it, or call gatepost through sudo")]
    SudoUid,
}

/// Resolves a name with `getpwnam_r`, once.
pub fn find(name: &UserName) -> Result<Person, LookupError> {
    let user = match User::from_name(name.as_str()) {
        Ok(Some(user)) => user,
        Ok(None) if passwd_answers() => return Err(LookupError::NoSuchUser(name.to_string())),
        Ok(None) => {
            let silent = std::io::Error::other(format!("it does not even know {SENDER_USER}"));
            return Err(LookupError::Failed(silent));
        }
        Err(errno) => return Err(LookupError::Failed(errno.into())),
    };
    let canonical = UserName::new(user.name).map_err(|bad| LookupError::Odd(bad.to_string()))?;
    Ok(Person {
        name: canonical,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    })
}

/// What a process needs to act as somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Their name.
    pub name: String,
    /// Their uid.
    pub uid: u32,
    /// Their primary group.
    pub gid: u32,
    /// All their groups.
    pub groups: Vec<u32>,
    /// Their home.
    pub home: PathBuf,
    /// Their shell.
    pub shell: PathBuf,
}

/// Where the kernel says who logged in, which a process cannot shed.
const LOGIN_UID: &str = "/proc/self/loginuid";

/// The uid that logged in before becoming whoever this process runs as. None where it was never set,
/// as for a service, and where the kernel keeps none.
pub fn login_uid() -> Result<Option<u32>, LookupError> {
    let text = match std::fs::read_to_string(LOGIN_UID) {
        Ok(text) => text,
        // Without the folder nothing was asked: only a kernel that answers can have none.
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound
                && Path::new("/proc/self/status").exists() =>
        {
            return Ok(None);
        }
        Err(error) => return Err(LookupError::Login(error.to_string())),
    };
    login_uid_of(&text)
}

/// What the kernel's text means.
fn login_uid_of(text: &str) -> Result<Option<u32>, LookupError> {
    match text.trim().parse() {
        Ok(u32::MAX) => Ok(None),
        Ok(uid) => Ok(Some(uid)),
        Err(_) => Err(LookupError::Login("it is no uid".to_owned())),
    }
}

/// Resolves a uid, once.
pub fn by_uid(uid: u32) -> Result<Person, LookupError> {
    let user = entry(uid)?;
    let name = UserName::new(user.name).map_err(|bad| LookupError::Odd(bad.to_string()))?;
    Ok(Person {
        name,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    })
}

/// What it takes to act as that uid.
pub fn credentials(uid: u32) -> Result<Credentials, LookupError> {
    let user = entry(uid)?;
    let groups = supplementary(&user.name, user.gid)?;
    Ok(Credentials {
        name: user.name,
        uid,
        gid: user.gid.as_raw(),
        groups: groups.into_iter().map(Gid::as_raw).collect(),
        home: user.dir,
        shell: user.shell,
    })
}

fn entry(uid: u32) -> Result<User, LookupError> {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(LookupError::NoSuchUser(format!("uid {uid}"))),
        Err(errno) => Err(LookupError::Failed(errno.into())),
    }
}

fn supplementary(name: &str, gid: Gid) -> Result<Vec<Gid>, LookupError> {
    let name = CString::new(name).map_err(|nul| LookupError::Odd(nul.to_string()))?;
    getgrouplist(&name, gid).map_err(|errno| LookupError::Failed(errno.into()))
}

/// Whether the person is in one of those groups, by what a login gives them or by the groups' own
/// lists. One that they are in is enough; where they are in none, each group must have been asked.
pub fn is_in(person: &Person, groups: &[String]) -> Result<bool, LookupError> {
    if groups.is_empty() {
        return Ok(false);
    }
    let theirs = supplementary(person.name.as_str(), Gid::from_raw(person.gid))?;
    let mut silent = None;
    for name in groups {
        match Group::from_name(name) {
            Ok(Some(group)) => {
                let is_listed = group.mem.iter().any(|m| m == person.name.as_str());
                if is_listed || theirs.contains(&group.gid) {
                    return Ok(true);
                }
            }
            Ok(None) if group_answers(person) => {}
            Ok(None) => silent = Some(LookupError::NoGroup(person.gid)),
            Err(errno) => silent = Some(LookupError::Failed(errno.into())),
        }
    }
    silent.map_or(Ok(false), Err)
}

/// As [`is_in`], where a wrong "no" is worse than no answer: a group that is not there is an error, but
/// for those that need not be; so is one whose emptiness cannot be believed.
pub fn is_surely_in(
    person: &Person,
    groups: &[String],
    optional: &[&str],
) -> Result<bool, LookupError> {
    if is_in(person, groups)? {
        return Ok(true);
    }
    let theirs = supplementary(person.name.as_str(), Gid::from_raw(person.gid))?;
    let local = local_groups();
    for name in groups {
        let is_optional = optional.contains(&name.as_str());
        match Group::from_name(name) {
            Ok(Some(group)) if is_optional || says_who(&group, &theirs, &local) => {}
            Ok(None) if is_optional => {}
            Ok(_) => return Err(LookupError::SilentGroup(name.clone())),
            Err(errno) => return Err(LookupError::Failed(errno.into())),
        }
    }
    Ok(false)
}

/// Whether it can be believed that somebody is not in a group. `getgrouplist` leaves out a source that
/// does not answer and tells nobody, and a directory may list no members for anybody. So a group of the
/// directory's that comes back empty is believed only where the directory did answer for this person:
/// where one of the groups that they have is not a local one.
fn says_who(group: &Group, theirs: &[Gid], local: &[(String, u32)]) -> bool {
    let is_local = |gid: Gid| local.iter().any(|(_, local)| *local == gid.as_raw());
    let stands_here = local
        .iter()
        .any(|(name, gid)| *name == group.name && *gid == group.gid.as_raw());
    stands_here || !group.mem.is_empty() || theirs.iter().any(|gid| !is_local(*gid))
}

/// Where groups of this machine's own stand.
const LOCAL_GROUPS: &str = "/etc/group";

/// Their names and numbers; none where that cannot be read, so that no group is taken for one of them.
fn local_groups() -> Vec<(String, u32)> {
    let text = std::fs::read_to_string(LOCAL_GROUPS).unwrap_or_default();
    let group = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((name, fields.nth(1)?.parse().ok()?))
    };
    text.lines().filter_map(group).collect()
}

/// Which of those groups are not there.
pub fn missing(groups: &[String]) -> Result<Vec<String>, LookupError> {
    let mut missing = Vec::new();
    for name in groups {
        match Group::from_name(name) {
            Ok(Some(_)) => {}
            Ok(None) => missing.push(name.clone()),
            Err(errno) => return Err(LookupError::Failed(errno.into())),
        }
    }
    Ok(missing)
}

/// What sudo says who called it: a uid, in decimal digits and nothing else.
pub fn sudo_uid(said: Option<OsString>) -> Result<Option<u32>, LookupError> {
    let Some(said) = said else {
        return Ok(None);
    };
    let uid = said
        .to_str()
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .filter(|uid| *uid != u32::MAX);
    uid.map_or(Err(LookupError::SudoUid), |uid| Ok(Some(uid)))
}

/// Where somebody's own files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Whose.
    pub uid: u32,
    /// Their primary group.
    pub gid: u32,
    /// The directory that the password database names.
    pub path: PathBuf,
}

/// The home of a uid.
pub fn home(uid: u32) -> Result<Home, LookupError> {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => Ok(Home {
            uid,
            gid: user.gid.as_raw(),
            path: user.dir,
        }),
        Ok(None) => Err(LookupError::NoSuchUser(format!("uid {uid}"))),
        Err(errno) => Err(LookupError::Failed(errno.into())),
    }
}

/// Which of the groups that `rules` name the person is in.
pub fn groups(person: &Person, rules: &[Rule]) -> Groups {
    Roster::of(rules).groups(person)
}

/// The groups that rules name, looked up once for many people.
#[derive(Debug)]
pub struct Roster {
    /// Name, and what the database has; none where a lookup failed.
    groups: Option<Vec<(String, Option<Listed>)>>,
}

/// A group of a roster.
#[derive(Debug)]
struct Listed {
    gid: u32,
    members: Members,
}

/// Who is listed in a group.
#[derive(Debug)]
enum Members {
    /// In the database's order: enough for one person.
    List(Vec<String>),
    /// By name, for many people: a list is not gone through for each of them.
    Set(HashSet<String>),
}

impl Members {
    fn have(&self, name: &str) -> bool {
        match self {
            Self::List(names) => names.iter().any(|member| member == name),
            Self::Set(names) => names.contains(name),
        }
    }
}

impl Roster {
    /// Looks the groups up.
    pub fn of(rules: &[Rule]) -> Self {
        let look_up = |name: &String| {
            let listed = Group::from_name(name)?.map(|group| Listed {
                gid: group.gid.as_raw(),
                members: Members::List(group.mem),
            });
            Ok((name.clone(), listed))
        };
        let found: Result<_, nix::errno::Errno> = named(rules).into_iter().map(look_up).collect();
        Self { groups: found.ok() }
    }

    /// The same, for very many people.
    #[must_use]
    pub fn for_many(mut self) -> Self {
        for listed in self
            .groups
            .iter_mut()
            .flatten()
            .filter_map(|(_, listed)| listed.as_mut())
        {
            if let Members::List(names) = &mut listed.members {
                listed.members = Members::Set(std::mem::take(names).into_iter().collect());
            }
        }
        self
    }

    /// Whether rules name no group at all, so that nobody need be looked up.
    pub fn is_empty(&self) -> bool {
        self.groups.as_ref().is_some_and(Vec::is_empty)
    }

    /// In which of them the person is.
    pub fn groups(&self, person: &Person) -> Groups {
        let Some(groups) = &self.groups else {
            return Groups::Unknown;
        };
        let (mut member, mut missing) = (Vec::new(), Vec::new());
        for (name, group) in groups {
            match group {
                Some(group) => {
                    if group.gid == person.gid || group.members.have(person.name.as_str()) {
                        member.push(name.clone());
                    }
                }
                None if group_answers(person) => missing.push(name.clone()),
                None => return Groups::Unknown,
            }
        }
        Groups::Known { member, missing }
    }
}

/// Which of the groups that `rules` name are not there.
pub fn missing_groups(rules: &[Rule]) -> Result<Vec<String>, LookupError> {
    let named: Vec<String> = named(rules).into_iter().cloned().collect();
    missing(&named)
}

/// Each group that a rule names, once.
fn named(rules: &[Rule]) -> Vec<&String> {
    let mut named: Vec<&String> = rules.iter().flat_map(|rule| &rule.groups).collect();
    named.sort();
    named.dedup();
    named
}

/// Whether "there is no such user" can be believed. Where one of several sources fails and a later
/// one answers, the C library says no more than that nothing was found; the system user that setup
/// created must be there.
fn passwd_answers() -> bool {
    matches!(User::from_name(SENDER_USER), Ok(Some(_)))
}

/// Whether "there is no such group" can be believed: the person's own primary group must be there.
fn group_answers(person: &Person) -> bool {
    matches!(Group::from_gid(Gid::from_raw(person.gid)), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use nix::unistd::{Gid, Group};

    use super::{
        Listed, LookupError, Members, Roster, by_uid, credentials, is_in, is_surely_in,
        local_groups, login_uid_of, says_who, sudo_uid,
    };
    use crate::policy::rules::Groups;

    // Mutants: an unset loginuid is a uid; what is no uid is unset.
    #[test]
    fn the_kernels_word_is_a_uid_unset_or_a_failure() {
        assert!(matches!(login_uid_of("4294967295"), Ok(None)));
        assert!(matches!(login_uid_of("0\n"), Ok(Some(0))));
        assert!(matches!(login_uid_of("1000"), Ok(Some(1000))));
        for odd in ["", "-1", "root", "4294967296", "1 2"] {
            let failed = login_uid_of(odd);
            assert!(matches!(failed, Err(LookupError::Login(_))), "{odd:?}");
        }
    }

    // Mutant: what is no uid counts as not set.
    #[test]
    fn what_sudo_says_is_a_uid_or_a_failure() {
        let said = |text: &str| sudo_uid(Some(OsString::from(text)));
        assert!(matches!(sudo_uid(None), Ok(None)));
        assert!(matches!(said("0"), Ok(Some(0))));
        assert!(matches!(said("1000"), Ok(Some(1000))));
        for odd in [
            "",
            " 1",
            "+1",
            "-1",
            "0x0",
            "bob",
            "1\n",
            "4294967295",
            "4294967296",
        ] {
            assert!(matches!(said(odd), Err(LookupError::SudoUid)), "{odd:?}");
        }
        let bytes = sudo_uid(Some(OsString::from_vec(vec![0xff])));
        assert!(matches!(bytes, Err(LookupError::SudoUid)));
    }

    #[test]
    fn a_person_is_in_their_groups_and_in_no_others() {
        let root = by_uid(0).unwrap();
        let groups = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert!(is_in(&root, &groups(&["no-such-group", "root"])).unwrap());
        assert!(!is_in(&root, &groups(&["no-such-group"])).unwrap());
        assert!(!is_in(&root, &[]).unwrap());
        assert!(by_uid(u32::MAX - 7).is_err());
        assert_eq!(credentials(0).unwrap().gid, 0);
    }

    // Mutants: a group that is not there has no members; the optional ones are missed too.
    #[test]
    fn nobody_is_surely_outside_a_group_that_is_not_there() {
        let daemon = by_uid(1).unwrap();
        let groups = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let missing = groups(&["root", "no-such-group"]);
        let silent = is_surely_in(&daemon, &missing, &["root"]);
        assert!(matches!(silent, Err(LookupError::SilentGroup(_))));
        assert!(!is_surely_in(&daemon, &missing, &["root", "no-such-group"]).unwrap());
        assert!(is_surely_in(&by_uid(0).unwrap(), &missing, &[]).unwrap());
        assert!(!is_surely_in(&daemon, &groups(&["root"]), &[]).unwrap());
        assert!(local_groups().contains(&("root".to_owned(), 0)));
    }

    // Mutants: the set that many people are held against is empty; a primary group does not count there.
    #[test]
    fn a_roster_for_many_says_what_one_for_somebody_says() {
        let listed = |members| Listed {
            gid: 7,
            members: Members::List(members),
        };
        let roster = |members: &[&str]| {
            let members = members.iter().map(|name| (*name).to_owned()).collect();
            Roster {
                groups: Some(vec![("staff".to_owned(), Some(listed(members)))]),
            }
        };
        let mut root = by_uid(0).unwrap();
        for (gid, members, is_in) in [
            (0, &["bin", "root"][..], true),
            (0, &["bin"], false),
            (7, &[], true),
        ] {
            root.gid = gid;
            let member = is_in.then(|| "staff".to_owned());
            let known = Groups::Known {
                member: member.into_iter().collect(),
                missing: Vec::new(),
            };
            assert_eq!(roster(members).groups(&root), known);
            assert_eq!(roster(members).for_many().groups(&root), known);
        }
    }

    // Mutant: an empty group of the directory's is believed, though the directory may be silent.
    #[test]
    fn an_empty_group_is_believed_where_its_source_answers() {
        let local = [("staff".to_owned(), 50), ("ann".to_owned(), 1001)];
        let group = |name: &str, gid, members: &[&str]| Group {
            name: name.to_owned(),
            passwd: std::ffi::CString::default(),
            gid: Gid::from_raw(gid),
            mem: members.iter().map(|member| (*member).to_owned()).collect(),
        };
        let gids = |gids: &[u32]| -> Vec<Gid> { gids.iter().copied().map(Gid::from_raw).collect() };
        for (group, theirs, is_believed) in [
            (group("staff", 50, &[]), gids(&[1001]), true),
            (group("gp-helpdesk", 9000, &["hal"]), gids(&[1001]), true),
            (group("gp-helpdesk", 9000, &[]), gids(&[1001]), false),
            (group("gp-helpdesk", 9000, &[]), gids(&[1001, 9001]), true),
            (group("staff", 9000, &[]), gids(&[1001]), false),
        ] {
            let theirs_shown = theirs.clone();
            assert_eq!(
                says_who(&group, &theirs, &local),
                is_believed,
                "{group:?} {theirs_shown:?}"
            );
        }
    }

    // Mutant: a group that is not found is believed to be none, whoever asked.
    #[test]
    fn a_group_database_that_does_not_know_the_persons_own_group_is_not_believed() {
        let mut lost = by_uid(0).unwrap();
        lost.gid = u32::MAX - 7;
        let asked = ["no-such-group".to_owned()];
        assert!(matches!(is_in(&lost, &asked), Err(LookupError::NoGroup(_))));
    }
}
