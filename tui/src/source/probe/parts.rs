//! Arguments and environment that came in parts, put together.

use probe_common::{Area, Header, Part};
use rustc_hash::FxHashMap;

/// What came for an exec whose own record is still to come, by CPU and slot.
#[derive(Debug, Default)]
pub(super) struct Parts {
    begun: FxHashMap<(u16, u8), Assembly>,
}

/// Pieces put together.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// Whose they are: process, thread and time of the exec, which each piece and the record tell.
    of: (u32, u32, u64),
    /// The arguments, as far as they came without a gap.
    pub(super) args: Vec<u8>,
    /// The environment, likewise.
    pub(super) env: Vec<u8>,
}

impl Parts {
    /// Takes in a piece. The first of an exec drops what was left of one whose record was lost.
    pub(super) fn add(&mut self, header: &Header, part: &Part<'_>) {
        let assembly = self.begun.entry((header.cpu, header.slot)).or_default();
        let (args, env) = (Area::Args as u32, Area::Env as u32);
        if assembly.of != of(header) {
            *assembly = Assembly {
                of: of(header),
                ..Assembly::default()
            };
        }
        let area = match part.fixed.area {
            area if area == args => &mut assembly.args,
            area if area == env => &mut assembly.env,
            _ => return,
        };
        if usize::try_from(part.fixed.offset) == Ok(area.len()) {
            area.extend_from_slice(part.bytes);
        }
    }

    /// Returns what came for the exec of this record.
    pub(super) fn take(&mut self, header: &Header) -> Assembly {
        let begun = self.begun.remove(&(header.cpu, header.slot));
        begun
            .filter(|assembly| assembly.of == of(header))
            .unwrap_or_default()
    }
}

fn of(header: &Header) -> (u32, u32, u64) {
    (header.pid, header.tid, header.time_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe_common::PartFixed;

    fn add(parts: &mut Parts, cpu: u16, pid: u32, area: Area, offset: u32, bytes: &[u8]) {
        let header = Header {
            cpu,
            pid,
            ..Header::default()
        };
        let fixed = PartFixed {
            area: area as u32,
            offset,
            len: bytes.len() as u32,
            ..PartFixed::default()
        };
        parts.add(&header, &Part { fixed, bytes });
    }

    fn take(parts: &mut Parts, cpu: u16, pid: u32) -> (Vec<u8>, Vec<u8>) {
        let header = Header {
            cpu,
            pid,
            ..Header::default()
        };
        let Assembly { args, env, .. } = parts.take(&header);
        (args, env)
    }

    #[test]
    fn pieces_of_two_cpus_do_not_mix() {
        let mut parts = Parts::default();
        add(&mut parts, 0, 7, Area::Args, 0, b"ab");
        add(&mut parts, 1, 8, Area::Args, 0, b"xy");
        add(&mut parts, 0, 7, Area::Args, 2, b"c");
        add(&mut parts, 0, 7, Area::Env, 0, b"E=1");
        assert_eq!(take(&mut parts, 0, 7), (b"abc".to_vec(), b"E=1".to_vec()));
        assert_eq!(take(&mut parts, 1, 8), (b"xy".to_vec(), Vec::new()));
        assert_eq!(take(&mut parts, 1, 8), (Vec::new(), Vec::new()));
    }

    #[test]
    fn pieces_of_an_exec_whose_record_was_lost_are_dropped() {
        let mut parts = Parts::default();
        add(&mut parts, 0, 7, Area::Args, 0, b"lost");
        add(&mut parts, 0, 9, Area::Args, 0, b"kept");
        assert_eq!(take(&mut parts, 0, 9).0, b"kept");
        add(&mut parts, 0, 7, Area::Args, 0, b"lost");
        add(&mut parts, 0, 9, Area::Env, 0, b"A=b");
        assert_eq!(take(&mut parts, 0, 9), (Vec::new(), b"A=b".to_vec()));
        add(&mut parts, 0, 7, Area::Args, 0, b"lost");
        assert_eq!(take(&mut parts, 0, 9).0, b"", "another process's");
        add(&mut parts, 0, 7, Area::Args, 0, b"lost");
        let later = Header {
            pid: 7,
            time_ns: 1,
            ..Header::default()
        };
        assert_eq!(parts.take(&later).args, b"", "its own, of an exec before");
    }
}
