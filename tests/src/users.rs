//! The rig's users: who they are, and how they get into the stage's passwd, shadow and group files.
//!
//! The hashes are SHA-512 crypt with 1000 rounds, the fewest allowed, so that a login costs a millisecond.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::path::Path;

/// A user of the rig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User id, and the id of the user's own group.
    pub uid: u32,
    /// Home folder, made with mode 0755.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// The password, in clear: what a test types.
    pub password: &'static str,
    hash: &'static str,
}

/// What every user made by [`User::guest`] has as password.
pub const GUEST_PASSWORD: &str = "guest-Pw-e6Yj";

const GUEST_HASH: &str = "$6$rounds=1000$gatepostguest$86M82z6lBaygtN1XIBTs4GIB.cwfu9DTcpFs0fgfvSqciuma7SIeF30hi791J21f/cmxgQvpb4BzD9adQh6Wf.";

/// Name, uid, password, hash.
const RIG: [(&str, u32, &str, &str); 6] = [
    (
        "alice",
        2001,
        "alice-Pw-7Kd2",
        "$6$rounds=1000$gatepostalice$vLDgxVyAAGs83WgzjYFSSxPWAWQE/hfRoyYClSMbJV5a9gcE9zJNX7XJPRPPU5sRTWC8rzO2NFx4uGRiAqBjj/",
    ),
    (
        "bob",
        2002,
        "bob-Pw-Qm41",
        "$6$rounds=1000$gatepostbob$1DzLuNUZDf3vwpjCjGkgwGfQRPYjv/TyEFxVCg9L5sb/Dsqva8P8HyGKOIGTpNFaCAXzuNQJgG5pff4QDqYlK.",
    ),
    (
        "carol",
        2003,
        "carol-Pw-x9Tz",
        "$6$rounds=1000$gatepostcarol$ngyu2ED7o4Am0aQRdx/4.VyUF0GjzCAPL.6XxR1pog7a2zfDPDHkEl24WiY6BvfcYFiLxyJ9f9/Y57PFTzhT9/",
    ),
    (
        "dave",
        2004,
        "dave-Pw-3hVb",
        "$6$rounds=1000$gatepostdave$6uDM33cx4KGVeKRXbgGNNfvWldYh99cJGwW9tfuK/Uj4zjVYxL8A/oDr9NUKskEWIDYmR7D04Sm3v75/aAfl01",
    ),
    (
        "eve",
        2005,
        "eve-Pw-Lw80",
        "$6$rounds=1000$gateposteve$WYhKZl5538CFcsl3A8leGvwsorugJRL/ebhwMQwGpLhsPePtxeG6PL1MemrTFbfUXCKfcdz5IhHWzP1DHcm/A/",
    ),
    (
        "toor",
        0,
        "toor-Pw-5nRc",
        "$6$rounds=1000$gateposttoor$GCyN4ZykPrFYk9lkMkC1qTRIPw08FYBTrreZEdxyjHux4WyR0TjYUBnqf08CNCnk/DaaZxWkZZbn0.g1nPV700",
    ),
];

impl User {
    /// The users that every stage has: alice, bob, carol, dave, eve, and toor, who is uid 0 too.
    pub fn rig() -> Vec<Self> {
        RIG.iter()
            .map(|&(name, uid, password, hash)| Self {
                name: name.to_owned(),
                uid,
                home: format!("/home/{name}"),
                shell: "/bin/sh".to_owned(),
                password,
                hash,
            })
            .collect()
    }

    /// One more user, under any name the passwd file can hold, with [`GUEST_PASSWORD`].
    pub fn guest(name: &str, uid: u32) -> Self {
        Self {
            name: name.to_owned(),
            uid,
            home: format!("/home/guest-{uid}"),
            shell: "/bin/sh".to_owned(),
            password: GUEST_PASSWORD,
            hash: GUEST_HASH,
        }
    }

    /// The password of a user of the rig.
    pub fn password_of(name: &str) -> &'static str {
        RIG.iter()
            .find(|row| row.0 == name)
            .map_or(GUEST_PASSWORD, |row| row.2)
    }
}

/// Adds `users` to the stage's account files and makes their homes. Only to be called inside a stage.
pub(crate) fn install(users: &[User]) {
    let mut passwd = read("/etc/passwd");
    let mut shadow = read("/etc/shadow");
    let mut group = read("/etc/group");
    for user in users {
        let User {
            name,
            uid,
            home,
            shell,
            hash,
            ..
        } = user;
        let _ = writeln!(passwd, "{name}:x:{uid}:{uid}::{home}:{shell}");
        let _ = writeln!(shadow, "{name}:{hash}:20000:0:99999:7:::");
        if *uid != 0 {
            let _ = writeln!(group, "{name}:x:{uid}:");
        }
        fs::create_dir_all(home).expect("make a home");
        fs::set_permissions(home, fs::Permissions::from_mode(0o755)).expect("home mode");
        chown(home, Some(*uid), Some(*uid)).expect("home owner");
    }
    fs::write("/etc/passwd", passwd).expect("write passwd");
    fs::write("/etc/shadow", shadow).expect("write shadow");
    fs::write("/etc/group", group).expect("write group");
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
