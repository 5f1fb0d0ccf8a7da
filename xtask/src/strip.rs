//! Removes DWARF from a linked BPF object: the kernel reads BTF, and the debugging sections are four fifths of the bytes.

use anyhow::{Context, Result};
use object::build::elf::{Builder, SectionData};
use object::elf;

/// Returns the object without its `.debug_*` sections and their relocations, everything else kept.
///
/// Kept are programs, maps, `.BTF`, `.BTF.ext`, the relocations of all of these, and every symbol but those of the removed
/// sections. The same bytes in give the same bytes out.
pub(crate) fn strip_debug(linked: &[u8]) -> Result<Vec<u8>> {
    let mut builder =
        Builder::read64(linked).context("this is not an ELF object that can be rewritten")?;
    for section in &mut builder.sections {
        section.delete = is_debug(&section.name);
    }
    builder.delete_orphans();
    if !builder
        .sections
        .iter()
        .any(|section| matches!(section.data, SectionData::SectionString))
    {
        // LLVM keeps the names of sections and symbols in one table; the builder wants two.
        let names = builder.sections.add();
        names.name = b".shstrtab"[..].into();
        names.sh_type = elf::SHT_STRTAB;
        names.sh_addralign = 1;
        names.data = SectionData::SectionString;
    }
    builder.set_section_sizes();
    let mut stripped = Vec::new();
    builder
        .write(&mut stripped)
        .context("the stripped object cannot be written")?;
    Ok(stripped)
}

/// Says whether a section, or the one whose relocations it holds, is DWARF.
fn is_debug(name: &[u8]) -> bool {
    [&b".debug_"[..], b".rel.debug_", b".rela.debug_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_check::sections;
    use object::build::elf::Relocation;

    /// Makes an object as the linker leaves it: a program with BTF and DWARF, both relocated.
    pub(crate) fn linked() -> Vec<u8> {
        let mut builder = Builder::new(object::Endianness::Little, true);
        builder.header.e_type = elf::ET_REL;
        builder.header.e_machine = elf::EM_BPF;
        for (name, data) in [
            ("raw_tp/x", &b"program"[..]),
            (".BTF", b"types"),
            (".debug_info", b"dwarf"),
        ] {
            let section = builder.sections.add();
            section.name = name.as_bytes().into();
            section.sh_type = elf::SHT_PROGBITS;
            section.sh_addralign = 1;
            section.data = SectionData::Data(data.into());
            let target = section.id();
            let symbol = builder.symbols.add();
            symbol.section = Some(target);
            symbol.set_st_info(elf::STB_LOCAL, elf::STT_SECTION);
            let relocation = Relocation {
                r_offset: 0,
                symbol: Some(symbol.id()),
                r_type: elf::R_BPF_64_64,
                r_addend: 0,
            };
            let section = builder.sections.add();
            section.name = format!(".rel{name}").into_bytes().into();
            section.sh_type = elf::SHT_REL;
            section.sh_flags = elf::SHF_INFO_LINK;
            section.sh_info_section = Some(target);
            section.sh_addralign = 8;
            section.data = SectionData::Relocation(vec![relocation]);
        }
        for (name, sh_type, data) in [
            (".symtab", elf::SHT_SYMTAB, SectionData::Symbol),
            (".strtab", elf::SHT_STRTAB, SectionData::String),
            (".shstrtab", elf::SHT_STRTAB, SectionData::SectionString),
        ] {
            let section = builder.sections.add();
            section.name = name.as_bytes().into();
            section.sh_type = sh_type;
            section.sh_addralign = 8;
            section.data = data;
        }
        let symtab = builder
            .sections
            .iter()
            .find(|s| s.sh_type == elf::SHT_SYMTAB)
            .map(|s| s.id());
        for section in &mut builder.sections {
            if section.sh_type == elf::SHT_REL {
                section.sh_link_section = symtab;
            }
        }
        builder.set_section_sizes();
        let mut bytes = Vec::new();
        builder.write(&mut bytes).expect("a well-formed object");
        bytes
    }

    #[test]
    fn dwarf_goes_and_the_rest_stays() {
        let before = linked();
        let after = strip_debug(&before).expect("strippable");
        let names = |bytes| {
            sections(bytes)
                .expect("readable")
                .into_iter()
                .map(|s| s.name)
                .collect::<Vec<_>>()
        };
        assert!(
            names(&before).iter().any(|name| name == ".debug_info"),
            "{:?}",
            names(&before)
        );
        assert!(
            !names(&after).iter().any(|name| name.contains("debug")),
            "{:?}",
            names(&after)
        );
        for kept in ["raw_tp/x", ".relraw_tp/x", ".BTF", ".rel.BTF", ".symtab"] {
            assert!(
                names(&after).iter().any(|name| name == kept),
                "{kept} is gone: {:?}",
                names(&after)
            );
        }
    }

    #[test]
    fn stripping_is_deterministic_and_a_second_time_changes_nothing() {
        let once = strip_debug(&linked()).expect("strippable");
        assert_eq!(once, strip_debug(&linked()).expect("strippable"));
        assert_eq!(once, strip_debug(&once).expect("strippable"));
    }

    #[test]
    fn other_bytes_are_an_error() {
        assert!(strip_debug(b"not an object").is_err());
    }
}
