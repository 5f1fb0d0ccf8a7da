//! `execsnoop-tui doctor`: whether a live run works here, and if not, what to do.
//!
//! ```text
//! ✓ ok       kernel version          Linux 6.1.192 (6.1.0-30-amd64)
//! ✗ missing  capabilities            CAP_BPF and CAP_PERFMON are missing
//!                                    → run `sudo execsnoop-tui`
//! ```
//!
//! Below the checks stands the trial, which alone decides: the programs are really
//! attached, and an exec of its own has to come back as an event.

use crate::source::probe::requirements::{Check, State};
use crate::text::escape;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The version of the JSON report's shape.
const VERSION: u32 = 1;

/// What came of attaching for real and executing something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// From the start of loading until every program was attached, ms.
    pub attach_ms: f64,
    /// From the exec until its event was read, ms.
    pub first_event_ms: f64,
    /// Each program and how it stands, such as "attached".
    pub programs: Vec<(String, String)>,
    /// What is not as it should be, but not fatal.
    pub problems: Vec<String>,
}

/// How the report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table {
        /// Whether states have colors.
        color: bool,
    },
    /// One JSON object.
    Json,
}

/// Reports the checks, then the trial, and returns whether the trial worked.
///
/// The checks are out before the trial begins, in case it never ends.
///
/// # Errors
///
/// Only those of `out`, a closed pipe among them.
pub fn run(
    out: &mut dyn Write,
    form: Form,
    checks: &[Check],
    trial: impl FnOnce() -> anyhow::Result<Trial>,
) -> io::Result<bool> {
    let Form::Table { color } = form else {
        let trial = trial();
        writeln!(out, "{}", as_json(checks, &trial))?;
        out.flush()?;
        return Ok(trial.is_ok());
    };
    write_checks(out, color, checks)?;
    out.flush()?;
    let trial = trial();
    write_trial(out, color, &trial)?;
    out.flush()?;
    Ok(trial.is_ok())
}

fn as_json(checks: &[Check], trial: &anyhow::Result<Trial>) -> Value {
    let checks: Vec<_> = checks
        .iter()
        .map(|check| {
            json!({
                "key": check.key,
                "title": check.title,
                "state": check.state.word(),
                "detail": check.detail,
                "remedy": check.remedy,
            })
        })
        .collect();
    let outcome = match trial {
        Ok(trial) => {
            let programs: Vec<_> = trial
                .programs
                .iter()
                .map(|(name, state)| json!({ "name": name, "state": state }))
                .collect();
            json!({
                "error": null,
                "attach_ms": trial.attach_ms,
                "first_event_ms": trial.first_event_ms,
                "programs": programs,
                "problems": trial.problems,
            })
        }
        Err(error) => json!({
            "error": format!("{error:#}"),
            "attach_ms": null,
            "first_event_ms": null,
            "programs": [],
            "problems": [],
        }),
    };
    json!({
        "version": VERSION,
        "tool_version": env!("CARGO_PKG_VERSION"),
        "checks": checks,
        "trial": outcome,
        "ok": trial.is_ok(),
    })
}

fn glyph(state: State) -> char {
    match state {
        State::Ok => '✓',
        State::Missing => '✗',
        State::Warning => '!',
        State::Unknown => '?',
    }
}

/// Returns a sign or a word in the color of a state.
fn colored(text: &str, state: State, color: bool) -> String {
    let number = match state {
        State::Ok => 32,
        State::Missing => 31,
        State::Warning | State::Unknown => 33,
    };
    if color {
        format!("\x1b[{number}m{text}\x1b[m")
    } else {
        text.to_owned()
    }
}

fn write_checks(out: &mut dyn Write, color: bool, checks: &[Check]) -> io::Result<()> {
    let width = checks.iter().map(|c| c.title.len()).max().unwrap_or(0);
    for check in checks {
        write_line(out, color, check, width)?;
        if let Some(remedy) = &check.remedy {
            write_below(out, width, "→", remedy)?;
        }
    }
    writeln!(out)
}

/// Writes one aligned line: glyph, word, title, detail.
fn write_line(out: &mut dyn Write, color: bool, check: &Check, width: usize) -> io::Result<()> {
    let state = format!("{} {:<7}", glyph(check.state), check.state.word());
    let state = colored(&state, check.state, color);
    let title = escape(check.title.as_bytes());
    let detail = escape(check.detail.as_bytes());
    writeln!(out, "{state}  {title:<width$}  {detail}")
}

/// Writes what belongs to the line above, below its detail.
fn write_below(out: &mut dyn Write, width: usize, mark: &str, text: &str) -> io::Result<()> {
    let indent = "✓ missing  ".chars().count() + width + 2;
    let text = escape(text.as_bytes());
    writeln!(out, "{:indent$}{mark} {text}", "")
}

fn write_trial(out: &mut dyn Write, color: bool, trial: &anyhow::Result<Trial>) -> io::Result<()> {
    let sign = |state: State| colored(&glyph(state).to_string(), state, color);
    match trial {
        Ok(trial) => {
            let names = trial.programs.iter().map(|(name, _)| name.chars().count());
            let width = names.max().unwrap_or(0);
            for (name, state) in &trial.programs {
                let (name, state) = (escape(name.as_bytes()), escape(state.as_bytes()));
                writeln!(out, "  {name:<width$}  {state}")?;
            }
            for problem in &trial.problems {
                let sign = sign(State::Warning);
                writeln!(out, "{sign} {}", escape(problem.as_bytes()))?;
            }
            writeln!(
                out,
                "{} a live run works here: attached in {:.1} ms, saw its own exec {:.1} ms after it began",
                sign(State::Ok),
                trial.attach_ms,
                trial.first_event_ms
            )
        }
        Err(error) => {
            let error = format!("{error:#}");
            writeln!(
                out,
                "{} a live run does not work here: {}",
                sign(State::Missing),
                escape(error.as_bytes())
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    const PLAIN: Form = Form::Table { color: false };

    fn checks() -> Vec<Check> {
        let check = |key, title, state, detail: &str, remedy: Option<&str>| Check {
            key,
            title,
            state,
            detail: detail.into(),
            remedy: remedy.map(Into::into),
        };
        vec![
            check("kernel", "kernel version", State::Ok, "Linux 6.1.192", None),
            check(
                "btf",
                "kernel type data (BTF)",
                State::Missing,
                "/tmp/\x1b]0;x\x07 holds no BTF",
                Some("give it with `--btf FILE`"),
            ),
            check(
                "lockdown",
                "lockdown",
                State::Unknown,
                "no securityfs",
                None,
            ),
            check(
                "tracepoints",
                "tracepoints",
                State::Warning,
                "no sys_enter_execve",
                Some("boot\nanother kernel"),
            ),
        ]
    }

    fn worked() -> anyhow::Result<Trial> {
        Ok(Trial {
            attach_ms: 12.34,
            first_event_ms: 0.5,
            programs: vec![
                ("exec".into(), "attached".into()),
                ("enter_execve".into(), "not attached: \u{202e}ENOENT".into()),
            ],
            problems: vec!["failed execs are not seen".into()],
        })
    }

    fn failed() -> anyhow::Result<Trial> {
        Err(anyhow::anyhow!("EPERM\x1b[2J")).context("cannot load the program `exec`")
    }

    fn report(json: bool, trial: anyhow::Result<Trial>) -> (bool, String) {
        let mut out = Vec::new();
        let form = if json { Form::Json } else { PLAIN };
        let ok = run(&mut out, form, &checks(), || trial).unwrap();
        (ok, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_table_of_a_machine_that_works() {
        let (ok, text) = report(false, worked());
        assert!(ok);
        insta::assert_snapshot!(text, @r"
        ✓ ok       kernel version          Linux 6.1.192
        ✗ missing  kernel type data (BTF)  /tmp/\e]0;x\x07 holds no BTF
                                           → give it with `--btf FILE`
        ? unknown  lockdown                no securityfs
        ! warning  tracepoints             no sys_enter_execve
                                           → boot\nanother kernel

          exec          attached
          enter_execve  not attached: \u{202e}ENOENT
        ! failed execs are not seen
        ✓ a live run works here: attached in 12.3 ms, saw its own exec 0.5 ms after it began
        ");
    }

    #[test]
    fn colors_change_nothing_else() {
        let form = Form::Table { color: true };
        for trial in [worked, failed] {
            let mut out = Vec::new();
            run(&mut out, form, &checks(), trial).unwrap();
            let mut colored = String::from_utf8(out).unwrap();
            assert!(colored.contains("\x1b[31m✗ missing\x1b[m  kernel type"));
            assert!(colored.contains("\x1b[32m✓ ok     \x1b[m  kernel version"));
            for code in ["\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[m"] {
                colored = colored.replace(code, "");
            }
            assert_eq!(colored, report(false, trial()).1);
        }
    }

    #[test]
    fn the_table_of_a_machine_that_does_not() {
        let (ok, text) = report(false, failed());
        assert!(!ok);
        let trial = text.lines().last().unwrap();
        assert_eq!(
            trial,
            "✗ a live run does not work here: cannot load the program `exec`: EPERM\\e[2J"
        );
    }

    #[test]
    fn json_is_one_object_on_one_line() {
        let (ok, text) = report(true, worked());
        assert!(ok && text.lines().count() == 1);
        let value: Value = serde_json::from_str(&text).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["checks", "ok", "tool_version", "trial", "version"]);
        assert_eq!(
            value["checks"][1],
            json!({
                "key": "btf",
                "title": "kernel type data (BTF)",
                "state": "missing",
                "detail": "/tmp/\x1b]0;x\x07 holds no BTF",
                "remedy": "give it with `--btf FILE`",
            })
        );
        assert_eq!(value["checks"][0]["remedy"], Value::Null);
        assert_eq!(
            value["trial"],
            json!({
                "error": null,
                "attach_ms": 12.34,
                "first_event_ms": 0.5,
                "programs": [
                    { "name": "exec", "state": "attached" },
                    { "name": "enter_execve", "state": "not attached: \u{202e}ENOENT" },
                ],
                "problems": ["failed execs are not seen"],
            })
        );
    }

    #[test]
    fn json_tells_why_the_trial_failed() {
        let (ok, text) = report(true, failed());
        assert!(!ok && !text.contains('\x1b'));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["ok"], false);
        assert_eq!(
            value["trial"]["error"],
            "cannot load the program `exec`: EPERM\x1b[2J"
        );
    }

    #[test]
    fn checks_are_out_before_the_trial_begins() {
        struct Log(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);
        impl Write for Log {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.borrow_mut().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let written = std::rc::Rc::default();
        let mut log = Log(std::rc::Rc::clone(&written));
        let trial = || {
            assert!(String::from_utf8_lossy(&written.borrow()).contains("✗ missing"));
            worked()
        };
        assert!(run(&mut log, PLAIN, &checks(), trial).unwrap());
    }

    #[test]
    fn a_closed_pipe_comes_out_as_such() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = run(&mut Closed, Form::Json, &checks(), worked).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
