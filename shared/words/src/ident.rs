//! Names from outside, each checked once where it enters: user, address, service, source.
//!
//! Not for resolving anything: whether a user exists is the password database's business.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::text::sanitise;

/// Why text is no such name, said so that the person who typed it can mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadName {
    what: &'static str,
    why: &'static str,
}

impl BadName {
    /// A display name that a header cannot carry as it is.
    pub const fn display_name() -> Self {
        Self {
            what: "sender's name",
            why: "put it into quotes: \"\\\"Gatepost, Inc.\\\" <gatepost@example.org>\"",
        }
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a usable {}: {}", self.what, self.why)
    }
}

impl std::error::Error for BadName {}

/// A user name as given or as the password database spells it. At most 256 bytes, no control
/// characters, no slash, no colon: what passwd(5) cannot hold is nobody's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// Checks and takes the name over.
    pub fn new(name: String) -> Result<Self, BadName> {
        let bad = |why| {
            Err(BadName {
                what: "user name",
                why,
            })
        };
        if name.is_empty() {
            return bad("it is empty");
        }
        if name.len() > 256 {
            return bad("it is longer than 256 bytes");
        }
        if name
            .chars()
            .any(|c| c.is_control() || matches!(c, ':' | '/'))
        {
            return bad("it has a control character, a colon or a slash in it");
        }
        Ok(Self(name))
    }

    /// The name itself. For a log or a screen, pass it through [`sanitise`] all the same.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sanitise(&self.0))
    }
}

impl TryFrom<String> for UserName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        Self::new(name)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

/// An account of this machine, as the password database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Canonical name.
    pub name: UserName,
    /// Its uid.
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
}

/// A mail address in the ASCII form that every relay takes: `local@domain`, at most 254 bytes
/// (RFC 5321, 4.5.3.1). No display name, no quoted local part.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Checks and takes the address over.
    pub fn new(address: String) -> Result<Self, BadName> {
        let bad = |why| {
            Err(BadName {
                what: "mail address",
                why,
            })
        };
        if !address.is_ascii() {
            return bad("it has non-ASCII characters; write an international domain as xn--…");
        }
        if address.len() > 254 {
            return bad("it is longer than 254 characters");
        }
        let Some((local, domain)) = address.split_once('@') else {
            return bad("there is no @ in it");
        };
        if local.is_empty() || local.len() > 64 {
            return bad("the part before the @ must have 1 to 64 characters");
        }
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if !local.chars().all(atom)
            || local.starts_with(['.', '-'])
            || local.ends_with('.')
            || local.contains("..")
        {
            return bad("the part before the @ has a character or a dot that it must not have");
        }
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if !domain.split('.').all(label) {
            return bad("the part after the @ is no host name");
        }
        Ok(Self(address))
    }

    /// The address itself, for the envelope and the administrator who may see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What send limits are counted by: one mailbox, however it is capitalised.
    pub fn limit_key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The form for prompts and logs: `a***@e***.org`. Enough to know one's own mailbox by, too
    /// little to learn somebody else's.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or(("", ""));
        let (name, top) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
        let dot = if top.is_empty() { "" } else { "." };
        format!("{}***@{}***{dot}{top}", first(local), first(name))
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = BadName;

    fn try_from(address: String) -> Result<Self, BadName> {
        Self::new(address)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

/// A PAM service name. libpam looks it up in lower case, so that is how rules compare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Service(String);

impl Service {
    /// Checks the name and keeps it in lower case.
    pub fn new(name: &str) -> Result<Self, BadName> {
        let bad = |why| {
            Err(BadName {
                what: "service name",
                why,
            })
        };
        if name.is_empty() || name.len() > 64 {
            return bad("it must have 1 to 64 characters");
        }
        if !name.chars().all(|c| c.is_ascii_graphic() && c != '/') {
            return bad("it has a space, a slash or a character outside ASCII in it");
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Service {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        Self::new(&name)
    }
}

impl From<Service> for String {
    fn from(service: Service) -> Self {
        service.0
    }
}

/// Where a login comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A literal address in `PAM_RHOST`, v4-mapped ones folded to IPv4.
    Address(IpAddr),
    /// Anything else in `PAM_RHOST`: a name is what somebody's DNS says, so it is kept for the
    /// record, bound to the caller, and never a reason for trust.
    Named {
        /// As given, sanitised.
        name: String,
        /// Real uid of the host process.
        uid: u32,
        /// `PAM_TTY`, sanitised.
        tty: String,
    },
    /// No `PAM_RHOST`: su, sudo, login.
    Local {
        /// Real uid of the host process.
        uid: u32,
        /// `PAM_TTY`, sanitised.
        tty: String,
    },
}

impl Source {
    /// Whether that is how a source on this machine is written: the log has no more of it.
    pub fn is_written_local(written: &str) -> bool {
        written.starts_with(LOCAL)
    }

    /// Reads the PAM items.
    pub fn from_pam(rhost: Option<&str>, tty: Option<&str>, caller_uid: u32) -> Self {
        let tty = || sanitise(tty.unwrap_or_default());
        match rhost {
            None | Some("") => Self::Local {
                uid: caller_uid,
                tty: tty(),
            },
            Some(host) => match literal(host) {
                Some(address) => Self::Address(address.to_canonical()),
                None => Self::Named {
                    name: sanitise(host),
                    uid: caller_uid,
                    tty: tty(),
                },
            },
        }
    }

    /// What a challenge is bound to: the exact source.
    pub fn binding(&self) -> String {
        match self {
            Self::Address(address) => format!("ip:{address}"),
            Self::Named { name, uid, tty } => format!("name:{name};uid:{uid};tty:{tty}"),
            Self::Local { uid, tty } => format!("uid:{uid};tty:{tty}"),
        }
    }

    /// What limits per source are counted by: the IPv4 address, the IPv6 /64 (one customer), the
    /// calling uid.
    pub fn network(&self) -> String {
        match self {
            Self::Address(IpAddr::V4(address)) => format!("ip:{address}"),
            Self::Address(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("ip:{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            Self::Named { name, uid, .. } => format!("name:{name};uid:{uid}"),
            Self::Local { uid, .. } => format!("uid:{uid}"),
        }
    }
}

/// An address as it is written, a link-local one with its zone or without: the same neighbour is meant, and
/// one that is no address could not be shielded.
fn literal(host: &str) -> Option<IpAddr> {
    let Some((address, zone)) = host.split_once('%') else {
        return host.parse().ok();
    };
    let address: Ipv6Addr = address.parse().ok()?;
    (address.is_unicast_link_local() && !zone.is_empty()).then_some(IpAddr::V6(address))
}

impl fmt::Display for Source {
    /// As a person reads it in a mail, a log or a screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Named { name, .. } => f.write_str(name),
            Self::Local { uid, tty } if tty.is_empty() => write!(f, "{LOCAL}uid {uid})"),
            Self::Local { uid, tty } => write!(f, "{LOCAL}{tty}, uid {uid})"),
        }
    }
}

/// How a source on this machine begins where it is written.
const LOCAL: &str = "this machine (";

#[cfg(test)]
mod tests {
    use super::{EmailAddress, Service, Source, UserName};

    #[test]
    fn addresses_that_could_inject_or_confuse_are_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_all = format!("a@{}.org", "a".repeat(300));
        let cases = [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a b@c.d",
            "a@b c",
            "a@b\r\nBcc: x@y.z",
            "\"a\"@b.c",
            "a@b@c",
            "a@-b.c",
            "a@b-.c",
            "a@b..c",
            "a..b@c.d",
            ".a@b.c",
            "a.@b.c",
            "ä@b.c",
            "a@bä.c",
            "a@b.c ",
            "a@[127.0.0.1]",
            "-oQ@b.c",
            "a,b@c.d",
            "a@b.c>",
            "<a@b.c>",
            &long_local,
            &long_all,
        ];
        for address in cases {
            assert!(
                EmailAddress::new(address.to_owned()).is_err(),
                "{address:?}"
            );
        }
        for address in [
            "a@b",
            "a.b+c@d-e.example",
            "O'Neil@example.org",
            "a@xn--bcher-kva.example",
        ] {
            assert!(EmailAddress::new(address.to_owned()).is_ok(), "{address:?}");
        }
    }

    #[test]
    fn a_masked_address_shows_two_letters_and_the_top_domain() {
        let cases = [
            ("alice@example.org", "a***@e***.org"),
            ("a@mail.example.co.uk", "a***@m***.uk"),
            ("a@localhost", "a***@l***"),
        ];
        for (address, masked) in cases {
            let address = EmailAddress::new(address.to_owned()).unwrap();
            assert_eq!(address.masked(), masked);
            assert_eq!(format!("{address:?}"), format!("EmailAddress({masked})"));
        }
    }

    #[test]
    fn user_names_that_no_passwd_can_hold_are_refused() {
        for name in [
            "",
            "a:b",
            "../etc",
            "a\nb",
            "a\0b",
            "\u{7f}",
            "a\u{9b}b",
            &"a".repeat(257),
        ] {
            assert!(UserName::new(name.to_owned()).is_err(), "{name:?}");
        }
        for name in [
            "alice",
            "o'neil",
            "Ünï",
            "DOM\\alice",
            "a b",
            "root",
            &"a".repeat(64),
        ] {
            assert!(UserName::new(name.to_owned()).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn services_compare_in_lower_case() {
        assert_eq!(Service::new("SSHd").unwrap().as_str(), "sshd");
        assert!(Service::new("a/b").is_err());
    }

    #[test]
    fn sources_fold_and_names_are_never_addresses() {
        let binding = |rhost, tty| Source::from_pam(rhost, tty, 1000).binding();
        let network = |rhost| Source::from_pam(rhost, None, 1000).network();
        assert_eq!(binding(Some("::ffff:192.0.2.1"), None), "ip:192.0.2.1");
        assert_eq!(binding(Some("192.0.2.1"), Some("ssh")), "ip:192.0.2.1");
        assert_eq!(binding(Some("UNKNOWN"), None), "name:UNKNOWN;uid:1000;tty:");
        assert_eq!(
            binding(Some("192.0.2.1 "), None),
            "name:192.0.2.1 ;uid:1000;tty:"
        );
        assert_eq!(binding(None, Some("/dev/pts/3")), "uid:1000;tty:/dev/pts/3");
        assert_eq!(binding(Some(""), None), "uid:1000;tty:");
        assert_eq!(
            network(Some("2001:db8:1:2:3:4:5:6")),
            "ip:2001:db8:1:2::/64"
        );
        assert_eq!(network(Some("::1")), "ip:::/64");
        // Mutants: a zone makes a name of an address; or an address of any name.
        assert_eq!(binding(Some("fe80::1%eth0"), None), "ip:fe80::1");
        for name in ["fe80::1%", "2001:db8::1%eth0", "192.0.2.1%eth0", "%eth0"] {
            assert!(binding(Some(name), None).starts_with("name:"), "{name}");
        }
    }
}
