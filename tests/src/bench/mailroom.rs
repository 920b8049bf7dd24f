//! Takes the mails out of a sink and hands each code to whoever logs in under its address, through a
//! FIFO of the account's own: the person at the keyboard who types a code the moment it arrives.

use std::collections::BTreeMap;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::mknodat;

use crate::smtp::Sink;

/// The letter boxes: an open FIFO for each address.
pub(crate) type Boxes = Arc<BTreeMap<String, File>>;

/// Makes a FIFO for each address at its path, and keeps both ends open: who reads it never sees an end.
pub(crate) fn boxes(places: impl IntoIterator<Item = (String, String)>) -> Boxes {
    let open = |(address, path): (String, String)| {
        let fifo = FileType::Fifo;
        mknodat(CWD, path.as_str(), fifo, Mode::RUSR | Mode::WUSR, 0)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let file = OpenOptions::new().read(true).write(true).open(&path);
        (address, file.expect("open a new FIFO"))
    };
    Arc::new(places.into_iter().map(open).collect())
}

/// The reader's end of a letter box.
#[derive(Debug)]
pub(crate) struct LetterBox {
    fifo: File,
}

/// How long a code is waited for.
const PATIENCE: Timespec = Timespec {
    tv_sec: 10,
    tv_nsec: 0,
};

impl LetterBox {
    /// Opens a letter box and takes out what an earlier login left in it.
    pub(crate) fn open_empty(path: &str) -> Self {
        let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag's bit");
        let mut fifo = OpenOptions::new()
            .read(true)
            .custom_flags(nonblocking)
            .open(path)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut stale = [0_u8; 4096];
        while fifo.read(&mut stale).is_ok_and(|length| length > 0) {}
        Self { fifo }
    }

    /// Waits for a code.
    pub(crate) fn next_code(&mut self) -> Option<String> {
        let mut fds = [PollFd::new(&self.fifo, PollFlags::IN)];
        poll(&mut fds, Some(&PATIENCE)).ok()?;
        let mut buffer = [0_u8; 64];
        let length = self.fifo.read(&mut buffer).ok()?;
        let text = std::str::from_utf8(buffer.get(..length)?).ok()?;
        Some(text.lines().last()?.to_owned())
    }
}

/// A sink with the thread that empties it.
#[derive(Debug)]
pub(crate) struct Mailroom {
    /// Where mails come in.
    pub(crate) sink: Sink,
    thread: Option<JoinHandle<()>>,
}

impl Mailroom {
    /// Starts to hand out what comes in at `sink`.
    pub(crate) fn open(sink: Sink, boxes: &Boxes) -> Self {
        let thread = thread::Builder::new()
            .name("mailroom".to_owned())
            .spawn({
                let sink = sink.clone();
                let boxes = Arc::clone(boxes);
                move || hand_out(&sink, &boxes)
            })
            .expect("start the mailroom");
        Self {
            sink,
            thread: Some(thread),
        }
    }
}

impl Drop for Mailroom {
    fn drop(&mut self) {
        self.sink.stop();
        if let Some(thread) = self.thread.take() {
            // A panic there has said what there is to say.
            let _ = thread.join();
        }
    }
}

fn hand_out(sink: &Sink, boxes: &BTreeMap<String, File>) {
    while let Some(mails) = sink.take_mails(Duration::from_mins(1)) {
        for mail in mails {
            let letter_box = mail.to.first().and_then(|address| boxes.get(address));
            // A notice has no code, and a mail to another address nobody who waits.
            if let (Some(mut letter_box), Some(code)) = (letter_box, mail.find_code()) {
                let _ = letter_box.write_all(format!("{code}\n").as_bytes());
            }
        }
    }
}
