//! A recording, or the made-up machine, in the place of a live capture.

use super::live::{Capture, Feed};
use super::pace::{Hold, Pace};
use super::privileges::{self, Kept};
use crate::cli::{Config, Mode};
use crate::event::Session;
use crate::model::Model;
use crate::resolve::Users;
use crate::source::demo::{self, Demo};
use crate::source::replay::{Input, Recording};
use crate::source::{Batch, proc};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// Batches that may wait for their consumer; then reading waits.
const BATCHES_WAITING: usize = 4;

/// How much of the made-up machine there is where it ends.
const MINUTES: u64 = 5;

/// What of it is there at once on a screen, so that there is something to see.
const LEAD_NS: u64 = 20_000_000_000;

/// Opens a recording, and reads it in a thread of its own.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) async fn start(config: &Config, path: &Path) -> Result<(Capture, Model)> {
    let began = Instant::now();
    // A pipe may have a name, and nobody at its other end yet.
    let path = path.to_owned();
    let input = aside(move || Input::open(&path)).await??;
    // What is in it may be anybody's.
    privileges::give_up(config, Kept::Nothing).await?;
    let mut recording = aside(move || Recording::of(input)).await??;
    let session = recording.session().clone();
    // A paused view shows the moment: it goes on from there.
    let hold = Hold::default();
    let capture = Capture {
        // Numbers of users are another machine's own.
        knows_users: session.host == proc::session().host,
        ..play(config, session.started_ns, hold, move || recording.batch())
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
    std::thread::spawn(move || {
        // Nobody may wait any more.
        let _ = sender.send(wait());
    });
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
    let mut capture = play(config, began_ns, Hold::default(), move || demo.batch());
    // A paused view lets it go on, as it does a live capture.
    capture.feed = Feed::Recording { hold: None };
    Ok((capture, model))
}

/// Hands on what comes in a thread of its own: at its pace from an instant on, or at once.
fn play(
    config: &Config,
    began_ns: u64,
    hold: Hold,
    mut next: impl FnMut() -> Option<Batch> + Send + 'static,
) -> Capture {
    let (sender, batches) = mpsc::channel(BATCHES_WAITING);
    let pace = config.speed;
    let pace = pace.map(|speed| Pace::new(speed, began_ns, hold.clone()));
    std::thread::spawn(move || match pace {
        Some(pace) => pace.play(next, &sender),
        None => {
            while let Some(batch) = next() {
                if sender.blocking_send(batch).is_err() {
                    return;
                }
            }
        }
    });
    Capture {
        batches,
        problems: Vec::new(),
        took: std::time::Duration::ZERO,
        knows_users: false,
        feed: Feed::Recording { hold: Some(hold) },
        redactor: None,
    }
}

fn model(config: &Config, session: Session, users: Users) -> Model {
    Model::new(session, users, config.history, config.history_size)
}
