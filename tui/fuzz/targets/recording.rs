//! Any bytes are a recording as far as they are good, plain or compressed, or the reason why not; what is read can be
//! kept, and written as a recording that is read without damage.

#![no_main]

use execsnoop_tui::export::{Options, Output};
use execsnoop_tui::model::Model;
use execsnoop_tui::resolve::Users;
use execsnoop_tui::source::replay::{Input, Recording};
use libfuzzer_sys::fuzz_target;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

/// Opens what has these bytes.
fn open(bytes: &[u8]) -> Option<Recording> {
    let mut file = File::from(memfd_create("recording", MFdFlags::empty()).unwrap());
    file.write_all(bytes).unwrap();
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    Recording::of(Input::open(&path).unwrap()).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(mut recording) = open(bytes) else {
        return;
    };
    let session = recording.session().clone();
    let mut written = Vec::new();
    let mut output = Output::new(Options::default());
    output.start(&session, &mut written);
    let mut model = Model::new(session, Users::default(), 100, 1 << 20);
    while let Some(batch) = recording.batch() {
        model.introduce(batch.others, batch.running);
        for event in batch.events {
            let applied = model.apply(event);
            output.event(&applied, &model, &mut written);
        }
    }
    let mut again = open(&written).expect("what was written is a recording");
    while again.batch().is_some() {}
});
