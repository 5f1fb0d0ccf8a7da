//! Machine code for the few things that the corpus's programs do.
//!
//! They are whole programs without a library, so that nothing is done but what a case says, and
//! every call may be as wrong as it likes. None of it touches the stack: a child or a thread may
//! share it.

/// Which instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Machine {
    /// x86-64.
    Bits64,
    /// i386, which most x86-64 kernels run too.
    Bits32,
}

/// Where the code and the data lie in memory; addresses fit in 31 bits.
pub(super) const CODE: u64 = 0x40_0000;
pub(super) const DATA: u64 = 0x1000_0000;

/// What is put into a register.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Value(u64),
    /// What is kept at an address, and so much more.
    Kept(u64, i32),
}

/// A jump whose target is not known yet.
pub(super) struct Jump(usize);

/// Conditions of jumps, as their instructions have them.
const NEGATIVE: u8 = 0x88;
const DIFFERENT: u8 = 0x85;

/// Code as it is written.
pub(super) struct Code {
    machine: Machine,
    pub(super) bytes: Vec<u8>,
}

impl Code {
    pub(super) fn new(machine: Machine) -> Self {
        Self {
            machine,
            bytes: Vec::new(),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Puts the prefix that makes an instruction one of 64 bits.
    fn wide(&mut self) {
        if self.machine == Machine::Bits64 {
            self.put(&[0x48]);
        }
    }

    fn address(&mut self, address: u64) {
        self.put(&u32::try_from(address).unwrap().to_le_bytes());
    }

    /// Calls the kernel; the result is in the accumulator then.
    pub(super) fn call(&mut self, number: i64, args: &[Operand]) {
        // rdi rsi rdx r10 r8 r9, and ebx ecx edx esi edi ebp.
        let registers: [u8; 6] = match self.machine {
            Machine::Bits64 => [7, 6, 2, 10, 8, 9],
            Machine::Bits32 => [3, 1, 2, 6, 7, 5],
        };
        for (arg, register) in args.iter().zip(registers) {
            self.load(register, *arg);
        }
        self.put(&[0xb8]);
        self.put(&i32::try_from(number).unwrap().to_le_bytes());
        self.put(match self.machine {
            Machine::Bits64 => &[0x0f, 0x05],
            Machine::Bits32 => &[0xcd, 0x80],
        });
    }

    /// Puts something into the accumulator.
    pub(super) fn accumulate(&mut self, operand: Operand) {
        self.load(0, operand);
    }

    fn load(&mut self, register: u8, operand: Operand) {
        let (low, high) = (register & 7, register >> 3);
        match (operand, self.machine) {
            (Operand::Value(value), Machine::Bits64) => {
                self.put(&[0x48 | high, 0xb8 | low]);
                self.put(&value.to_le_bytes());
            }
            (Operand::Value(value), Machine::Bits32) => {
                self.put(&[0xb8 | low]);
                self.put(&value.to_le_bytes()[..4]);
            }
            (Operand::Kept(at, more), Machine::Bits64) => {
                self.put(&[0x48 | high << 2, 0x8b, low << 3 | 4, 0x25]);
                self.address(at);
                self.put(&[0x48 | high, 0x81, 0xc0 | low]);
                self.put(&more.to_le_bytes());
            }
            (Operand::Kept(at, more), Machine::Bits32) => {
                self.put(&[0x8b, low << 3 | 5]);
                self.address(at);
                self.put(&[0x81, 0xc0 | low]);
                self.put(&more.to_le_bytes());
            }
        }
    }

    /// Puts what lies where the accumulator points to into the accumulator.
    pub(super) fn follow(&mut self) {
        self.wide();
        self.put(&[0x8b, 0x00]);
    }

    /// Puts the byte where the accumulator points to into the accumulator.
    pub(super) fn follow_to_byte(&mut self) {
        self.put(&[0x0f, 0xb6, 0x00]);
    }

    /// Keeps something where something else points to.
    pub(super) fn store(&mut self, place: Operand, what: Operand) {
        self.load(0, place);
        self.load(1, what);
        self.wide();
        self.put(&[0x89, 0x08]);
        // The accumulator is the result, and not a negative one.
        self.load(0, Operand::Value(0));
    }

    /// Keeps the accumulator at an address.
    pub(super) fn keep(&mut self, at: u64) {
        self.wide();
        self.put(&[0x89, 0x04, 0x25]);
        self.address(at);
    }

    /// Keeps the count of arguments and the place of their list, as a program finds them.
    pub(super) fn keep_arguments(&mut self, count: u64, list: u64) {
        self.wide();
        self.put(&[0x8b, 0x04, 0x24]);
        self.keep(count);
        let word = self.word_size() as u8;
        self.wide();
        self.put(&[0x8d, 0x44, 0x24, word]);
        self.keep(list);
    }

    /// Goes elsewhere if the accumulator is negative.
    pub(super) fn if_negative(&mut self) -> Jump {
        self.wide();
        self.put(&[0x85, 0xc0]);
        self.jump(NEGATIVE)
    }

    /// Goes elsewhere if the accumulator is not this.
    pub(super) fn if_not(&mut self, value: i32) -> Jump {
        self.wide();
        self.put(&[0x3d]);
        self.put(&value.to_le_bytes());
        self.jump(DIFFERENT)
    }

    fn jump(&mut self, condition: u8) -> Jump {
        self.put(&[0x0f, condition, 0, 0, 0, 0]);
        Jump(self.bytes.len())
    }

    /// Goes elsewhere in any case.
    pub(super) fn jump_anyway(&mut self) -> Jump {
        self.put(&[0xe9, 0, 0, 0, 0]);
        Jump(self.bytes.len())
    }

    /// Makes this the place where a jump leads.
    pub(super) fn land(&mut self, jump: &Jump) {
        let far = i32::try_from(self.bytes.len() - jump.0).unwrap();
        self.bytes[jump.0 - 4..jump.0].copy_from_slice(&far.to_le_bytes());
    }

    /// Returns the size of a pointer.
    pub(super) fn word_size(&self) -> usize {
        match self.machine {
            Machine::Bits64 => 8,
            Machine::Bits32 => 4,
        }
    }
}

/// Makes an ELF file of code and data, and perhaps of the name of a dynamic linker.
pub(super) fn image(code: &Code, data: &[u8], linker: Option<&[u8]>) -> Vec<u8> {
    const PAGE: usize = 4096;
    let wide = code.machine == Machine::Bits64;
    let (header, segment) = if wide { (64, 56) } else { (52, 32) };
    let segments = if linker.is_some() { 3 } else { 2 };
    let begin = header + segment * segments;
    let linker_at = begin + code.bytes.len();
    let linker = linker.unwrap_or_default();
    let code_end = linker_at + linker.len() + 1;
    let data_at = code_end.next_multiple_of(PAGE);
    let mut file = Elf {
        wide,
        bytes: Vec::new(),
    };
    // An executable of this machine, version 1, and where it begins.
    file.put(b"\x7fELF");
    file.put(&[if wide { 2 } else { 1 }, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.halves(&[2, if wide { 62 } else { 3 }]);
    file.put(&1_u32.to_le_bytes());
    file.word(CODE + begin as u64);
    // Segments follow this header; there are no sections and no flags.
    file.word(header as u64);
    file.word(0);
    file.put(&[0; 4]);
    file.halves(&[header, segment, segments, 0, 0, 0]);
    // Readable and executable; readable and writable; the linker's name.
    file.segment(1, 5, 0, CODE, code_end);
    file.segment(1, 6, data_at, DATA, data.len());
    if segments == 3 {
        let size = linker.len() + 1;
        file.segment(3, 4, linker_at, CODE + linker_at as u64, size);
    }
    file.put(&code.bytes);
    file.put(linker);
    file.bytes.resize(data_at, 0);
    file.put(data);
    file.bytes
}

struct Elf {
    wide: bool,
    bytes: Vec<u8>,
}

impl Elf {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn halves(&mut self, halves: &[usize]) {
        for half in halves {
            self.put(&u16::try_from(*half).unwrap().to_le_bytes());
        }
    }

    fn word(&mut self, word: u64) {
        let size = if self.wide { 8 } else { 4 };
        self.put(&word.to_le_bytes()[..size]);
    }

    fn segment(&mut self, kind: u32, flags: u32, offset: usize, address: u64, size: usize) {
        self.put(&kind.to_le_bytes());
        if self.wide {
            self.put(&flags.to_le_bytes());
        }
        for word in [offset as u64, address, address, size as u64, size as u64] {
            self.word(word);
        }
        if !self.wide {
            self.put(&flags.to_le_bytes());
        }
        self.word(0x1000);
    }
}
