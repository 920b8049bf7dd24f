//! What comes in from outside: keys, signals, what the workers found; all through one channel.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use crossterm::event::{
    self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use gatepost_shared::{admin, signals};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::gate::Gate;
use super::message::{Key, Message, Mouse};
use super::terminal::size;

/// Signals that are told of.
const HEARD: [i32; 4] = [SIGTERM, SIGHUP, SIGINT, SIGCONT];

/// Something from outside.
#[derive(Debug)]
pub(crate) enum Event {
    /// A key.
    Key(Key),
    /// The mouse.
    Mouse(Mouse),
    /// A text that was pasted.
    Paste(String),
    /// The terminal's size.
    Size(u16, u16),
    /// What a worker has to say.
    Message(Message),
    /// Whoever stopped us lets us go on.
    Continued,
    /// A signal that ends us.
    Signal(i32),
    /// The terminal is gone, or a worker died.
    Lost(String),
}

/// Reads keys and signals, each on a thread of its own.
pub(crate) fn listen(events: &Sender<Event>) -> io::Result<Arc<Gate>> {
    let gate = Arc::new(Gate::default());
    let (keys, ours) = (events.clone(), Arc::clone(&gate));
    thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || read_keys(&keys, &ours))?;
    watch_size(events.clone())?;
    watch_stop(Arc::clone(&gate))?;
    let mut handled = Signals::new(HEARD)?;
    let (events, theirs) = (events.clone(), Arc::clone(&gate));
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            // Held back on every other thread; where it cannot be heard here, only the end comes late.
            let _late = signals::hear(&HEARD);
            for signal in handled.forever() {
                // A Ctrl-C that was meant for the program that has the terminal.
                if signal == SIGINT && theirs.is_lent() {
                    continue;
                }
                let event = if signal == SIGCONT {
                    Event::Continued
                } else {
                    Event::Signal(signal)
                };
                if events.send(event).is_err() {
                    return;
                }
            }
        })?;
    Ok(gate)
}

/// Tells of the terminal's sizes. crossterm would too, by a handler that starts `tput` where the kernel
/// does not say: this thread takes the signal before any handler has it.
fn watch_size(events: Sender<Event>) -> io::Result<()> {
    let watch = move || {
        while signals::wait_for_resize().is_ok() {
            if let Ok((columns, rows)) = size()
                && events.send(Event::Size(columns, rows)).is_err()
            {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("size".to_owned())
        .spawn(watch)?;
    Ok(())
}

/// Stops with the program that has the terminal: an editor that is stopped would leave nobody to type `fg`
/// to. While the terminal is ours a stop is a key, and what comes as a signal is passed over.
fn watch_stop(gate: Arc<Gate>) -> io::Result<()> {
    let watch = move || {
        while signals::wait_for_stop().is_ok() {
            if gate.is_lent() {
                // Where a thread stays in the store it is typed once more.
                let _once_more = admin::outside_the_store(signals::stop_here);
            }
        }
    };
    thread::Builder::new()
        .name("stops".to_owned())
        .spawn(watch)?;
    Ok(())
}

/// How long keys are waited for at once: as long as it takes at the most to let go of them.
const TURN: Duration = Duration::from_millis(100);

fn read_keys(events: &Sender<Event>, gate: &Gate) {
    loop {
        gate.pass();
        let read = match event::poll(TURN) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        let event = match read {
            Ok(event) => event,
            Err(error) => {
                // Nobody may listen any more.
                let _over = events.send(Event::Lost(format!("the terminal is gone: {error}")));
                return;
            }
        };
        let event = match event {
            event::Event::Key(key) => {
                let (before, key) = keys_of(key);
                if before.is_some_and(|before| events.send(Event::Key(before)).is_err()) {
                    return;
                }
                key.map(Event::Key)
            }
            event::Event::Paste(text) => Some(Event::Paste(text)),
            event::Event::Mouse(mouse) => mouse_of(mouse).map(Event::Mouse),
            event::Event::FocusGained | event::Event::FocusLost | event::Event::Resize(..) => None,
        };
        if let Some(event) = event
            && events.send(event).is_err()
        {
            return;
        }
    }
}

/// The keys that were pressed. Esc and a key after it come as that key with Alt where both came in one read, as
/// over a slow line: to lose the Esc would be to act where somebody cancelled.
fn keys_of(mut key: KeyEvent) -> (Option<Key>, Option<Key>) {
    if !key.modifiers.contains(KeyModifiers::ALT) || key.kind == KeyEventKind::Release {
        return (None, key_of(key));
    }
    key.modifiers.remove(KeyModifiers::ALT);
    (Some(Key::Esc), key_of(key))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a terminal has more keys than we have uses for"
)]
fn key_of(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let others = KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META | KeyModifiers::HYPER;
    if key.modifiers.intersects(others) {
        return None;
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char(c) if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

/// What we have a use for of what the mouse does.
fn mouse_of(mouse: MouseEvent) -> Option<Mouse> {
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Mouse::Click(mouse.column, mouse.row)),
        MouseEventKind::ScrollUp => Some(Mouse::WheelUp),
        MouseEventKind::ScrollDown => Some(Mouse::WheelDown),
        MouseEventKind::Down(_)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

    use super::{Key, key_of, keys_of};

    #[test]
    fn a_key_is_one_of_ours_or_none() {
        let none = KeyModifiers::NONE;
        let cases = [
            (KeyCode::Char('u'), none, Some(Key::Char('u'))),
            (
                KeyCode::Char('D'),
                KeyModifiers::SHIFT,
                Some(Key::Char('D')),
            ),
            (
                KeyCode::Char('C'),
                KeyModifiers::CONTROL,
                Some(Key::Ctrl('c')),
            ),
            (KeyCode::Char('u'), KeyModifiers::ALT, None),
            (KeyCode::BackTab, KeyModifiers::SHIFT, Some(Key::BackTab)),
            (KeyCode::F(1), none, None),
        ];
        for (code, modifiers, key) in cases {
            assert_eq!(key_of(KeyEvent::new(code, modifiers)), key, "{code:?}");
        }
        // Mutant: the Esc is lost.
        let both = keys_of(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::ALT));
        assert_eq!(both, (Some(Key::Esc), Some(Key::Char('u'))));
        let one = keys_of(KeyEvent::new(KeyCode::Char('u'), none));
        assert_eq!(one, (None, Some(Key::Char('u'))));
        let mut released = KeyEvent::new(KeyCode::Enter, none);
        released.kind = KeyEventKind::Release;
        assert_eq!(key_of(released), None);
    }
}
