//! The terminal: taken, painted and given back as it was, whatever happens.
//!
//! Frames are rendered into memory and written by a thread of their own. While the terminal is
//! stalled, frames are lost, and never events: nobody waits for it.

mod screen;
mod writer;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::unistd::{getpgrp, tcgetpgrp};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, TerminalOptions, Viewport};
use screen::Screen;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use writer::{Sink, Writer};

/// How the terminal is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether clicks and the wheel come to the program.
    pub mouse: bool,
    /// Whether standard input is for something else than keys.
    pub input_is_used: bool,
}

/// A terminal that belongs to the program until it is dropped.
#[derive(Debug)]
pub struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Sink>>,
    sink: Sink,
    screen: Arc<Screen>,
    /// What goes out before the next frame.
    before: Vec<u8>,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, no cursor. It is given back on drop and,
    /// before its message is printed, on a panic.
    ///
    /// # Errors
    /// If standard input or output is no terminal, or it refuses.
    pub fn enter(options: Options) -> anyhow::Result<Self> {
        check(options.input_is_used)?;
        // Its own descriptor: a writer that hangs must not hold the lock of stdout.
        let tty = io::stdout().as_fd().try_clone_to_owned();
        let tty = File::from(tty.context("duplicate standard output")?);
        let writer = Writer::start(tty)?;
        let screen = Arc::new(Screen::new(writer, options));
        let sink = Sink::default();
        let area = size().context("ask the terminal for its size")?;
        let viewport = TerminalOptions {
            viewport: Viewport::Fixed(area),
        };
        let backend = CrosstermBackend::new(sink.clone());
        let inner = ratatui::Terminal::with_options(backend, viewport)?;
        screen::restore_on_panic(&screen);
        screen.enter().context("take the terminal")?;
        Ok(Self {
            inner,
            sink,
            screen,
            before: Vec::new(),
        })
    }

    /// Draws a frame, unless the terminal still takes the one before: then nothing is drawn, the
    /// frame is lost, and `false` is returned. [`Terminal::ready`] tells when to try again.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn try_draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<bool> {
        if !self.screen.is_entered() {
            return Err(io::Error::other("the terminal was given back"));
        }
        if !self.screen.writer.is_idle()? {
            return Ok(false);
        }
        let area = size()?;
        if self.inner.get_frame().area() != area {
            self.inner.resize(area)?;
        }
        self.inner.draw(draw)?;
        let frame = self.sink.take();
        let mut bytes = std::mem::take(&mut self.before);
        if !frame.is_empty() {
            bytes.extend(synchronized(&frame));
        }
        if !bytes.is_empty() {
            self.screen.writer.submit(bytes)?;
        }
        Ok(true)
    }

    /// Gives a text to the terminal's clipboard (OSC 52), with the next frame. Whether the terminal
    /// takes it, it does not say.
    pub fn copy(&mut self, text: &str) {
        let text = STANDARD.encode(text);
        self.before.extend_from_slice(b"\x1b]52;c;");
        self.before.extend_from_slice(text.as_bytes());
        self.before.push(b'\x07');
    }

    /// Returns what is notified when the terminal has taken a frame, or is gone: after a lost
    /// frame, that is when to draw again.
    pub fn ready(&self) -> Arc<Notify> {
        self.screen.writer.ready()
    }

    /// Makes the next frame paint every cell anew.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn redraw(&mut self) -> io::Result<()> {
        self.inner.resize(size()?)
    }

    /// Gives the terminal back as it was. Doing so again does nothing.
    pub fn leave(&mut self) {
        self.screen.leave();
    }

    /// Gives the terminal back and stops the program, as Ctrl-Z does in a shell; takes the
    /// terminal again when the program goes on.
    ///
    /// # Errors
    /// If the signal cannot be sent, or the terminal cannot be taken again.
    pub fn suspend(&mut self) -> anyhow::Result<()> {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;
        self.leave();
        // The whole foreground group, as the terminal itself would do: sudo and cargo stop as well.
        kill(Pid::from_raw(0), Signal::SIGTSTP).context("stop the program")?;
        // The signal may be taken by another thread: this one must not go on before it is stopped.
        std::thread::sleep(Duration::from_millis(30));
        self.screen.enter().context("take the terminal again")?;
        self.redraw().context("paint anew")
    }

    /// Takes the terminal again if the program was stopped and goes on in the foreground: unless it stopped itself, another
    /// program had the terminal as this one had left it. Returns whether it is in the foreground.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn take_again(&mut self) -> io::Result<bool> {
        // Where it cannot be asked, there is nobody else.
        let others = tcgetpgrp(io::stdout()).is_ok_and(|group| group != getpgrp());
        if others {
            return Ok(false);
        }
        if self.screen.is_entered() {
            self.screen.enter_again()?;
            self.redraw()?;
        }
        Ok(true)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.screen.leave();
    }
}

/// Makes sure that there is a terminal to take. Where standard input is for something else (`input_is_used`), keys
/// come from the terminal that controls this process.
///
/// # Errors
/// If standard input or output is no terminal, or none controls this process.
pub fn check(input_is_used: bool) -> anyhow::Result<()> {
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        bail!("this terminal (TERM=dumb) cannot show a screen; `-o table` prints lines");
    }
    let input = || match input_is_used {
        true => std::fs::File::open("/dev/tty").is_ok(),
        false => io::stdin().is_terminal(),
    };
    if io::stdout().is_terminal() && input() {
        return Ok(());
    }
    bail!(
        "the screen needs a terminal on standard input and output; `-o table` or `-o ndjson` does without"
    )
}

/// Returns the terminal's size; one that does not know its own, such as a serial line, has 80×24.
fn size() -> io::Result<Rect> {
    let (width, height) = match crossterm::terminal::size()? {
        (0, _) | (_, 0) => (80, 24),
        size => size,
    };
    Ok(Rect::new(0, 0, width, height))
}

/// Puts a frame between the marks that make a terminal show it at once.
fn synchronized(frame: &[u8]) -> Vec<u8> {
    [b"\x1b[?2026h", frame, b"\x1b[?2026l"].concat()
}
