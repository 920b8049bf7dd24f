//! One connection of a sink: the SMTP dialogue, over TLS or not, with the faults asked for.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use rustls::ServerConnection;
use rustls::StreamOwned;

use super::Encryption;
use super::Mail;
use super::Shared;
use super::fault::Act;
use super::fault::Fault;
use super::fault::Step;
use super::tls;

/// No connection lasts longer, whatever its client does.
const LIFE: Duration = Duration::from_mins(2);

/// A client's line, and a whole message, may be this long.
const LINE_LIMIT: usize = 64 * 1024;
const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;

/// A flood ends here at the latest.
const FLOOD_LIMIT: usize = 512 * 1024 * 1024;

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

struct Session<'s> {
    shared: &'s Shared,
    number: usize,
    faults: Vec<Fault>,
    wire: Wire,
    unread: Vec<u8>,
    authenticated_as: Option<String>,
}

/// Serves a connection to its end; yields why it ended.
pub(super) fn run(shared: &Shared, number: usize, stream: TcpStream, faults: Vec<Fault>) -> String {
    let prepared = stream
        .set_read_timeout(Some(LIFE))
        .and_then(|()| stream.set_write_timeout(Some(LIFE)))
        .and_then(|()| stream.set_nodelay(true));
    if let Err(error) = prepared {
        return error.to_string();
    }
    let mut session = Session {
        shared,
        number,
        faults,
        wire: Wire::Plain(stream),
        unread: Vec::new(),
        authenticated_as: None,
    };
    match session.dialogue() {
        Ok(()) => "quit".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What the client is about to send.
#[derive(Default)]
struct Envelope {
    from: Option<(String, String)>,
    to: Vec<String>,
}

impl Session<'_> {
    fn dialogue(&mut self) -> io::Result<()> {
        if self.shared.encryption == Encryption::Implicit {
            self.start_tls()?;
        }
        self.answer(Step::Greeting, "220 localhost ESMTP rig")?;
        let mut envelope = Envelope::default();
        loop {
            let line = self.read_line()?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.ehlo()?,
                "HELO" => self.answer(Step::Ehlo, "250 localhost")?,
                "STARTTLS" => {
                    envelope = Envelope::default();
                    self.upgrade()?;
                }
                "AUTH" => self.auth(rest)?,
                "MAIL" => self.mail(rest, &mut envelope)?,
                "RCPT" => {
                    self.count_plaintext(line.len());
                    let (address, _) = address_of(rest);
                    if self
                        .answer(Step::Rcpt, "250 2.1.5 ok")
                        .map(|()| self.last_was_good(Step::Rcpt))?
                    {
                        envelope.to.push(address);
                    }
                }
                "DATA" => self.data(&mut envelope)?,
                "RSET" => {
                    envelope = Envelope::default();
                    self.send("250 2.0.0 ok")?;
                }
                "NOOP" => self.send("250 2.0.0 ok")?,
                "QUIT" => return self.send("221 2.0.0 bye"),
                _ => self.send("502 5.5.2 unknown command")?,
            }
        }
    }

    fn ehlo(&mut self) -> io::Result<()> {
        let mut lines = vec!["localhost"];
        if !self.has(&Fault::HideEightBit) {
            lines.extend(["8BITMIME", "SMTPUTF8"]);
        }
        if self.offers_starttls() {
            lines.push("STARTTLS");
        }
        let is_safe = self.over_tls() || self.shared.encryption == Encryption::None;
        if self.shared.credentials.is_some() && is_safe && !self.has(&Fault::HideAuth) {
            lines.push("AUTH PLAIN LOGIN");
        }
        lines.push("ENHANCEDSTATUSCODES");
        let last = lines.len() - 1;
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| format!("250{}{line}", if index == last { ' ' } else { '-' }))
            .collect();
        self.answer(Step::Ehlo, &text.join("\r\n"))
    }

    fn offers_starttls(&self) -> bool {
        self.shared.encryption == Encryption::StartTls
            && !self.over_tls()
            && !self.has(&Fault::HideStartTls)
    }

    fn upgrade(&mut self) -> io::Result<()> {
        if !self.offers_starttls() {
            return self.send("502 5.5.1 not offered");
        }
        if self.has(&Fault::InjectAfterStartTls) {
            self.send("220 2.0.0 go ahead\r\n250-localhost\r\n250-AUTH PLAIN\r\n250 injected")?;
            return self.start_tls();
        }
        self.answer(Step::StartTls, "220 2.0.0 go ahead")?;
        if self.last_was_good(Step::StartTls) {
            self.start_tls()
        } else {
            Ok(())
        }
    }

    fn start_tls(&mut self) -> io::Result<()> {
        let Wire::Plain(stream) = &self.wire else {
            return Err(io::Error::other("TLS inside TLS"));
        };
        let mut stream = stream.try_clone()?;
        if self.has(&Fault::StallHandshake) {
            let mut hello = [0_u8; 1024];
            let _ = stream.read(&mut hello)?;
            self.shared
                .log(self.number, "!", "stalls in the TLS handshake");
            self.shared.idle(LIFE);
            return Err(io::Error::other("stalled"));
        }
        let bad = self.faults.iter().find_map(Fault::certificate);
        let config = match bad {
            Some(bad) => tls::server(Some(bad)),
            None => self.shared.good.clone(),
        };
        let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        self.shared.count(|counts| counts.handshakes += 1);
        self.shared.log(self.number, "!", "TLS is up");
        self.unread.clear();
        self.wire = Wire::Tls(Box::new(StreamOwned::new(connection, stream)));
        Ok(())
    }

    fn auth(&mut self, rest: &str) -> io::Result<()> {
        self.shared.count(|counts| counts.auths += 1);
        self.count_plaintext(rest.len() + 5);
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = self.initial_or_asked(initial, "334 ")?;
                let decoded = base64(&answer).unwrap_or_default();
                let text = String::from_utf8_lossy(&decoded).into_owned();
                let mut parts = text.split('\0').skip(1).map(str::to_owned);
                parts.next().zip(parts.next())
            }
            "LOGIN" => {
                let user = self.initial_or_asked(initial, "334 VXNlcm5hbWU6")?;
                let password = self.initial_or_asked("", "334 UGFzc3dvcmQ6")?;
                let text = |answer: &str| {
                    base64(answer).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                };
                text(&user).zip(text(&password))
            }
            _ => return self.send("504 5.5.4 unknown mechanism"),
        };
        if given.is_some() && given == self.shared.credentials {
            self.answer(Step::Auth, "235 2.7.0 welcome")?;
            if self.last_was_good(Step::Auth) {
                self.authenticated_as = given.map(|(user, _)| user);
            }
            return Ok(());
        }
        self.send("535 5.7.8 authentication failed")
    }

    fn initial_or_asked(&mut self, initial: &str, question: &str) -> io::Result<String> {
        if !initial.is_empty() {
            return Ok(initial.to_owned());
        }
        self.send(question)?;
        let answer = self.read_line()?;
        self.count_plaintext(answer.len());
        Ok(answer)
    }

    fn mail(&mut self, rest: &str, envelope: &mut Envelope) -> io::Result<()> {
        self.shared.count(|counts| counts.mails += 1);
        self.count_plaintext(rest.len() + 5);
        if self.shared.credentials.is_some() && self.authenticated_as.is_none() {
            return self.send("530 5.7.0 authentication required");
        }
        if self.shared.encryption == Encryption::StartTls && !self.over_tls() {
            return self.send("530 5.7.0 must issue a STARTTLS command first");
        }
        *envelope = Envelope::default();
        self.answer(Step::Mail, "250 2.1.0 ok")?;
        if self.last_was_good(Step::Mail) {
            envelope.from = Some(address_of(rest));
        }
        Ok(())
    }

    fn data(&mut self, envelope: &mut Envelope) -> io::Result<()> {
        self.count_plaintext(5);
        let Envelope {
            from: Some((from, parameters)),
            to,
        } = std::mem::take(envelope)
        else {
            return self.send("503 5.5.1 no sender");
        };
        if to.is_empty() {
            return self.send("503 5.5.1 no recipient");
        }
        self.answer(Step::Data, "354 go on")?;
        if !self.last_was_good(Step::Data) {
            return Ok(());
        }
        let raw = self.read_message()?;
        self.count_plaintext(raw.len());
        if self.last_was_good(Step::Body) {
            let mail = Mail {
                from,
                to,
                raw,
                parameters,
                over_tls: self.over_tls(),
                authenticated_as: self.authenticated_as.clone(),
            };
            self.shared.state.update(|state| state.mails.push(mail));
        }
        self.answer(Step::Body, "250 2.0.0 queued as RIG")
    }

    fn read_message(&mut self) -> io::Result<Vec<u8>> {
        let mut raw = Vec::new();
        loop {
            let line = self.read_bytes_line()?;
            match line.as_slice() {
                b".\r\n" | b".\n" => return Ok(raw),
                [b'.', rest @ ..] => raw.extend_from_slice(rest),
                whole => raw.extend_from_slice(whole),
            }
            if raw.len() > MESSAGE_LIMIT {
                return Err(io::Error::other("message too long"));
            }
        }
    }

    /// Answers at a step: as usual, or with the fault asked for there.
    fn answer(&mut self, step: Step, usual: &str) -> io::Result<()> {
        let act = self
            .faults
            .iter()
            .find_map(|fault| fault.act_at(step))
            .cloned();
        let Some(act) = act else {
            return self.send(usual);
        };
        self.shared
            .log(self.number, "!", &format!("{act:?} at {step:?}"));
        match act {
            Act::Reply(line) => self.send(line),
            Act::Close => Err(io::Error::other("closed on purpose")),
            Act::Silent => {
                self.shared.idle(LIFE);
                Err(io::Error::other("was silent"))
            }
            Act::Delay(time) if self.shared.idle(time) => self.send(usual),
            Act::Delay(_) => Err(io::Error::other("stopped")),
            Act::Drip => {
                let code = usual.get(..3).unwrap_or("250");
                self.write(format!("{code}-").as_bytes())?;
                while self.shared.idle(Duration::from_secs(1)) {
                    self.write(b"x")?;
                }
                Err(io::Error::other("dripped to the end"))
            }
            Act::Flood => {
                let block = vec![b'x'; 64 * 1024];
                for _ in 0..FLOOD_LIMIT / block.len() {
                    self.write(&block)?;
                }
                Err(io::Error::other("flooded to the end"))
            }
            Act::Continue => {
                let code = usual.get(..3).unwrap_or("250");
                let line = format!("{code}-and more\r\n").repeat(1000);
                for _ in 0..FLOOD_LIMIT / line.len() {
                    self.write(line.as_bytes())?;
                }
                Err(io::Error::other("went on to the end"))
            }
        }
    }

    /// False when the fault at this step is a refusal.
    fn last_was_good(&self, step: Step) -> bool {
        let act = self.faults.iter().find_map(|fault| fault.act_at(step));
        !matches!(act, Some(Act::Reply(_)))
    }

    fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    fn over_tls(&self) -> bool {
        matches!(self.wire, Wire::Tls(_))
    }

    fn count_plaintext(&self, bytes: usize) {
        if !self.over_tls() {
            self.shared
                .count(|counts| counts.bytes_in_plaintext += bytes);
        }
    }

    fn send(&mut self, lines: &str) -> io::Result<()> {
        for line in lines.split("\r\n") {
            self.shared.log(self.number, ">", line);
        }
        self.write(format!("{lines}\r\n").as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            Wire::Plain(stream) => stream.write_all(bytes),
            Wire::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    fn read_line(&mut self) -> io::Result<String> {
        let line = self.read_bytes_line()?;
        let text = String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned();
        self.shared.log(self.number, "<", &text);
        Ok(text)
    }

    fn read_bytes_line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                return Ok(self.unread.drain(..=end).collect());
            }
            if self.unread.len() > LINE_LIMIT {
                return Err(io::Error::other("line too long"));
            }
            let mut buffer = [0_u8; 4096];
            let length = match &mut self.wire {
                Wire::Plain(stream) => stream.read(&mut buffer)?,
                Wire::Tls(stream) => stream.read(&mut buffer)?,
            };
            if length == 0 {
                return Err(io::Error::other("closed by the client"));
            }
            self.unread
                .extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
    }
}

/// The address in `FROM:<a@b> BODY=8BITMIME`, and the parameters behind it.
fn address_of(rest: &str) -> (String, String) {
    let after = rest.split_once('<').map_or(rest, |(_, after)| after);
    let (address, parameters) = after.split_once('>').unwrap_or((after, ""));
    (address.to_owned(), parameters.trim().to_owned())
}

/// Decodes base64; `None` for anything else.
fn base64(text: &str) -> Option<Vec<u8>> {
    mail_parser::decoders::base64::base64_decode(text.as_bytes())
}
