//! What differs between the kinds of machines that kernels are booted on.

use clap::ValueEnum;

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// x86-64.
    #[value(name = "x86_64")]
    X86,
    /// 64-bit Arm.
    #[value(name = "arm64")]
    Arm,
}

impl Arch {
    /// This machine's kind, whose programs need no other compiler.
    pub(crate) const NATIVE: Self = if cfg!(target_arch = "aarch64") {
        Self::Arm
    } else {
        Self::X86
    };

    /// The name by which it is asked for.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }

    /// Debian's name for it.
    pub(crate) const fn debian(self) -> &'static str {
        match self {
            Self::X86 => "amd64",
            Self::Arm => "arm64",
        }
    }

    /// The ending of kernels' packages for virtual machines: the smallest, with what the others have.
    pub(super) const fn flavour(self) -> &'static str {
        match self {
            Self::X86 => "-cloud-amd64",
            Self::Arm => "-cloud-arm64",
        }
    }

    /// What stands behind a series in the table; nothing for the kind that most kernels are run on.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::X86 => "",
            Self::Arm => " arm64",
        }
    }

    /// QEMU's program.
    pub(super) const fn qemu(self) -> &'static str {
        match self {
            Self::X86 => "qemu-system-x86_64",
            Self::Arm => "qemu-system-aarch64",
        }
    }

    /// Debian's package with QEMU's program.
    pub(super) const fn qemu_package(self) -> &'static str {
        match self {
            Self::X86 => "qemu-system-x86",
            Self::Arm => "qemu-system-arm",
        }
    }

    /// The machine and its processor, as QEMU is told.
    pub(super) const fn machine(self) -> &'static [&'static str] {
        match self {
            Self::X86 => &["-cpu", "max"],
            Self::Arm => &["-machine", "virt", "-cpu", "cortex-a72"],
        }
    }

    /// The kernel's name for the first serial port, which it speaks on.
    pub(super) const fn console(self) -> &'static str {
        match self {
            Self::X86 => "ttyS0",
            Self::Arm => "ttyAMA0",
        }
    }

    /// The kernel's name for the port that the first process speaks on.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::X86 => "ttyS1",
            Self::Arm => "ttyS0",
        }
    }

    /// How QEMU is told of that port, whose other end is `chardev`. The virtual Arm machine has but one port of its own.
    pub(super) fn told_device(self, chardev: &str) -> [String; 2] {
        match self {
            Self::X86 => ["-serial".to_owned(), format!("chardev:{chardev}")],
            Self::Arm => [
                "-device".to_owned(),
                format!("pci-serial,chardev={chardev}"),
            ],
        }
    }

    /// The program that takes off what only a debugger reads.
    pub(crate) fn strip(self) -> &'static str {
        match self {
            Self::Arm if Self::NATIVE != Self::Arm => "aarch64-linux-gnu-strip",
            _ => "strip",
        }
    }
}
