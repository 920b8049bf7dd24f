//! What is known of modules: ours, and those that others ship. Pure.

/// Our module's file name.
pub(super) const OURS: &str = "pam_gatepost.so";
/// The module that always succeeds.
pub(super) const PERMIT: &str = "pam_permit.so";
/// The one that lets root do what root may.
pub(super) const ROOT: &str = "pam_rootok.so";

/// What stands for a line that libpam makes no sense of.
pub(super) const BROKEN: &str = "(not understood)";

/// What a module says, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    Success,
    /// The password is right, and a new one is due: no yes to libpam's callers.
    Expired,
    Ignore,
    Failure,
}

/// Modules that check a password.
const PASSWORDS: [&str; 9] = [
    "pam_unix.so",
    "pam_unix2.so",
    "pam_sss.so",
    "pam_ldap.so",
    "pam_krb5.so",
    "pam_winbind.so",
    "pam_systemd_home.so",
    "pam_pwdfile.so",
    "pam_userdb.so",
];

/// Modules that prove nobody.
const PROVE_NOTHING: [&str; 20] = [
    "pam_access.so",
    "pam_cap.so",
    "pam_debug.so",
    "pam_deny.so",
    "pam_echo.so",
    "pam_env.so",
    "pam_exec.so",
    "pam_faildelay.so",
    "pam_faillock.so",
    "pam_group.so",
    "pam_keyinit.so",
    "pam_limits.so",
    "pam_nologin.so",
    "pam_permit.so",
    "pam_rootok.so",
    "pam_securetty.so",
    "pam_shells.so",
    "pam_succeed_if.so",
    "pam_time.so",
    "pam_wheel.so",
];

/// Modules that say neither yes nor no: a stack of them alone refuses.
const SAY_NOTHING: [&str; 5] = [
    "pam_cap.so",
    "pam_env.so",
    "pam_faildelay.so",
    "pam_group.so",
    "pam_keyinit.so",
];

pub(super) fn is_ours(name: &str) -> bool {
    name == OURS
}

pub(super) fn checks_a_password(name: &str) -> bool {
    PASSWORDS.contains(&name)
}

pub(super) fn proves_nothing(name: &str) -> bool {
    name == BROKEN || PROVE_NOTHING.contains(&name)
}

/// What a module may answer.
pub(super) fn answers(name: &str, words: &[String]) -> &'static [Says] {
    if name == PERMIT {
        return &[Says::Success];
    }
    if name == "pam_deny.so" || name == BROKEN {
        return &[Says::Failure];
    }
    if SAY_NOTHING.contains(&name) {
        return &[Says::Ignore, Says::Failure];
    }
    if is_ours(name) {
        // The line that a wrong password reaches never lets in, and no rule skips it.
        let is_dummy = says(words, "decoy") && !words.iter().any(|word| word.starts_with("after="));
        return if is_dummy || unknown(words).is_some() {
            &[Says::Failure]
        } else {
            &[Says::Success, Says::Ignore, Says::Failure]
        };
    }
    &[Says::Success, Says::Expired, Says::Ignore, Says::Failure]
}

/// Whether a word stands on the line.
pub(super) fn says(words: &[String], word: &str) -> bool {
    words.iter().any(|said| said == word)
}

/// The first word on our line that our module does not take: it then refuses everybody.
pub(super) fn unknown(words: &[String]) -> Option<&str> {
    let is_known = |word: &str| {
        ["decoy", "debug", "after=password", "after=key"].contains(&word)
            || ["conf=/", "helper=/"]
                .iter()
                .any(|path| word.starts_with(path))
    };
    let kind = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
    let twice = |at: usize, word: &str| {
        let before = words.iter().take(at);
        before.into_iter().any(|other| kind(other) == kind(word))
    };
    let mut odd = words.iter().enumerate();
    odd.find(|(at, word)| !is_known(word) || twice(*at, word))
        .map(|(_, word)| word.as_str())
}
