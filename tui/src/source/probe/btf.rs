//! The running kernel's type information: where a struct's members lie.
//!
//! Format: Documentation/bpf/btf.rst of the kernel. Any bytes give an answer or an error.

use rustc_hash::FxHashMap;

const MAGIC: u16 = 0xeb9f;
const KIND_INT: u32 = 1;
const KIND_ARRAY: u32 = 3;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_ENUM: u32 = 6;
const KIND_TYPEDEF: u32 = 8;
const KIND_FUNC_PROTO: u32 = 13;
const KIND_VAR: u32 = 14;
const KIND_DATASEC: u32 = 15;
const KIND_DECL_TAG: u32 = 17;
const KIND_ENUM64: u32 = 19;
/// Deepest nesting of types that is followed.
const DEPTH_MAX: u32 = 32;
/// Most members that one search looks at: types that name each other could make it endless otherwise.
const MEMBERS_MAX: u32 = 100_000;

/// Why bytes are no type information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BtfError {
    /// They do not begin as little-endian BTF does.
    NoBtf,
    /// They end too early, or a length in them points outside.
    Truncated,
    /// A type is of a kind that is not known.
    UnknownKind(u32),
}

impl std::fmt::Display for BtfError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBtf => f.write_str("it does not begin as BTF does"),
            Self::Truncated => f.write_str("it is cut short or damaged"),
            Self::UnknownKind(kind) => write!(f, "it has a type of unknown kind {kind}"),
        }
    }
}

impl std::error::Error for BtfError {}

/// Parsed type information.
#[derive(Debug)]
pub struct Btf {
    data: Vec<u8>,
    strings: usize,
    /// Offset of each type in `data`; type 0 is `void`.
    types: Vec<u32>,
    structs: FxHashMap<Vec<u8>, u32>,
    enums: FxHashMap<Vec<u8>, u32>,
    tracepoints: FxHashMap<Vec<u8>, u32>,
}

/// One type's fixed words.
#[derive(Clone, Copy)]
struct Type {
    at: usize,
    name: u32,
    kind: u32,
    len: u32,
    bitfields: bool,
    /// Size, or the type referred to.
    word: u32,
}

impl Btf {
    /// Parses the contents of `/sys/kernel/btf/vmlinux`, or of a file like it.
    ///
    /// Only structs and enums whose names are `wanted` can be asked for: there are tens of thousands.
    ///
    /// # Errors
    /// If the bytes are not whole BTF of this machine's byte order.
    pub fn parse(data: Vec<u8>, wanted: impl Fn(&[u8]) -> bool) -> Result<Self, BtfError> {
        let word = |at| u32_at(&data, at).ok_or(BtfError::Truncated);
        let magic = data.get(..2).ok_or(BtfError::NoBtf)?;
        if magic != MAGIC.to_ne_bytes() {
            return Err(BtfError::NoBtf);
        }
        let header = word(4)? as usize;
        let types_at = header + word(8)? as usize;
        let types_end = types_at + word(12)? as usize;
        let strings = header + word(16)? as usize;
        let strings_end = strings + word(20)? as usize;
        if types_end > data.len() || strings_end > data.len() || strings_end == strings {
            return Err(BtfError::Truncated);
        }
        let mut btf = Self {
            data,
            strings,
            types: vec![0],
            structs: FxHashMap::default(),
            enums: FxHashMap::default(),
            tracepoints: FxHashMap::default(),
        };
        btf.index(types_at, types_end, wanted)?;
        Ok(btf)
    }

    fn index(
        &mut self,
        mut at: usize,
        end: usize,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), BtfError> {
        while at < end {
            let ty = self.type_at(at).ok_or(BtfError::Truncated)?;
            let id = self.types.len() as u32;
            self.types.push(at as u32);
            let len = ty.len as usize;
            at += 12
                + match ty.kind {
                    KIND_INT | KIND_VAR | KIND_DECL_TAG => 4,
                    KIND_ARRAY => 12,
                    KIND_STRUCT | KIND_UNION | KIND_DATASEC | KIND_ENUM64 => 12 * len,
                    KIND_ENUM | KIND_FUNC_PROTO => 8 * len,
                    2 | 7..=12 | 16 | 18 => 0,
                    other => return Err(BtfError::UnknownKind(other)),
                };
            if ty.kind == KIND_STRUCT && wanted(self.name(ty.name)) {
                let name = self.name(ty.name).to_vec();
                self.structs.entry(name).or_insert(id);
            } else if ty.kind == KIND_ENUM && wanted(self.name(ty.name)) {
                let name = self.name(ty.name).to_vec();
                self.enums.entry(name).or_insert(id);
            } else if ty.kind == KIND_TYPEDEF
                && let Some(name) = self.name(ty.name).strip_prefix(b"btf_trace_")
            {
                let name = name.to_vec();
                self.tracepoints.entry(name).or_insert(id);
            }
        }
        if at == end {
            Ok(())
        } else {
            Err(BtfError::Truncated)
        }
    }

    /// Returns the offset in bytes of a struct's member: dots in `path` descend, a number is the place
    /// in an array, and of several paths with bars between them the first that there is counts.
    pub fn offset(&self, of: &str, path: &str) -> Option<u32> {
        path.split('|').find_map(|path| self.offset_of(of, path))
    }

    fn offset_of(&self, of: &str, path: &str) -> Option<u32> {
        let mut id = *self.structs.get(of.as_bytes())?;
        let mut bits = 0_u32;
        for member in path.split('.') {
            let (offset, ty) = match member.parse() {
                Ok(place) => self.element(id, place)?,
                Err(_) => self.member(id, member.as_bytes(), 0, &mut { MEMBERS_MAX })?,
            };
            bits = bits.checked_add(offset)?;
            id = self.strip(ty)?;
        }
        bits.is_multiple_of(8).then_some(bits / 8)
    }

    /// Returns the number that an enum gives a name.
    pub fn enumerator(&self, of: &str, name: &str) -> Option<u32> {
        let ty = self.get(*self.enums.get(of.as_bytes())?)?;
        (0..ty.len as usize).find_map(|i| {
            let at = ty.at + 12 + 8 * i;
            let own = self.name(u32_at(&self.data, at)?);
            let number = u32_at(&self.data, at + 4)?;
            (own == name.as_bytes()).then_some(number)
        })
    }

    /// Returns how many arguments a raw tracepoint hands to a program.
    pub fn tracepoint_args(&self, name: &str) -> Option<u32> {
        let typedef = self.get(*self.tracepoints.get(name.as_bytes())?)?;
        let proto = self.get(self.get(typedef.word)?.word)?;
        // The first parameter is the tracepoint's own.
        if proto.kind == KIND_FUNC_PROTO {
            proto.len.checked_sub(1)
        } else {
            None
        }
    }

    /// Finds an element of an array of plain values: its offset in bits and its type.
    fn element(&self, id: u32, place: u32) -> Option<(u32, u32)> {
        let array = self.get(id)?;
        if array.kind != KIND_ARRAY || place >= u32_at(&self.data, array.at + 20)? {
            return None;
        }
        let element = u32_at(&self.data, array.at + 12)?;
        let ty = self.get(self.strip(element)?)?;
        if !matches!(ty.kind, KIND_INT | KIND_STRUCT | KIND_UNION) {
            return None;
        }
        Some((place.checked_mul(ty.word)?.checked_mul(8)?, element))
    }

    /// Finds a member, also inside unnamed structs and unions: its offset in bits and its type.
    fn member(&self, id: u32, name: &[u8], depth: u32, budget: &mut u32) -> Option<(u32, u32)> {
        let ty = self.get(id)?;
        if !matches!(ty.kind, KIND_STRUCT | KIND_UNION) || depth > DEPTH_MAX {
            return None;
        }
        (0..ty.len as usize).find_map(|i| {
            *budget = budget.checked_sub(1)?;
            let at = ty.at + 12 + 12 * i;
            let (own_name, member) = (u32_at(&self.data, at)?, u32_at(&self.data, at + 4)?);
            let offset = u32_at(&self.data, at + 8)?;
            let offset = if ty.bitfields {
                offset & 0x00ff_ffff
            } else {
                offset
            };
            if own_name != 0 {
                return (self.name(own_name) == name).then_some((offset, member));
            }
            let (inner, found) = self.member(self.strip(member)?, name, depth + 1, budget)?;
            Some((offset.checked_add(inner)?, found))
        })
    }

    /// Follows typedefs and qualifiers to the type itself.
    fn strip(&self, mut id: u32) -> Option<u32> {
        for _ in 0..DEPTH_MAX {
            let ty = self.get(id)?;
            if !matches!(ty.kind, 8..=11 | 18) {
                return Some(id);
            }
            id = ty.word;
        }
        None
    }

    fn get(&self, id: u32) -> Option<Type> {
        let at = *self.types.get(id as usize)?;
        if at == 0 {
            None
        } else {
            self.type_at(at as usize)
        }
    }

    fn type_at(&self, at: usize) -> Option<Type> {
        let info = u32_at(&self.data, at + 4)?;
        Some(Type {
            at,
            name: u32_at(&self.data, at)?,
            kind: (info >> 24) & 0x1f,
            len: info & 0xffff,
            bitfields: info >> 31 == 1,
            word: u32_at(&self.data, at + 8)?,
        })
    }

    fn name(&self, offset: u32) -> &[u8] {
        let start = self.strings.saturating_add(offset as usize);
        let rest = self.data.get(start..).unwrap_or_default();
        &rest[..memchr::memchr(0, rest).unwrap_or(rest.len())]
    }
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(
        data.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// struct task { int pid; struct { int tgid; }; const struct se se; }; struct se { int a; int sum; };
    /// typedef void (*btf_trace_x)(void *, struct task *, int)
    fn sample() -> Vec<u8> {
        let mut strings = vec![0_u8];
        let mut name = |s: &str| {
            let at = strings.len() as u32;
            strings.extend(s.bytes().chain([0]));
            at
        };
        let head = |name: u32, kind: u32, len: u32, word: u32| vec![name, kind << 24 | len, word];
        let types: Vec<u32> = [
            [head(name("int"), KIND_INT, 0, 4), vec![32]].concat(),
            [head(0, KIND_STRUCT, 1, 4), vec![name("tgid"), 1, 0]].concat(),
            [
                head(name("se"), KIND_STRUCT, 2, 8),
                vec![name("a"), 1, 0, name("sum"), 1, 32],
            ]
            .concat(),
            head(0, 10, 0, 3),
            [
                head(name("task"), KIND_STRUCT, 3, 16),
                vec![name("pid"), 1, 0, 0, 2, 32, name("se"), 4, 64],
            ]
            .concat(),
            [head(0, KIND_FUNC_PROTO, 3, 0), vec![0, 0, 0, 5, 0, 1]].concat(),
            head(0, 2, 0, 6),
            head(name("btf_trace_x"), KIND_TYPEDEF, 0, 7),
        ]
        .concat();
        let types: Vec<u8> = types.iter().flat_map(|w| w.to_ne_bytes()).collect();
        let header = [
            24,
            0,
            types.len() as u32,
            types.len() as u32,
            strings.len() as u32,
        ];
        let mut data = MAGIC.to_ne_bytes().to_vec();
        data.extend([1, 0]);
        data.extend(header.iter().flat_map(|w| w.to_ne_bytes()));
        data.extend(types);
        data.extend(strings);
        data
    }

    #[test]
    fn members_are_found_by_name_at_any_depth() {
        let btf = Btf::parse(sample(), |_| true).unwrap();
        assert_eq!(btf.offset("task", "pid"), Some(0));
        assert_eq!(btf.offset("task", "tgid"), Some(4));
        assert_eq!(btf.offset("task", "se.sum"), Some(12));
        assert_eq!(btf.offset("task", "nothing"), None);
        assert_eq!(btf.offset("nothing", "pid"), None);
        assert_eq!(btf.tracepoint_args("x"), Some(2));
        assert_eq!(btf.tracepoint_args("y"), None);
    }

    #[test]
    fn what_is_no_btf_says_so() {
        assert_eq!(Btf::parse(vec![], |_| true).unwrap_err(), BtfError::NoBtf);
        assert_eq!(
            Btf::parse(b"\x7fELF....".to_vec(), |_| true).unwrap_err(),
            BtfError::NoBtf
        );
        let whole = sample();
        for len in 2..whole.len() - 1 {
            assert_eq!(
                Btf::parse(whole[..len].to_vec(), |_| true).unwrap_err(),
                BtfError::Truncated,
                "{len}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut data = sample();
            for (at, byte) in changes {
                let at = at.index(data.len());
                data[at] = byte;
            }
            if let Ok(btf) = Btf::parse(data, |_| true) {
                let _ = (btf.offset("task", "se.sum"), btf.tracepoint_args("x"));
            }
        }
    }
}
