//! The lines of execs and exits as this program writes them, read several times as fast as any JSON.
//!
//! Whatever is not just so gives `None`, and is read the general way: it may still be good. What is read here is
//! what that way would give.

use super::shape::{AncestorLine, ExecLine, ExitLine};
use super::text::{Text, Words, WrittenFlags};
use crate::event::Flags;
use std::borrow::Cow;

/// Reads an exec's line, its arguments into `room`.
pub(super) fn exec<'a>(line: &'a str, room: &mut Vec<u8>) -> Option<ExecLine<'a>> {
    let mut at = Cursor(line.strip_prefix("{\"event\":\"exec\"")?);
    let exec = ExecLine {
        host: at.host()?,
        time: at.key(",\"time\":")?.text()?,
        seq: at.key(",\"seq\":")?.number()?,
        pid: Some(at.key(",\"pid\":")?.number()?),
        tid: Some(at.key(",\"tid\":")?.number()?),
        ppid: at.key(",\"ppid\":")?.number()?,
        uid: at.key(",\"uid\":")?.number()?,
        gid: at.key(",\"gid\":")?.number()?,
        comm: at.key(",\"comm\":")?.text()?,
        parent_comm: at.key(",\"parent_comm\":")?.text()?,
        filename: at.key(",\"filename\":")?.text()?,
        args: at.key(",\"args\":")?.words(room)?,
        args_bytes: at.key(",\"args_bytes\":")?.maybe()?,
        args_missing_bytes: at.key(",\"args_missing_bytes\":")?.maybe()?,
        argc: at.key(",\"argc\":")?.maybe()?,
        ret: at.key(",\"ret\":")?.result()?,
        exe: {
            at.key(",\"error\":")?.text()?;
            at.key(",\"exe\":")?.text()?
        },
        cwd: at.key(",\"cwd\":")?.text()?,
        interpreter: at.key(",\"interpreter\":")?.text()?,
        euid: at.key(",\"euid\":")?.maybe()?,
        egid: at.key(",\"egid\":")?.maybe()?,
        old_euid: at.key(",\"old_euid\":")?.maybe()?,
        loginuid: at.key(",\"loginuid\":")?.maybe()?,
        session: at.key(",\"session\":")?.maybe()?,
        tty: at.key(",\"tty\":")?.text()?,
        cgroup: at.key(",\"cgroup\":")?.text()?,
        container: at.key(",\"container\":")?.text()?,
        pid_ns: at.key(",\"pid_ns\":")?.maybe()?,
        ns_pid: at.key(",\"ns_pid\":")?.maybe()?,
        mnt_ns: at.key(",\"mnt_ns\":")?.maybe()?,
        cpu: at.key(",\"cpu\":")?.maybe()?,
        flags: at.key(",\"flags\":")?.flags()?,
        env: at.key(",\"env\":")?.words(&mut Vec::new())?,
        fork_to_exec_ns: at.key(",\"fork_to_exec_ns\":")?.maybe()?,
        ancestors: Some(at.key(",\"ancestors\":")?.ancestors()?),
        missing: Some(at.key(",\"missing\":")?.rest()?),
    };
    Some(exec)
}

/// Reads an exit's line.
pub(super) fn exit(line: &str) -> Option<ExitLine<'_>> {
    let mut at = Cursor(line.strip_prefix("{\"event\":\"exit\"")?);
    let exit = ExitLine {
        host: at.host()?,
        time: at.key(",\"time\":")?.text()?,
        seq: at.key(",\"seq\":")?.number()?,
        pid: Some(at.key(",\"pid\":")?.number()?),
        ppid: at.key(",\"ppid\":")?.number()?,
        comm: at.key(",\"comm\":")?.text()?,
        exit_code: at.key(",\"exit_code\":")?.maybe()?,
        signal: at.key(",\"signal\":")?.text()?,
        core_dumped: at.key(",\"core_dumped\":")?.truth()?,
        duration_ns: at.key(",\"duration_ns\":")?.maybe()?,
        lifetime_ns: at.key(",\"lifetime_ns\":")?.maybe()?,
        user_ns: at.key(",\"user_ns\":")?.maybe()?,
        system_ns: at.key(",\"system_ns\":")?.maybe()?,
        max_rss_bytes: at.key(",\"max_rss_bytes\":")?.maybe()?,
        missing: Some(at.key(",\"missing\":")?.rest()?),
    };
    Some(exit)
}

/// What is left of a line.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// Passes a literal.
    #[inline]
    fn passes(&mut self, literal: &str) -> bool {
        let rest = self.0.strip_prefix(literal);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Passes a key with what stands around it.
    #[inline]
    fn key(&mut self, key: &str) -> Option<&mut Self> {
        self.passes(key).then_some(self)
    }

    /// Reads the machine, which is told where there are several.
    #[inline]
    fn host(&mut self) -> Option<Option<Text<'a>>> {
        match self.passes(",\"host\":") {
            true => self.text(),
            false => Some(None),
        }
    }

    /// Reads a whole number, as JSON has them.
    #[inline]
    fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        let mut number = 0_u64;
        let mut digits = 0;
        for byte in self.0.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.checked_mul(10)?.checked_add(digit.into())?;
            digits += 1;
        }
        let first = self.0.as_bytes().first();
        if digits == 0 || (digits > 1 && first == Some(&b'0')) {
            return None;
        }
        self.0 = self.0.get(digits..)?;
        // What goes on is no whole number.
        let ends = self.0.starts_with([',', '}', ']']);
        T::try_from(number).ok().filter(|_| ends)
    }

    /// Reads a whole number or null.
    #[inline]
    fn maybe<T: TryFrom<u64>>(&mut self) -> Option<Option<T>> {
        if self.passes("null") {
            return Some(None);
        }
        self.number().map(Some)
    }

    fn result(&mut self) -> Option<i32> {
        let is_negative = self.passes("-");
        let number: u16 = self.number()?;
        let number = i32::from(number);
        // There is no other zero.
        (number != 0 || !is_negative).then_some(if is_negative { -number } else { number })
    }

    fn truth(&mut self) -> Option<bool> {
        if self.passes("true") {
            return Some(true);
        }
        self.passes("false").then_some(false)
    }

    /// Reads a string without an escape, as most are.
    #[inline]
    fn plain(&mut self) -> Option<&'a str> {
        let body = self.0.strip_prefix('"')?;
        let end = memchr::memchr2(b'"', b'\\', body.as_bytes())?;
        let text = body.get(..end)?;
        let rest = body.get(end..)?.strip_prefix('"')?;
        // These JSON has escaped only.
        if text.bytes().any(|byte| byte < b' ') {
            return None;
        }
        self.0 = rest;
        Some(text)
    }

    /// Reads a text, whatever it holds.
    #[inline]
    fn any_text(&mut self) -> Option<Text<'a>> {
        match self.plain() {
            Some(text) => Some(Text(Cow::Borrowed(text.as_bytes()))),
            None => self.escaped(),
        }
    }

    fn escaped(&mut self) -> Option<Text<'a>> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<Text<'a>>();
        let text = values.next()?.ok()?;
        self.0 = self.0.get(values.byte_offset()..)?;
        Some(text)
    }

    fn text(&mut self) -> Option<Option<Text<'a>>> {
        if self.passes("null") {
            return Some(None);
        }
        self.any_text().map(Some)
    }

    /// Passes a comma, or the end of a list; returns whether more follows.
    fn goes_on(&mut self) -> Option<bool> {
        if self.passes(",") {
            return Some(true);
        }
        self.passes("]").then_some(false)
    }

    fn words(&mut self, room: &mut Vec<u8>) -> Option<Option<Words>> {
        if self.passes("null") {
            return Some(None);
        }
        room.clear();
        let mut words = Words {
            bytes: std::mem::take(room),
            holes: 0,
        };
        self.0 = self.0.strip_prefix('[')?;
        let mut more = !self.passes("]");
        while more {
            let word = self.any_text()?;
            words.bytes.extend_from_slice(&word.0);
            words.bytes.push(0);
            more = self.goes_on()?;
        }
        Some(Some(words))
    }

    fn flags(&mut self) -> Option<WrittenFlags> {
        let mut flags = Flags::default();
        self.0 = self.0.strip_prefix('[')?;
        let mut more = !self.passes("]");
        while more {
            let word = self.plain()?;
            for (flag, name, _) in Flags::WORDS {
                flags.set(flag, word == name);
            }
            more = self.goes_on()?;
        }
        Some(WrittenFlags(flags))
    }

    fn ancestors(&mut self) -> Option<Vec<AncestorLine<'a>>> {
        let mut ancestors = Vec::new();
        self.0 = self.0.strip_prefix('[')?;
        let mut more = !self.passes("]");
        while more {
            ancestors.push(AncestorLine {
                pid: self.key("{\"pid\":")?.number()?,
                comm: self.key(",\"comm\":")?.text()??,
                age_ns: self.key(",\"age_ns\":")?.maybe()?,
            });
            self.0 = self.0.strip_prefix('}')?;
            more = self.goes_on()?;
        }
        Some(ancestors)
    }

    /// Returns the last value of a line, which is not looked into.
    fn rest(&mut self) -> Option<&'a str> {
        self.0.strip_suffix('}')
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::written;
    use super::*;
    use crate::event::Event;
    use crate::export::tests;
    use proptest::prelude::*;

    #[test]
    fn what_a_build_writes_is_just_so() {
        let written = written(&crate::fixture::build());
        let text = String::from_utf8(written).unwrap();
        let quick = |line: &&str| exec(line, &mut Vec::new()).is_some() || exit(line).is_some();
        let told = text
            .lines()
            .filter(|line| line.starts_with("{\"event\":\"ex"));
        assert_eq!(told.clone().count(), told.filter(quick).count());
    }

    proptest! {
        #[test]
        fn it_is_what_any_json_reader_gives(exec in tests::exec(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)) {
            let mut line = written(&[Event::Exec(Box::new(exec))]);
            let start = line.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let mut line = line.split_off(start);
            line.pop();
            for (at, change) in changes {
                let at = at.index(line.len());
                line[at] ^= change;
            }
            if let Ok(line) = std::str::from_utf8(&line)
                && let Some(quick) = self::exec(line, &mut Vec::new())
                // What is not looked into is so only if it is known to be good.
                && serde_json::from_str::<serde_json::Value>(quick.missing.unwrap()).is_ok()
            {
                let wanted: ExecLine<'_> = serde_json::from_str(line).unwrap();
                prop_assert_eq!(format!("{:?}", quick), format!("{:?}", wanted));
            }
        }
    }
}
