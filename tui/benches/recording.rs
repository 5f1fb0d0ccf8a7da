//! Writes the made-up capture of the other benchmarks as a recording, for `cargo xtask bench --recordings`.
//!
//! `cargo bench -p execsnoop-tui --bench recording -- FILE 1000000` writes so many events, the same ones each time: plain, and beside it
//! as `FILE.zst` and `FILE.gz`.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on may as well panic"
)]

#[expect(
    dead_code,
    reason = "the other benchmarks take more of the same history"
)]
mod history;

use execsnoop_tui::export::Exporter;
use execsnoop_tui::export::ndjson::Ndjson;
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs::File;
use std::io::Write;

/// Entries that the writing model keeps: more than run at once, so that each exit finds its exec.
const KEPT: usize = 20_000;

/// So many bytes of lines are packed at once, as `-w` does it.
const CHUNK: usize = 256 << 10;

/// The same lines plain and packed.
struct Files {
    plain: File,
    zstd: File,
    gzip: File,
}

impl Files {
    fn create(path: &str) -> Self {
        let create = |ending| File::create(format!("{path}{ending}")).unwrap();
        Self {
            plain: create(""),
            zstd: create(".zst"),
            gzip: create(".gz"),
        }
    }

    fn write(&mut self, lines: &[u8]) {
        self.plain.write_all(lines).unwrap();
        let packed = compress_to_vec(lines, CompressionLevel::Fastest);
        self.zstd.write_all(&packed).unwrap();
        let mut gzip = GzEncoder::new(&mut self.gzip, Compression::fast());
        gzip.write_all(lines).unwrap();
        gzip.finish().unwrap();
    }
}

fn main() {
    // What cargo passes to every benchmark is no name of a file.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let (Some(path), Some(count)) = (args.next(), args.next()) else {
        println!("name a file and a number of events to write a recording");
        return;
    };
    let count: usize = count.parse().unwrap();
    let mut files = Files::create(&path);
    let mut model = history::model(KEPT);
    let (mut ndjson, mut out) = (Ndjson::default(), Vec::new());
    ndjson.start(&model.session, &mut out);
    let mut last_ns = model.session.started_ns;
    for event in history::events().take(count) {
        last_ns = event.time_ns();
        let applied = model.apply(event);
        ndjson.event(&applied, &model, &mut out);
        if out.len() >= CHUNK {
            files.write(&out);
            out.clear();
        }
    }
    let lasted_ns = last_ns - model.session.started_ns;
    ndjson.end(&model.totals, lasted_ns, &mut out);
    files.write(&out);
}
