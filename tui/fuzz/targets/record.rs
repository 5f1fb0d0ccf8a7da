//! Any bytes in the ring give events or an error; whatever is told then can be kept, and printed in every form.
//!
//! The input is a ring: each record behind its length, two bytes.

#![no_main]

use execsnoop_tui::event::Session;
use execsnoop_tui::export::{FORMATS, Options, Output};
use execsnoop_tui::model::Model;
use execsnoop_tui::resolve::Users;
use execsnoop_tui::source::probe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|ring: &[u8]| {
    let mut decode = probe::decoder(|_| None);
    let mut model = Model::new(Session::default(), Users::default(), 100, 1 << 20);
    let mut outputs: Vec<_> = FORMATS
        .iter()
        .map(|info| Output::new(Options {
                format: info.format,
                ..Options::default()
            }))
        .collect();
    let mut rest = ring;
    let mut events = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(behind.len());
        let (record, behind) = behind.split_at(length);
        rest = behind;
        let _ = decode(record, &mut events);
        for event in events.drain(..) {
            let applied = model.apply(event);
            for output in &mut outputs {
                output.event(&applied, &model, &mut Vec::new());
            }
        }
    }
});
