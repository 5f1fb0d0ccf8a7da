//! Total decoding of one record's bytes.

use crate::layout::{
    Ancestor, ExecFixed, ExitFixed, ForkFixed, Header, Kind, PartFixed, exec_flag,
};
use core::fmt;
use zerocopy::FromBytes;

/// One record, borrowed from the ring buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Record<'a> {
    /// An exec, successful or failed.
    Exec(Header, Exec<'a>),
    /// The end of a process.
    Exit(Header, ExitFixed),
    /// A new process.
    Fork(Header, ForkFixed),
    /// A piece of what a later exec record tells.
    Part(Header, Part<'a>),
    /// A program of 32 bits was executed that a capture filter skipped.
    Narrow(Header),
}

/// A piece of an exec's arguments or environment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    /// The fixed part.
    pub fixed: PartFixed,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// An exec record with its tail cut into its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exec<'a> {
    /// The fixed part.
    pub fixed: ExecFixed,
    ancestors: &'a [u8],
    /// The path as passed, without the NUL.
    pub filename: &'a [u8],
    /// The interpreter's path; empty if there was none.
    pub interpreter: &'a [u8],
    /// Path of what runs now: the names on the way up, the last first, each ended by a NUL.
    pub exe: &'a [u8],
    /// Path of the working directory, likewise.
    pub cwd: &'a [u8],
    /// Bit `i`: argument `i` could not be read, and stands as an empty one.
    pub holes: u64,
    /// The captured arguments, each ended by a NUL but perhaps the last; empty if they came in parts.
    pub args: &'a [u8],
}

impl<'a> Exec<'a> {
    /// Returns the ancestors, the parent first.
    pub fn ancestors(&self) -> impl Iterator<Item = Ancestor> + use<'a> {
        self.ancestors
            .chunks_exact(size_of::<Ancestor>())
            .filter_map(|chunk| Ancestor::read_from_bytes(chunk).ok())
    }
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Fewer bytes than the record's parts need.
    Short {
        /// Bytes there are.
        len: usize,
    },
    /// No [`Kind`] has this number.
    UnknownKind(u8),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { len } => write!(f, "record of {len} bytes ends too early"),
            Self::UnknownKind(kind) => write!(f, "record of unknown kind {kind}"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl<'a> Record<'a> {
    /// Decodes one record.
    ///
    /// Bytes after the record's own are ignored, since the ring buffer may pad.
    ///
    /// # Errors
    /// If the bytes end too early or the kind is unknown.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let short = DecodeError::Short { len: bytes.len() };
        let (header, rest) = Header::read_from_prefix(bytes).map_err(|_| short)?;
        if header.kind == Kind::Exec as u8 {
            let (fixed, tail) = ExecFixed::read_from_prefix(rest).map_err(|_| short)?;
            let exec = cut_tail(fixed, tail).ok_or(short)?;
            Ok(Self::Exec(header, exec))
        } else if header.kind == Kind::Exit as u8 {
            let (fixed, _) = ExitFixed::read_from_prefix(rest).map_err(|_| short)?;
            Ok(Self::Exit(header, fixed))
        } else if header.kind == Kind::Fork as u8 {
            let (fixed, _) = ForkFixed::read_from_prefix(rest).map_err(|_| short)?;
            Ok(Self::Fork(header, fixed))
        } else if header.kind == Kind::Part as u8 {
            let (fixed, tail) = PartFixed::read_from_prefix(rest).map_err(|_| short)?;
            let bytes = usize::try_from(fixed.len)
                .ok()
                .and_then(|len| tail.get(..len));
            let bytes = bytes.ok_or(short)?;
            Ok(Self::Part(header, Part { fixed, bytes }))
        } else if header.kind == Kind::Narrow as u8 {
            Ok(Self::Narrow(header))
        } else {
            Err(DecodeError::UnknownKind(header.kind))
        }
    }
}

fn cut_tail(fixed: ExecFixed, tail: &[u8]) -> Option<Exec<'_>> {
    let (exe, tail) = tail.split_at_checked(usize::from(fixed.exe_len))?;
    let (cwd, tail) = tail.split_at_checked(usize::from(fixed.cwd_len))?;
    let (ancestors, tail) =
        tail.split_at_checked(usize::from(fixed.ancestors) * size_of::<Ancestor>())?;
    let (filename, tail) = tail.split_at_checked(usize::from(fixed.filename_len))?;
    let (interpreter, tail) = tail.split_at_checked(usize::from(fixed.interpreter_len))?;
    let (holes, tail) = match fixed.ret {
        0 => (0, tail),
        _ => u64::read_from_prefix(tail).ok()?,
    };
    let inline = match fixed.flags & exec_flag::ARGS_IN_PARTS {
        0 => usize::try_from(fixed.args_len).ok()?,
        _ => 0,
    };
    let args = tail.get(..inline)?;
    Some(Exec {
        fixed,
        ancestors,
        filename,
        interpreter,
        exe,
        cwd,
        holes,
        args,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zerocopy::IntoBytes;

    fn exec_bytes(
        ancestors: &[Ancestor],
        filename: &[u8],
        interpreter: &[u8],
        args: &[u8],
    ) -> Vec<u8> {
        let header = Header {
            kind: Kind::Exec as u8,
            pid: 7,
            ..Header::default()
        };
        let fixed = ExecFixed {
            ancestors: ancestors.len() as u8,
            filename_len: filename.len() as u16,
            interpreter_len: interpreter.len() as u8,
            args_len: args.len() as u32,
            exe_len: 3,
            cwd_len: 2,
            ..ExecFixed::default()
        };
        let mut bytes = [header.as_bytes(), fixed.as_bytes()].concat();
        bytes.extend_from_slice(b"sh\0/\0");
        bytes.extend(ancestors.iter().flat_map(|a| a.as_bytes().to_vec()));
        bytes.extend_from_slice(filename);
        bytes.extend_from_slice(interpreter);
        bytes.extend_from_slice(args);
        bytes
    }

    #[test]
    fn exec_tail_is_cut_where_the_lengths_say() {
        let parent = Ancestor {
            pid: 1,
            start_ns: 9,
            ..Ancestor::default()
        };
        let bytes = exec_bytes(&[parent], b"/bin/ls", b"/bin/sh", b"ls\0-l\0");
        let Ok(Record::Exec(header, exec)) = Record::decode(&bytes) else {
            panic!("no exec")
        };
        assert_eq!(header.pid, 7);
        assert_eq!(exec.filename, b"/bin/ls");
        assert_eq!(exec.interpreter, b"/bin/sh");
        assert_eq!((exec.exe, exec.cwd), (&b"sh\0"[..], &b"/\0"[..]));
        assert_eq!((exec.args, exec.holes), (&b"ls\0-l\0"[..], 0));
        assert_eq!(exec.ancestors().collect::<Vec<_>>(), [parent]);
    }

    #[test]
    fn a_record_cut_anywhere_is_an_error() {
        let bytes = exec_bytes(&[Ancestor::default()], b"/bin/ls", b"", b"ls\0");
        for len in 0..bytes.len() {
            assert_eq!(
                Record::decode(&bytes[..len]),
                Err(DecodeError::Short { len })
            );
        }
        assert!(Record::decode(&bytes).is_ok());
    }

    #[test]
    fn a_failed_exec_tells_its_holes_before_its_arguments() {
        let mut bytes = exec_bytes(&[], b"/no", b"", &[5, 0, 0, 0, 0, 0, 0, 1, b'a', 0]);
        let ret = size_of::<Header>() + std::mem::offset_of!(ExecFixed, ret);
        bytes[ret] = 0xfe;
        let args_len = size_of::<Header>() + std::mem::offset_of!(ExecFixed, args_len);
        bytes[args_len] = 2;
        let Ok(Record::Exec(_, exec)) = Record::decode(&bytes) else {
            panic!("no exec")
        };
        assert_eq!((exec.holes, exec.args), (5 | 1 << 56, &b"a\0"[..]));
    }

    #[test]
    fn a_part_has_the_bytes_it_says() {
        let header = Header {
            kind: Kind::Part as u8,
            ..Header::default()
        };
        let fixed = PartFixed {
            offset: 4,
            len: 3,
            ..PartFixed::default()
        };
        let bytes = [header.as_bytes(), fixed.as_bytes(), b"abc", b"padding"].concat();
        let part = Part {
            fixed,
            bytes: b"abc",
        };
        assert_eq!(Record::decode(&bytes), Ok(Record::Part(header, part)));
        let len = bytes.len() - 8;
        let short = DecodeError::Short { len };
        assert_eq!(Record::decode(&bytes[..len]), Err(short));
    }

    #[test]
    fn unknown_kind_is_an_error() {
        let header = Header {
            kind: 200,
            ..Header::default()
        };
        assert_eq!(
            Record::decode(header.as_bytes()),
            Err(DecodeError::UnknownKind(200))
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_record_or_an_error(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0u8..6) {
            if let Some(byte) = bytes.get_mut(std::mem::offset_of!(Header, kind)) { *byte = kind; }
            if let Ok(Record::Exec(_, exec)) = Record::decode(&bytes) {
                prop_assert!(exec.args.len() + exec.filename.len() <= bytes.len());
                prop_assert_eq!(exec.ancestors().count(), usize::from(exec.fixed.ancestors));
            }
        }
    }
}
