//! A real mail server as the relay: Debian's Postfix on a free port of the loopback, which insists on
//! STARTTLS and on a password kept by Cyrus SASL, and delivers into mailboxes in people's homes.
//!
//! All that it writes lies on the stage; its processes end with the stage.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::time::Duration;

use crate::config::ROOTS_PATH;
use crate::config::Relay;
use crate::config::quote;
use crate::smtp::Mail;
use crate::smtp::certificate_pem;
use crate::smtp::roots_pem;
use crate::stage::Stage;
use crate::wait;

/// The domain whose mail stays here: `alice@example.org` is the user alice.
const DOMAIN: &str = "example.org";

const USER: &str = "relay-user";
const PASSWORD: &str = "relay-Pw-Zk31";

/// A Postfix that takes mail.
#[derive(Debug)]
pub struct Postfix<'s> {
    stage: &'s Stage,
    port: u16,
}

impl<'s> Postfix<'s> {
    /// Starts it; nothing is delivered but to users of the stage.
    pub fn start(stage: &'s Stage) -> Self {
        stage.secret(PASSWORD);
        stage.write(ROOTS_PATH, &roots_pem());
        stage.write_as("/etc/postfix/relay.pem", &certificate_pem(), 0o600);
        keep_a_password(stage);
        // A free port may be taken by another test before Postfix has it: then we try again.
        for _ in 0..5 {
            if let Some(port) = try_start(stage) {
                return Self { stage, port };
            }
        }
        panic!("Postfix does not start\n{}", stage.report());
    }

    /// The relay as the product is told of it, with this password in its file.
    pub fn relay(&self, password: &str) -> Relay {
        let path = "/etc/gatepost/postfix.password";
        self.stage.write_as(path, password, 0o600);
        Relay::default()
            .field("host", &quote("localhost"))
            .field("port", &self.port.to_string())
            .field("tls", &quote("starttls"))
            .field("roots", &quote(ROOTS_PATH))
            .field("username", &quote(&format!("{USER}@{DOMAIN}")))
            .field("password_file", &quote(path))
    }

    /// The password that it takes.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Waits until so many mails lie in a user's mailbox; in order of arrival.
    #[track_caller]
    pub fn wait_for_mails(&self, user: &str, count: usize, deadline: Duration) -> Vec<Mail> {
        let there = || Some(mailbox(user)).filter(|mails| mails.len() >= count);
        wait::until(deadline, there)
            .unwrap_or_else(|| panic!("{count} mails for {user}\n{}", self.stage.report()))
    }
}

/// What lies in the Maildir of a user's home.
fn mailbox(user: &str) -> Vec<Mail> {
    let Ok(folder) = fs::read_dir(format!("/home/{user}/Maildir/new")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = folder.map(|file| file.expect("a mail").path()).collect();
    // Their names begin with the time of delivery.
    files.sort();
    let mails = files.iter().map(|path| fs::read(path).expect("a mail"));
    mails.map(Mail::delivered).collect()
}

/// The one user of the relay, whose password SASL's own database keeps.
fn keep_a_password(stage: &Stage) {
    let database = "/etc/sasldb2";
    let _ = fs::remove_file(database);
    stage.write(
        "/etc/postfix/sasl/smtpd.conf",
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n",
    );
    stage.write_as("/tmp/sasl.password", PASSWORD, 0o600);
    let add = format!("saslpasswd2 -p -c -f {database} -u {DOMAIN} {USER} </tmp/sasl.password");
    stage.does(&["/bin/sh", "-c", &add]);
    let passwd = stage.read("/etc/passwd");
    let row = passwd.lines().find(|line| line.starts_with("postfix:"));
    let uid = row.and_then(|row| row.split(':').nth(2)?.parse().ok());
    chown(database, uid, None).expect("let smtpd read it");
}

fn try_start(stage: &Stage) -> Option<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
    let port = listener.local_addr().ok()?.port();
    drop(listener);
    stage.write("/etc/postfix/main.cf", &main_cf());
    stage.write("/etc/postfix/master.cf", &master_cf(port));
    // Ends once the port is open and the rest goes on in the background.
    let started = stage.run(stage.command("/usr/sbin/postfix").arg("start"));
    started.status.success().then_some(port)
}

fn main_cf() -> String {
    format!(
        "compatibility_level = 3.6
myhostname = mail.{DOMAIN}
mydestination = {DOMAIN}
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
home_mailbox = Maildir/
default_transport = error:mail goes no further
relay_transport = error:mail goes no further
smtpd_tls_chain_files = /etc/postfix/relay.pem
smtpd_tls_security_level = encrypt
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = /etc/postfix/sasl
smtpd_sasl_authenticated_header = yes
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"
    )
}

/// The daemons that receiving and local delivery take, none in a chroot.
fn master_cf(port: u16) -> String {
    format!(
        "127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
"
    )
}
