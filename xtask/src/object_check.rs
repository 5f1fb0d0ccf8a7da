//! Looks into a BPF object: is everything there that the sources declare, and where do two objects differ.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

/// The prefixes of the section names under which aya puts programs of the kinds that the probe uses.
const PROGRAM_PREFIXES: [&str; 2] = ["raw_tp/", "tracepoint/"];

/// One section of an object.
pub(crate) struct Section {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) data: Vec<u8>,
    /// How many functions begin in it.
    functions: usize,
}

/// Reads all sections of an object, in their order.
pub(crate) fn sections(bytes: &[u8]) -> Result<Vec<Section>> {
    let file = ElfFile64::<Endianness>::parse(bytes).context("this is not an ELF object")?;
    let functions = |index| {
        let inside = |symbol: &object::read::elf::ElfSymbol64<'_, '_, Endianness>| {
            symbol.kind() == SymbolKind::Text && symbol.section_index() == Some(index)
        };
        file.symbols().filter(inside).count()
    };
    file.sections()
        .map(|section| {
            let name = String::from_utf8_lossy(section.name_bytes()?).into_owned();
            Ok(Section {
                name,
                data: section.data()?.to_vec(),
                functions: functions(section.index()),
            })
        })
        .collect()
}

/// Fails unless the object has its types, its licence and every program that the sources in `sources` declare.
pub(crate) fn complete(object: &[u8], sources: &Path) -> Result<()> {
    let mut declared = BTreeSet::new();
    for text in rust_sources(sources)? {
        declared.extend(declared_programs(&text));
    }
    has_all(&sections(object)?, &declared)
}

fn has_all(sections: &[Section], declared: &BTreeSet<String>) -> Result<()> {
    let filled = |name: &str| {
        sections
            .iter()
            .any(|section| section.name == name && !section.data.is_empty())
    };
    for name in [".BTF", ".BTF.ext", "license"] {
        ensure!(filled(name), "it has no section {name}");
    }
    for name in declared {
        ensure!(
            filled(name),
            "the sources declare a program {name} and the object has none"
        );
    }
    let is_program = |section: &&Section| {
        PROGRAM_PREFIXES
            .iter()
            .any(|prefix| section.name.starts_with(prefix))
    };
    let programs: Vec<_> = sections.iter().filter(is_program).collect();
    if programs.is_empty() {
        bail!(
            "it has no program section ({})",
            PROGRAM_PREFIXES
                .map(|prefix| format!("{prefix}*"))
                .join(", ")
        );
    }
    for program in programs {
        ensure!(
            program.functions > 0,
            "its section {} holds no function",
            program.name
        );
        ensure!(
            !(calls(&program.data, is_tail_call) && calls(&program.data, is_function_call)),
            "its program {} goes on in another and calls a function (one of the compiler's own, by `call` in a disassembly): \
             kernels before 6.0 refuse both together on arm64",
            program.name
        );
    }
    Ok(())
}

/// Says whether a program has an instruction `call` of that kind, told by its source register and its immediate.
fn calls(program: &[u8], kind: fn(u8, i32) -> bool) -> bool {
    const CALL: u8 = 0x85;
    const WIDE_LOAD: u8 = 0x18;
    let mut instructions = program.chunks_exact(8);
    while let Some(instruction) = instructions.next() {
        let &[code, registers, _, _, a, b, c, d] = instruction else {
            break;
        };
        match code {
            CALL if kind(registers >> 4, i32::from_le_bytes([a, b, c, d])) => return true,
            // Takes two places, the second of which holds a number.
            WIDE_LOAD => drop(instructions.next()),
            _ => {}
        }
    }
    false
}

/// `bpf_tail_call` is the kernel's helper of number 12.
fn is_tail_call(source: u8, immediate: i32) -> bool {
    source == 0 && immediate == 12
}

/// `BPF_PSEUDO_CALL`: of a function of the object's own.
fn is_function_call(source: u8, _: i32) -> bool {
    source == 1
}

/// Says where two objects differ first, for a message.
pub(crate) fn first_difference(built: &[u8], committed: &[u8]) -> String {
    let (built, committed) = match (sections(built), sections(committed)) {
        (Ok(built), Ok(committed)) => (built, committed),
        (_, Err(error)) => return format!("the committed file cannot be read: {error:#}"),
        (Err(error), _) => return format!("the fresh build cannot be read: {error:#}"),
    };
    for section in &built {
        match committed.iter().find(|other| other.name == section.name) {
            None => return format!("it lacks section {}", section.name),
            Some(other) if other.data != section.data => {
                return format!("section {} differs", section.name);
            }
            Some(_) => {}
        }
    }
    match committed
        .iter()
        .find(|section| built.iter().all(|other| other.name != section.name))
    {
        Some(extra) => format!("it has a section {} too many", extra.name),
        None => "the sections are alike, the ELF headers differ".to_owned(),
    }
}

/// Reads every Rust file below a folder.
fn rust_sources(dir: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{} cannot be listed", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            texts.extend(rust_sources(&path)?);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            texts.push(
                fs::read_to_string(&path)
                    .with_context(|| format!("{} cannot be read", path.display()))?,
            );
        }
    }
    Ok(texts)
}

/// Names the sections of the programs that aya's attributes in a source text declare.
fn declared_programs(text: &str) -> Vec<String> {
    let mut programs = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(arguments) = line.strip_prefix("#[raw_tracepoint(") {
            programs.extend(value(arguments, "tracepoint").map(|name| format!("raw_tp/{name}")));
        } else if let Some(arguments) = line.strip_prefix("#[tracepoint(") {
            let (category, name) = (value(arguments, "category"), value(arguments, "name"));
            programs.extend(
                category
                    .zip(name)
                    .map(|(category, name)| format!("tracepoint/{category}/{name}")),
            );
        }
    }
    programs
}

/// Returns the string that `key = "…"` gives in an attribute's arguments.
fn value<'a>(arguments: &'a str, key: &str) -> Option<&'a str> {
    arguments.split(',').find_map(|argument| {
        let (found, rest) = argument.split_once('=')?;
        (found.trim() == key).then(|| rest.split('"').nth(1))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str) -> Section {
        Section {
            name: name.to_owned(),
            data: b"x".to_vec(),
            functions: 1,
        }
    }

    fn whole() -> Vec<Section> {
        [".BTF", ".BTF.ext", "license", "raw_tp/sched_process_exec"]
            .map(section)
            .into()
    }

    #[test]
    fn programs_are_read_from_the_attributes() {
        let text = "#[raw_tracepoint(tracepoint = \"sched_process_exec\")]\nfn a() {}\n\
                    #[tracepoint(category = \"syscalls\", name = \"sys_exit_execve\")]\nfn b() {}\n// #[tracepoint]\n";
        assert_eq!(
            declared_programs(text),
            [
                "raw_tp/sched_process_exec",
                "tracepoint/syscalls/sys_exit_execve"
            ]
        );
    }

    #[test]
    fn a_whole_object_passes_and_any_missing_part_is_named() {
        let declared = BTreeSet::from(["raw_tp/sched_process_exec".to_owned()]);
        has_all(&whole(), &declared).expect("nothing is missing");
        for missing in whole() {
            let rest: Vec<_> = whole()
                .into_iter()
                .filter(|section| section.name != missing.name)
                .collect();
            let error = has_all(&rest, &declared)
                .expect_err("a part is missing")
                .to_string();
            assert!(
                error.contains(&missing.name),
                "{error} does not name {}",
                missing.name
            );
        }
    }

    #[test]
    fn a_program_section_without_a_function_is_refused() {
        let mut sections = whole();
        sections[3].functions = 0;
        assert!(has_all(&sections, &BTreeSet::new()).is_err());
    }

    #[test]
    fn a_program_may_tail_call_or_call_a_function_but_not_both() {
        let tail_call = [0x85, 0, 0, 0, 12, 0, 0, 0];
        let function_call = [0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff];
        // A number that is loaded looks like a call in its second half.
        let load = [[0x18, 0x11, 0, 0, 0, 0, 0, 0], function_call];
        let check = |instructions: &[[u8; 8]]| {
            let mut sections = whole();
            sections[3].data = instructions.concat();
            has_all(&sections, &BTreeSet::new())
        };
        check(&[tail_call, load[0], load[1]]).expect("a tail call only");
        check(&[function_call]).expect("a function call only");
        let error = check(&[function_call, load[0], load[1], tail_call]).expect_err("both");
        assert!(error.to_string().contains("raw_tp/sched_process_exec"));
    }

    #[test]
    fn unreadable_objects_are_told_apart_from_different_ones() {
        assert!(first_difference(b"", b"").contains("cannot be read"));
    }
}
