//! The driver's other end: hands it batches, and takes the records in.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Stdio;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::driver::Batch;
use super::driver::Line;
use super::driver::Record;
use super::driver::Work;
use crate::stage::Stage;

/// The argument that makes this program the driver.
pub(crate) const DRIVER: &str = "--as-driver";

/// No login takes longer, whatever happens to it.
const STALL: Duration = Duration::from_mins(1);

/// How often a watcher looks while a batch runs.
const LOOK: Duration = Duration::from_millis(2);

/// A running driver.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    /// Closing it ends the driver.
    input: Option<ChildStdin>,
    lines: Receiver<Line>,
}

/// What came of a batch.
#[derive(Debug)]
pub(crate) struct Done {
    /// The records of each lane, in order.
    pub(crate) lanes: Vec<Vec<Record>>,
    /// How long the whole batch took.
    pub(crate) elapsed: Duration,
}

impl Done {
    /// All records, lane by lane.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.lanes.iter().flatten()
    }
}

impl Driver {
    /// Starts a driver on the stage.
    pub(crate) fn start(stage: &Stage) -> Self {
        // This program, whatever its path is called on the stage.
        let mut child = stage
            .command("/proc/self/exe")
            .arg(DRIVER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start the driver");
        let input = child.stdin.take();
        let output = child.stdout.take().expect("the driver's output is a pipe");
        let (sender, lines) = channel();
        thread::Builder::new()
            .name("driver-lines".to_owned())
            .spawn(move || read(output, &sender))
            .expect("start to read the driver's lines");
        Self {
            child,
            input,
            lines,
        }
    }

    /// Does these works one after the other.
    pub(crate) fn run_in_turn(&mut self, works: Vec<Work>) -> Vec<Record> {
        let mut done = self.run(vec![works]);
        done.lanes.pop().unwrap_or_default()
    }

    /// Does the lanes' works, the lanes beside each other.
    pub(crate) fn run(&mut self, lanes: Vec<Vec<Work>>) -> Done {
        self.run_watched(lanes, STALL, || {})
    }

    /// As [`Driver::run`], looking about all the while.
    pub(crate) fn run_and_watch(&mut self, lanes: Vec<Vec<Work>>, watch: impl FnMut()) -> Done {
        self.run_watched(lanes, LOOK, watch)
    }

    fn run_watched(
        &mut self,
        lanes: Vec<Vec<Work>>,
        look: Duration,
        mut watch: impl FnMut(),
    ) -> Done {
        let lengths: Vec<usize> = lanes.iter().map(Vec::len).collect();
        let batch = serde_json::to_string(&Batch { lanes }).expect("a batch is JSON");
        self.input
            .as_mut()
            .and_then(|input| input.write_all(format!("{batch}\n").as_bytes()).ok())
            .expect("the driver listens");
        let mut records = Vec::new();
        let mut last = Instant::now();
        let elapsed = loop {
            watch();
            match self.lines.recv_timeout(look) {
                Ok(Line::Record(record)) => records.push(record),
                Ok(Line::Done(micros)) => break Duration::from_secs_f64(micros / 1e6),
                Err(RecvTimeoutError::Timeout) if last.elapsed() < STALL => continue,
                Err(error) => panic!("the driver says nothing: {error}"),
            }
            last = Instant::now();
        };
        records.sort_by_key(|record| (record.lane, record.index));
        let mut records = records.into_iter();
        let lanes = lengths
            .into_iter()
            .map(|length| {
                let lane: Vec<Record> = records.by_ref().take(length).collect();
                assert_eq!(lane.len(), length, "a fork of the driver left no record");
                lane
            })
            .collect();
        Done { lanes, elapsed }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may be in the middle of a batch.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: ChildStdout, sender: &Sender<Line>) {
    for line in BufReader::new(output).lines() {
        let Some(line) = line.ok().and_then(|line| serde_json::from_str(&line).ok()) else {
            return;
        };
        if sender.send(line).is_err() {
            return;
        }
    }
}
