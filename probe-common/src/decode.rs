//! Total decoding of one record's bytes.

use crate::layout::{Ancestor, ExecFixed, ExitFixed, ForkFixed, Header, Kind};
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
    /// The captured arguments, each ended by a NUL but perhaps the last.
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
        } else {
            Err(DecodeError::UnknownKind(header.kind))
        }
    }
}

fn cut_tail(fixed: ExecFixed, tail: &[u8]) -> Option<Exec<'_>> {
    let (ancestors, tail) =
        tail.split_at_checked(usize::from(fixed.ancestors) * size_of::<Ancestor>())?;
    let (filename, tail) = tail.split_at_checked(usize::from(fixed.filename_len))?;
    let (interpreter, tail) = tail.split_at_checked(usize::from(fixed.interpreter_len))?;
    let (args, _) = tail.split_at_checked(usize::try_from(fixed.args_len).ok()?)?;
    Some(Exec {
        fixed,
        ancestors,
        filename,
        interpreter,
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
            ..ExecFixed::default()
        };
        let mut bytes = [header.as_bytes(), fixed.as_bytes()].concat();
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
        assert_eq!(exec.args, b"ls\0-l\0");
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
        fn any_bytes_give_a_record_or_an_error(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0u8..5) {
            if let Some(byte) = bytes.get_mut(std::mem::offset_of!(Header, kind)) { *byte = kind; }
            if let Ok(Record::Exec(_, exec)) = Record::decode(&bytes) {
                prop_assert!(exec.args.len() + exec.filename.len() <= bytes.len());
                prop_assert_eq!(exec.ancestors().count(), usize::from(exec.fixed.ancestors));
            }
        }
    }
}
