//! PAM stacks as the tests use them: the shapes that Gatepost ships, the plain ones that prove the
//! harness, and free text.

/// The text of one file in /etc/pam.d.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    auth: String,
    account: String,
    session: String,
}

impl Stack {
    /// The password and nothing else: proves the harness without the product.
    pub fn unix() -> Self {
        Self::of("auth required pam_unix.so nodelay\n")
    }

    /// Lets everybody in.
    pub fn permit() -> Self {
        Self::of("auth required pam_permit.so\n")
    }

    /// Lets nobody in.
    pub fn deny() -> Self {
        Self::of("auth required pam_deny.so\n")
    }

    /// The shipped plain stack: a wrong password ends it before a code is asked for.
    pub fn plain() -> Self {
        Self::of(concat!(
            "auth requisite pam_unix.so nodelay\n",
            "auth required pam_gatepost.so\n",
            "auth required pam_permit.so\n",
        ))
    }

    /// The shipped decoy stack: a wrong password sees the same prompt and always fails.
    pub fn decoy() -> Self {
        Self::of(concat!(
            "auth [success=1 default=ignore] pam_unix.so nodelay\n",
            "auth requisite pam_gatepost.so decoy\n",
            "auth required pam_gatepost.so decoy after=password\n",
            "auth required pam_permit.so\n",
        ))
    }

    /// The shipped stack for logins whose first factor was an SSH key.
    pub fn key() -> Self {
        Self::of("auth required pam_gatepost.so after=key\nauth required pam_permit.so\n")
    }

    /// The module alone, with these arguments, and the permit line that every shipped stack ends with.
    pub fn module(arguments: &str) -> Self {
        Self::of(&format!(
            "auth required pam_gatepost.so {arguments}\nauth required pam_permit.so\n"
        ))
    }

    /// The given auth lines; account and session let through.
    pub fn of(auth: &str) -> Self {
        Self {
            auth: auth.to_owned(),
            account: "account required pam_permit.so\n".to_owned(),
            session: "session required pam_permit.so\n".to_owned(),
        }
    }

    /// Replaces the account lines.
    #[must_use]
    pub fn account(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.account);
        self
    }

    /// Replaces the session lines.
    #[must_use]
    pub fn session(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.session);
        self
    }

    /// Takes out `nodelay`, for tests that measure libpam's failure delay (2 s and more).
    #[must_use]
    pub fn with_failure_delay(mut self) -> Self {
        self.auth = self.auth.replace(" nodelay", "");
        self
    }

    /// Puts `line` in front of the auth lines.
    #[must_use]
    pub fn auth_first(mut self, line: &str) -> Self {
        self.auth.insert_str(0, &format!("{line}\n"));
        self
    }

    /// What the file in /etc/pam.d holds.
    pub fn text(&self) -> String {
        [
            self.auth.as_str(),
            &self.account,
            &self.session,
            "password required pam_deny.so\n",
        ]
        .concat()
    }
}
