//! How much memory the history takes, and how many bytes of the ring buffer an event: of the same made-up capture as in `micro.rs`.
//!
//! `cargo bench -p execsnoop-tui --bench memory` prints it. Memory is the resident set as `/proc/self/status` has it, from before the
//! first entry on, so it includes what the allocator keeps.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on may as well panic"
)]

#[expect(
    dead_code,
    reason = "the other benchmarks take more of the same history"
)]
mod history;

use execsnoop_tui::event::Event;
use std::fs;

/// Entries after which memory is looked at.
const SIZES: [usize; 2] = [100_000, 1_000_000];

/// Records whose mean is taken.
const RECORDS: usize = 100_000;

/// `BPF_RINGBUF_HDR_SZ` of the kernel: before each record, and what each is aligned to.
const RING_HEADER: usize = 8;

fn main() {
    in_the_ring();
    println!("\n| entries | resident, MB | bytes an entry | after as many again, MB |");
    println!("|{}", " --- |".repeat(4));
    for size in SIZES {
        in_the_model(size);
    }
}

/// Prints the mean size of records, by what they are of.
fn in_the_ring() {
    let mut decode = execsnoop_tui::source::probe::decoder(history::cgroup_path);
    let mut bytes = [0; 3];
    let mut count = [0; 3];
    for record in history::Records::new().take(RECORDS) {
        let mut events = Vec::new();
        decode(&record, &mut events).unwrap();
        let kind = match events.first() {
            Some(Event::Exec(exec)) if exec.ret == 0 => 0,
            Some(Event::Exec(_)) => 1,
            _ => 2,
        };
        bytes[kind] += (record.len() + RING_HEADER).next_multiple_of(RING_HEADER);
        count[kind] += 1;
    }
    let mean = |kind: usize| bytes[kind] / count[kind].max(1);
    println!("| record | mean bytes in the ring |\n| --- | --- |");
    println!("| exec | {} |", mean(0));
    println!("| failed exec | {} |", mean(1));
    println!("| exit | {} |", mean(2));
}

/// Fills a history, prints what it takes, and goes on as long again.
fn in_the_model(size: usize) {
    let mut events = history::events();
    let before = resident();
    let mut model = history::full_model(size, &mut events);
    let full = resident() - before;
    for event in events.take(size) {
        model.apply(event);
    }
    let later = resident() - before;
    let in_mb = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    println!(
        "| {size} | {:.1} | {} | {:.1} |",
        in_mb(full),
        full / size,
        in_mb(later)
    );
}

/// Returns the bytes of this process that are resident.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: usize = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kilobytes << 10
}
