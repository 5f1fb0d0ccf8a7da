//! A recording, or the made-up machine, in the place of a live capture.

use super::live::{Capture, Feed};
use super::pace::{Pace, Passing};
use super::privileges::{self, Kept};
use crate::cli::{Config, Mode};
use crate::event::Session;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::demo::{self, Demo};
use crate::source::replay::{Input, Merged, Recording};
use crate::source::{Batch, proc};
use crate::threads;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// Batches that may wait for their consumer; then reading waits.
const BATCHES_WAITING: usize = 4;

/// How much of the made-up machine there is where it ends.
const MINUTES: u64 = 5;

/// What of it is there at once on a screen, so that there is something to see.
const LEAD_NS: u64 = 20_000_000_000;

/// Opens recordings, and reads them in a thread of their own.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) async fn start(config: &Config, paths: &[PathBuf]) -> Result<(Capture, Model)> {
    let began = Instant::now();
    // A pipe may have a name, and nobody at its other end yet.
    let paths = paths.to_vec();
    let open = move || paths.iter().map(|path| Input::open(path)).collect();
    let inputs: Vec<Input> = aside(open).await.and_then(|opened: Result<_>| opened)?;
    // What is in them may be anybody's.
    privileges::give_up(config, Kept::Nothing).await?;
    let read = move || inputs.into_iter().map(Recording::of).collect();
    let recordings: Vec<Recording> = aside(read).await.and_then(|read: Result<_>| read)?;
    // A paused view shows the moment: it goes on from there.
    let time = Passing::new(config.speed.unwrap_or(1.0), true);
    // Numbers of users are another machine's own.
    let here = proc::session().host;
    let (session, knows_users, capture) = match <[Recording; 1]>::try_from(recordings) {
        Ok([mut recording]) => {
            let session = recording.session().clone();
            let began_ns = session.started_ns;
            let capture = play(config, began_ns, time, move || recording.batch())?;
            (session.clone(), session.host == here, capture)
        }
        Err(recordings) => {
            let mut merged = Merged::new(recordings);
            let (session, knows_users) = (merged.session().clone(), merged.is_all_of(&here));
            let capture = play(config, session.started_ns, time, move || merged.batch())?;
            (session, knows_users, capture)
        }
    };
    let capture = Capture {
        knows_users,
        ..capture
    };
    let took = began.elapsed();
    Ok((
        Capture { took, ..capture },
        model(config, session, Users::default()),
    ))
}

/// Waits for something in a thread that has the rights of this one as they are now, and ends then.
async fn aside<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (sender, done) = oneshot::channel();
    threads::start("opener", move || {
        // Nobody may wait any more.
        let _ = sender.send(wait());
    })?;
    done.await.context("the reader is gone")
}

/// Begins to show the made-up machine; on a screen as if it were live.
///
/// # Errors
/// If rights cannot be given up.
pub(super) async fn demo(config: &Config) -> Result<(Capture, Model)> {
    privileges::give_up(config, Kept::Nothing).await?;
    let is_live = config.speed.is_some() && matches!(config.mode, Mode::Screen(_));
    let (minutes, lead_ns) = if is_live {
        (u64::MAX, LEAD_NS)
    } else {
        (MINUTES, 0)
    };
    let mut demo = Demo::new(minutes);
    let session = demo.session().clone();
    let began_ns = session.started_ns + lead_ns;
    let mut model = model(config, session, Users::new(demo::USERS));
    model.seed(demo.running().to_vec());
    // A paused view lets it go on, as it does a live capture.
    let time = Passing::new(config.speed.unwrap_or(1.0), false);
    let capture = play(config, began_ns, time, move || demo.batch())?;
    Ok((capture, model))
}

/// Hands on what comes in a thread of its own: at its pace from an instant on, or at once.
fn play(
    config: &Config,
    began_ns: u64,
    time: Passing,
    mut next: impl FnMut() -> Option<Batch> + Send + 'static,
) -> Result<Capture> {
    let (sender, batches) = mpsc::channel(BATCHES_WAITING);
    let paced = config.speed.is_some();
    let pace = paced.then(|| Pace::new(began_ns, time.clone()));
    threads::start("reader", move || match pace {
        Some(pace) => pace.play(next, &sender),
        None => {
            while let Some(batch) = next() {
                if sender.blocking_send(batch).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(Capture {
        batches,
        problems: Vec::new(),
        took: std::time::Duration::ZERO,
        knows_users: false,
        feed: Feed::Recording { time },
        redactor: None,
    })
}

fn model(config: &Config, session: Session, users: Users) -> Model {
    Model::new(session, users, config.history, config.history_size)
}
