//! A recording in the place of a live capture.

use super::live::{Capture, Feed};
use super::privileges::{self, Kept};
use crate::cli::Config;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::proc;
use crate::source::replay::Recording;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Instant;
use tokio::sync::mpsc;

/// Batches that may wait for their consumer; then reading waits.
const BATCHES_WAITING: usize = 4;

/// Opens a recording, and reads it in a thread of its own.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) async fn start(config: &Config, path: &Path) -> Result<(Capture, Model)> {
    let began = Instant::now();
    let opened = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || Recording::open(&opened));
    let mut recording = opened.await.context("the reader is gone")??;
    privileges::give_up(config, Kept::Nothing).await?;
    let session = recording.session().clone();
    // Numbers of users are another machine's own.
    let knows_users = session.host == proc::session().host;
    let (sender, batches) = mpsc::channel(BATCHES_WAITING);
    std::thread::spawn(move || {
        while let Some(batch) = recording.batch() {
            if sender.blocking_send(batch).is_err() {
                return;
            }
        }
    });
    let capture = Capture {
        batches,
        problems: Vec::new(),
        took: began.elapsed(),
        knows_users,
        feed: Feed::Recording,
    };
    let model = Model::new(
        session,
        Users::default(),
        config.history,
        config.history_size,
    );
    Ok((capture, model))
}
