//! A program that only ends: a whole static ELF file of a few bytes, so that a storm of execs
//! measures the kernel and the product, and no dynamic linker. The benchmark has it from here, too.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file's name.
const NAME: &str = "tiny";

/// `exit(0)`.
#[cfg(target_arch = "x86_64")]
const CODE: [u8; 9] = [
    0xb8, 60, 0, 0, 0, // mov eax, 60
    0x31, 0xff, // xor edi, edi
    0x0f, 0x05, // syscall
];
#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;

/// `exit(0)`.
#[cfg(target_arch = "aarch64")]
const CODE: [u8; 12] = [
    0x00, 0x00, 0x80, 0xd2, // mov x0, #0
    0xa8, 0x0b, 0x80, 0xd2, // mov x8, #93
    0x01, 0x00, 0x00, 0xd4, // svc #0
];
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// Writes the program into a directory.
pub(crate) fn write(dir: &Path) -> io::Result<PathBuf> {
    let path = dir.join(NAME);
    fs::write(&path, bytes())?;
    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    Ok(path)
}

fn bytes() -> Vec<u8> {
    const HEADER: u16 = 64;
    const SEGMENT: u16 = 56;
    const BASE: u64 = 0x40_0000;
    let start = u64::from(HEADER + SEGMENT);
    let size = start + CODE.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let mut put = |bytes: &[u8]| file.extend_from_slice(bytes);
    // An executable of this machine, version 1, and where it begins.
    put(&2_u16.to_le_bytes());
    put(&MACHINE.to_le_bytes());
    put(&1_u32.to_le_bytes());
    put(&(BASE + start).to_le_bytes());
    // Segments follow this header; there are no sections and no flags.
    put(&u64::from(HEADER).to_le_bytes());
    put(&[0; 8 + 4]);
    for word in [HEADER, SEGMENT, 1, 0, 0, 0] {
        put(&word.to_le_bytes());
    }
    // One segment to load, readable and executable: the whole file.
    put(&1_u32.to_le_bytes());
    put(&5_u32.to_le_bytes());
    for number in [0, BASE, BASE, size, size, 0x1000] {
        put(&number.to_le_bytes());
    }
    put(&CODE);
    file
}
