//! Machine code for the few things that the corpus's programs do.
//!
//! They are whole programs without a library, so that nothing is done but what a case says, and
//! every call may be as wrong as it likes. None of it touches the stack: a child or a thread may
//! share it.

/// Which instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Machine {
    /// x86-64.
    X86,
    /// aarch64.
    Arm,
    /// i386, which most x86-64 kernels run too.
    I386,
}

impl Machine {
    /// The machine that this is.
    pub(super) const NATIVE: Self = if cfg!(target_arch = "aarch64") {
        Self::Arm
    } else {
        Self::X86
    };
}

/// Where the code and the data lie in memory; addresses fit in 31 bits.
const CODE: u64 = 0x40_0000;
pub(super) const DATA: u64 = 0x1000_0000;

/// Where the code of a program lies that a dynamic linker lies beside.
pub(super) const ELSEWHERE: u64 = 0x80_0000;

/// Where nothing of a program can lie.
pub(super) const NOWHERE: u64 = 0xffff_ffff_0000_0000;

/// What a file is like, whatever its code does.
pub(super) struct Form<'a> {
    pub(super) machine: Machine,
    /// The path of a dynamic linker that it asks for.
    pub(super) linker: Option<&'a [u8]>,
    /// Where its code belongs.
    pub(super) at: u64,
}

impl Form<'_> {
    /// A file that runs, by itself.
    pub(super) fn plain(machine: Machine) -> Self {
        Self {
            machine,
            linker: None,
            at: CODE,
        }
    }
}

/// What is put into a register.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Value(u64),
    /// What is kept at an address, and so much more.
    Kept(u64, i32),
}

/// A jump whose target is not known yet.
pub(super) struct Jump(usize);

/// Conditions of jumps, as the instructions of x86 and of Arm have them.
const NEGATIVE: (u8, u32) = (0x88, 4);
const DIFFERENT: (u8, u32) = (0x85, 1);

/// A register of Arm's for addresses and numbers that are needed once.
const SCRATCH: u32 = 9;

/// Code as it is written.
///
/// The accumulator is register 0. It has the result of what was done last.
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

    /// Returns the size of a pointer.
    pub(super) fn word_size(&self) -> usize {
        match self.machine {
            Machine::X86 | Machine::Arm => 8,
            Machine::I386 => 4,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Puts an instruction of x86 that is as wide as a pointer.
    fn wide(&mut self, bytes: &[u8]) {
        if self.machine == Machine::X86 {
            self.put(&[0x48]);
        }
        self.put(bytes);
    }

    /// Puts an instruction of Arm's.
    fn arm(&mut self, instruction: u32) {
        self.put(&instruction.to_le_bytes());
    }

    /// Puts a number into a register of Arm's.
    fn arm_load(&mut self, register: u32, value: u64) {
        const MOVZ: u32 = 0xd280_0000;
        const MOVK: u32 = 0xf280_0000;
        for (i, half) in (0..).zip(value.to_le_bytes().chunks(2)) {
            let half = u32::from(u16::from_le_bytes([half[0], half[1]]));
            let how = if i == 0 { MOVZ } else { MOVK };
            self.arm(how | i << 21 | half << 5 | register);
        }
    }

    fn address(&mut self, address: u64) {
        self.put(&u32::try_from(address).unwrap().to_le_bytes());
    }

    /// Calls the kernel; the result is in the accumulator then.
    pub(super) fn call(&mut self, number: i64, args: &[Operand]) {
        // rdi rsi rdx r10 r8 r9; x0 to x5; ebx ecx edx esi edi ebp.
        let registers: [u8; 6] = match self.machine {
            Machine::X86 => [7, 6, 2, 10, 8, 9],
            Machine::Arm => [0, 1, 2, 3, 4, 5],
            Machine::I386 => [3, 1, 2, 6, 7, 5],
        };
        for (arg, register) in args.iter().zip(registers) {
            self.load(register, *arg);
        }
        let which = if self.machine == Machine::Arm { 8 } else { 0 };
        self.load(which, Operand::Value(number.cast_unsigned()));
        match self.machine {
            Machine::X86 => self.put(&[0x0f, 0x05]),
            Machine::Arm => self.arm(0xd400_0001),
            Machine::I386 => self.put(&[0xcd, 0x80]),
        }
    }

    /// Puts something into the accumulator.
    pub(super) fn accumulate(&mut self, operand: Operand) {
        self.load(0, operand);
    }

    fn load(&mut self, register: u8, operand: Operand) {
        let (low, high, r) = (register & 7, register >> 3, u32::from(register));
        match (operand, self.machine) {
            (Operand::Value(value), Machine::X86) => {
                self.put(&[0x48 | high, 0xb8 | low]);
                self.put(&value.to_le_bytes());
            }
            (Operand::Value(value), Machine::Arm) => self.arm_load(r, value),
            (Operand::Value(value), Machine::I386) => {
                self.put(&[0xb8 | low]);
                self.put(&value.to_le_bytes()[..4]);
            }
            (Operand::Kept(at, more), Machine::X86) => {
                self.put(&[0x48 | high << 2, 0x8b, low << 3 | 4, 0x25]);
                self.address(at);
                self.put(&[0x48 | high, 0x81, 0xc0 | low]);
                self.put(&more.to_le_bytes());
            }
            (Operand::Kept(at, more), Machine::Arm) => {
                self.arm_load(SCRATCH, at);
                self.arm(0xf940_0000 | SCRATCH << 5 | r);
                self.arm_load(SCRATCH, i64::from(more).cast_unsigned());
                self.arm(0x8b00_0000 | SCRATCH << 16 | r << 5 | r);
            }
            (Operand::Kept(at, more), Machine::I386) => {
                self.put(&[0x8b, low << 3 | 5]);
                self.address(at);
                self.put(&[0x81, 0xc0 | low]);
                self.put(&more.to_le_bytes());
            }
        }
    }

    /// Puts what lies where the accumulator points to into the accumulator.
    pub(super) fn follow(&mut self) {
        match self.machine {
            Machine::Arm => self.arm(0xf940_0000),
            _ => self.wide(&[0x8b, 0x00]),
        }
    }

    /// Puts the byte where the accumulator points to into the accumulator.
    pub(super) fn follow_to_byte(&mut self) {
        match self.machine {
            Machine::Arm => self.arm(0x3940_0000),
            _ => self.put(&[0x0f, 0xb6, 0x00]),
        }
    }

    /// Keeps something where something else points to; the accumulator is 0 then.
    pub(super) fn store(&mut self, place: Operand, what: Operand) {
        self.load(0, place);
        self.load(1, what);
        match self.machine {
            Machine::Arm => self.arm(0xf900_0001),
            _ => self.wide(&[0x89, 0x08]),
        }
        self.load(0, Operand::Value(0));
    }

    /// Keeps the accumulator at an address.
    pub(super) fn keep(&mut self, at: u64) {
        if self.machine == Machine::Arm {
            self.arm_load(SCRATCH, at);
            return self.arm(0xf900_0000 | SCRATCH << 5);
        }
        self.wide(&[0x89, 0x04, 0x25]);
        self.address(at);
    }

    /// Keeps the count of arguments and the place of their list, as a program finds them.
    pub(super) fn keep_arguments(&mut self, count: u64, list: u64) {
        match self.machine {
            Machine::Arm => self.arm(0xf940_03e0),
            _ => self.wide(&[0x8b, 0x04, 0x24]),
        }
        self.keep(count);
        match self.machine {
            Machine::X86 => self.put(&[0x48, 0x8d, 0x44, 0x24, 8]),
            Machine::Arm => self.arm(0x9100_23e0),
            Machine::I386 => self.put(&[0x8d, 0x44, 0x24, 4]),
        }
        self.keep(list);
    }

    /// Goes elsewhere if the accumulator is negative.
    pub(super) fn if_negative(&mut self) -> Jump {
        match self.machine {
            Machine::Arm => self.arm(0xf100_001f),
            _ => self.wide(&[0x85, 0xc0]),
        }
        self.jump_if(NEGATIVE)
    }

    /// Goes elsewhere if the accumulator is not this.
    pub(super) fn if_not(&mut self, value: i32) -> Jump {
        if self.machine == Machine::Arm {
            self.arm_load(SCRATCH, i64::from(value).cast_unsigned());
            self.arm(0xeb00_001f | SCRATCH << 16);
        } else {
            self.wide(&[0x3d]);
            self.put(&value.to_le_bytes());
        }
        self.jump_if(DIFFERENT)
    }

    fn jump_if(&mut self, (x86, arm): (u8, u32)) -> Jump {
        match self.machine {
            Machine::Arm => self.arm(0x5400_0000 | arm),
            _ => self.put(&[0x0f, x86, 0, 0, 0, 0]),
        }
        Jump(self.bytes.len())
    }

    /// Goes elsewhere in any case.
    pub(super) fn jump_anyway(&mut self) -> Jump {
        match self.machine {
            Machine::Arm => self.arm(0x1400_0000),
            _ => self.put(&[0xe9, 0, 0, 0, 0]),
        }
        Jump(self.bytes.len())
    }

    /// Makes this the place where a jump leads.
    pub(super) fn land(&mut self, jump: &Jump) {
        let far = self.bytes.len() - jump.0;
        let field = &mut self.bytes[jump.0 - 4..jump.0];
        let mut value = u32::from_le_bytes(field.try_into().unwrap());
        if self.machine == Machine::Arm {
            // From the jump itself, in instructions; a condition stands below.
            let count = u32::try_from(far / 4 + 1).unwrap();
            value |= if value >> 24 == 0x54 {
                count << 5
            } else {
                count
            };
        } else {
            value = u32::try_from(far).unwrap();
        }
        field.copy_from_slice(&value.to_le_bytes());
    }
}

/// Makes an ELF file of code and data.
pub(super) fn image(code: &Code, data: &[u8], form: &Form<'_>) -> Vec<u8> {
    const PAGE: usize = 4096;
    let wide = code.word_size() == 8;
    let Form { linker, at, .. } = *form;
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
    let machine = match code.machine {
        Machine::X86 => 62,
        Machine::Arm => 183,
        Machine::I386 => 3,
    };
    file.halves(&[2, machine]);
    file.put(&1_u32.to_le_bytes());
    file.word(at + begin as u64);
    // Segments follow this header; there are no sections and no flags.
    file.word(header as u64);
    file.word(0);
    file.put(&[0; 4]);
    file.halves(&[header, segment, segments, 0, 0, 0]);
    // Readable and executable; readable and writable; the linker's name.
    file.segment(1, 5, 0, at, code_end);
    file.segment(1, 6, data_at, DATA, data.len());
    if segments == 3 {
        let size = linker.len() + 1;
        file.segment(3, 4, linker_at, at + linker_at as u64, size);
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
